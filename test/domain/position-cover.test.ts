import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OrderView } from '../../src/domain/order.ts'
import { type Exposure, exposureOf, NO_EXPOSURE, unprotectedSince } from '../../src/domain/position-cover.ts'
import { newSlot } from '../../src/domain/position-slot.ts'
import type { PositionRecord } from '../../src/domain/position-story.ts'
import { AT, fillOf, orderOf, POLICY, POSITION, requestOf } from './order-builders.ts'
import { instrument } from './risk-builders.ts'

const ENTRY = requestOf({ quantity: '1000' })
const STOP = requestOf({ key: 'p1/stop/1', side: 'sell', type: 'stop-loss', purpose: 'stop', triggerPrice: '97' })

/** A long whose entry has filled so much and whose stop rests for so much; none at the venue for 0. */
function recordOf(filled: number, covered: number, updatedAt: number): PositionRecord {
  const entry = orderOf(ENTRY, filled === 0 ? [] : [fillOf('e', '100', `${filled}`)])
  const stop: Partial<OrderView> =
    covered === 0 ? { status: 'PENDING', phase: 'submitting' } : { quantity: `${covered}` }
  return {
    ...{ positionId: POSITION, proposalId: 'proposal', side: 'long', leverage: 1, instrument: instrument('BTC/USDT') },
    ...{ policy: POLICY, stopGiven: '97', trailing: null, news: [], reduction: null },
    closeWish: { reference: null, note: null },
    ...{ stopLoss: '97', stopWanted: null, takeProfit: null, closeReason: null, dust: '0', financing: '0' },
    ...{ openedAt: AT, updatedAt, closedAt: null },
    slots: [
      { ...newSlot(ENTRY), view: entry },
      { ...newSlot(STOP), view: orderOf(STOP, [], stop) },
    ],
  }
}

type Happening = readonly [kind: 'filled' | 'stop', size: number, waitMs: number]
const happenings = fc.array(
  fc.tuple(fc.constantFrom('filled', 'stop'), fc.nat(9), fc.nat(9_000)) as fc.Arbitrary<Happening>,
  { maxLength: 40 },
)

describe('the clock of what has no stop', () => {
  it('is that of the unit that has waited longest, whatever came, and however often the stop grew, went and came back', () => {
    fc.assert(
      fc.property(happenings, (story) => {
        /** Since when each unit held has had no stop, as they came; null for one that has. The stop is for the first ones. */
        let units: (number | null)[] = []
        let covered = 0
        let known: Exposure = NO_EXPOSURE
        let at = AT
        for (const [kind, size, waitMs] of story) {
          at += waitMs
          if (kind === 'filled') units = [...units, ...Array.from({ length: size }, () => at)]
          else covered = Math.round((units.length * size) / 9)
          units = units.map((since, index) => (index < covered ? null : (since ?? at)))
          known = exposureOf({ ...recordOf(units.length, covered, at), ...known })
          const waiting = units.filter((since) => since !== null)
          expect(unprotectedSince(known)).toBe(waiting.length === 0 ? null : Math.min(...waiting))
        }
      }),
      { seed: 4 },
    )
  })
})
