import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { rebalancePlanMachine } from '../../../machines/rebalance-plan.machine.ts'
import { start } from '../../../machines/step.ts'
import {
  eventVersion,
  NewerEventError,
  UPCASTERS,
  type Upcasters,
  upcast,
} from '../../../src/adapters/persistence/upcasters.ts'
import { TOPIC_OF } from '../../../src/domain/facts.ts'
import type { PlanBirth } from '../../../src/domain/rebalance-plan-record.ts'

const SAMPLES = join(import.meta.dirname, 'samples')

/** What actors are born with is stored as it was heard. */
const BIRTHS: readonly string[] = ['start-plan', 'open-position']

interface Sample {
  readonly type: string
  readonly version: number
  readonly body: Readonly<Record<string, unknown>>
}

const sampleOf = (file: string): Sample => JSON.parse(readFileSync(join(SAMPLES, file), 'utf8'))

/** Two made-up changes: version 2 spells the reason in lower case, version 3 says who it came from. */
const CHANGED_TWICE: Upcasters = {
  'order.failed': [
    ({ order, ...rest }) => {
      const view = order as Readonly<Record<string, unknown>>
      return { ...rest, order: { ...view, reason: String(view.reason).toLowerCase() } }
    },
    (body) => ({ ...body, by: 'venue' }),
  ],
}

describe('upcasters', () => {
  it.each(readdirSync(SAMPLES))('read the stored sample %s', (file) => {
    const { type, version, body } = sampleOf(file)
    expect([...Object.keys(TOPIC_OF), ...BIRTHS]).toContain(type)
    expect(upcast(type, version, body, UPCASTERS)).toMatchObject(BIRTHS.includes(type) ? {} : { type })
  })

  it('bring an old event through every version up to the present one', () => {
    const { type, body } = sampleOf('order.failed.v1.json')
    expect(eventVersion(type, CHANGED_TWICE)).toBe(3)
    expect(upcast(type, 1, body, CHANGED_TWICE)).toMatchObject({
      by: 'venue',
      order: { reason: 'eorder:insufficient funds', status: 'ERROR' },
    })
    expect(upcast(type, 2, body, CHANGED_TWICE)).toMatchObject({
      by: 'venue',
      order: { reason: 'EOrder:Insufficient funds' },
    })
    expect(upcast(type, 3, body, CHANGED_TWICE)).toBe(body)
  })

  it('give a position of older code a stop that stands still and no financing', () => {
    const { type, version, body } = sampleOf('position.protected.v1.json')
    expect(upcast(type, version, body, UPCASTERS)).toMatchObject({
      position: { stopLoss: '0.58', trailing: null, financing: '0' },
    })
  })

  it('give a plan of older code its strategy, which no model had chosen', () => {
    const { type, version, body } = sampleOf('start-plan.v1.json')
    const birth = upcast(type, version, body, UPCASTERS) as unknown as PlanBirth
    expect(birth).toMatchObject({ executionStrategy: 'dca_24h', usedFallbackStrategy: true, reasoning: '' })
    const { state } = start(rebalancePlanMachine, birth)
    expect([state.value, state.context.dueAt, state.context.trades.length]).toEqual(['planned', 1620604800000, 2])
  })

  it('give the birth of an older position a stop that stands still, moved no more often than then', () => {
    const { type, version, body } = sampleOf('open-position.v1.json')
    const { policy, ...rest } = upcast(type, version, body, UPCASTERS)
    expect(policy).toEqual({
      ...{ protectMs: 10_000, graceMs: 3_000, exitMs: 30_000, retryMs: 2_000 },
      ...{ trailing: null, trailSweepMs: 60_000, amendMinChangePct: '0.1', amendMinIntervalMs: 5_000 },
    })
    expect({ ...rest, policy: body.policy }).toEqual(body)
  })

  it('leave a type that never changed as it is', () => {
    const body = { anything: 1 }
    expect(upcast('cancel-order', 1, body, UPCASTERS)).toBe(body)
  })

  it('refuse an event of newer code', () => {
    expect(() => upcast('cancel-order', 2, {}, UPCASTERS)).toThrow(NewerEventError)
  })
})
