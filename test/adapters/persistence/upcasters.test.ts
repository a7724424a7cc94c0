import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  eventVersion,
  NewerEventError,
  UPCASTERS,
  type Upcasters,
  upcast,
} from '../../../src/adapters/persistence/upcasters.ts'
import { TOPIC_OF } from '../../../src/domain/facts.ts'

const SAMPLES = join(import.meta.dirname, 'samples')

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
    expect(Object.keys(TOPIC_OF)).toContain(type)
    expect(upcast(type, version, body, UPCASTERS)).toMatchObject({ type })
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

  it('leave a type that never changed as it is', () => {
    const body = { anything: 1 }
    expect(upcast('cancel-order', 1, body, UPCASTERS)).toBe(body)
  })

  it('refuse an event of newer code', () => {
    expect(() => upcast('cancel-order', 2, {}, UPCASTERS)).toThrow(NewerEventError)
  })
})
