/** Read-only view of the coordinator's state: permission is granted there and only asked for here. */
import type { AnyMachineSnapshot } from 'xstate'
import type { CoordinatorContext } from '../machines/coordinator.machine.ts'
import type { HaltedSymbols } from '../src/domain/coordinator-story.ts'
import type { DegradationLevel } from '../src/domain/degradation.ts'
import type { Pair } from '../src/domain/ids.ts'

export interface Permission {
  /** Running, not EMERGENCY, ready: the one combination; and of a symbol, that it is not halted itself. */
  mayOpenRisk(symbol?: Pair): boolean
  control(): 'RUNNING' | 'PAUSED' | 'HALTED'
  level(): DegradationLevel
  isReconciling(): boolean
  /** Why symbols are halted, by symbol. */
  haltedSymbols(): HaltedSymbols
  context(): CoordinatorContext | null
}

const CONTROL = { running: 'RUNNING', paused: 'PAUSED', halted: 'HALTED' } as const
const LEVEL = { normal: 'NORMAL', reduced: 'REDUCED', limited: 'LIMITED', emergency: 'EMERGENCY' } as const

interface CoordinatorValue {
  readonly control: keyof typeof CONTROL
  readonly degradation: keyof typeof LEVEL
  readonly reconciliation: 'reconciling' | 'ready'
}

/** `read` gives the coordinator's machine snapshot; null while it is being restarted, when nothing may be opened. */
export function createPermission(read: () => AnyMachineSnapshot | null): Permission {
  const value = (): CoordinatorValue | null => (read()?.value as CoordinatorValue | undefined) ?? null
  const control: Permission['control'] = () => CONTROL[value()?.control ?? 'halted']
  const level: Permission['level'] = () => LEVEL[value()?.degradation ?? 'emergency']
  const isReconciling: Permission['isReconciling'] = () => value()?.reconciliation !== 'ready'
  const context: Permission['context'] = () => (read()?.context as CoordinatorContext | undefined) ?? null
  const haltedSymbols: Permission['haltedSymbols'] = () => context()?.haltedSymbols ?? {}
  return {
    control,
    level,
    isReconciling,
    haltedSymbols,
    mayOpenRisk: (symbol) =>
      control() === 'RUNNING' &&
      level() !== 'EMERGENCY' &&
      !isReconciling() &&
      (symbol === undefined || !(symbol in haltedSymbols())),
    context,
  }
}
