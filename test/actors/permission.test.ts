import { describe, expect, it } from 'vitest'
import type { AnyMachineSnapshot } from 'xstate'
import { createPermission } from '../../actors/permission.ts'

const CONTROLS = ['running', 'paused', 'halted'] as const
const LEVELS = ['normal', 'reduced', 'limited', 'emergency'] as const
const PROOFS = ['reconciling', 'ready'] as const

const permissionIn = (control: string, degradation: string, reconciliation: string) =>
  createPermission(() => ({ value: { control, degradation, reconciliation }, context: {} }) as AnyMachineSnapshot)

describe('permission to open risk', () => {
  it.each(
    CONTROLS.flatMap((control) => LEVELS.flatMap((level) => PROOFS.map((proof) => [control, level, proof] as const))),
  )('%s, %s, %s', (control, level, proof) => {
    const allowed = control === 'running' && level !== 'emergency' && proof === 'ready'
    expect(permissionIn(control, level, proof).mayOpenRisk()).toBe(allowed)
  })

  it('is denied while nobody can be asked: the coordinator is being restarted', () => {
    const permission = createPermission(() => null)
    expect(permission.mayOpenRisk()).toBe(false)
    expect([permission.control(), permission.level(), permission.isReconciling()]).toEqual([
      'HALTED',
      'EMERGENCY',
      true,
    ])
    expect(permission.context()).toBeNull()
  })

  it("tells the coordinator's state in the owner's words", () => {
    const permission = permissionIn('paused', 'limited', 'ready')
    expect([permission.control(), permission.level(), permission.isReconciling()]).toEqual(['PAUSED', 'LIMITED', false])
  })
})
