import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OrderView } from '../../src/domain/order.ts'
import type { PositionSide } from '../../src/domain/position.ts'
import { newSlot } from '../../src/domain/position-slot.ts'
import { type PositionRecord, withExits, withOrder } from '../../src/domain/position-story.ts'
import {
  nextAmendAt,
  nextTrailLook,
  stopReason,
  trailedStop,
  withPrice,
  withTrailing,
} from '../../src/domain/position-trail.ts'
import {
  activationPrice,
  isWorthMoving,
  nextLook,
  stopBehind,
  type TrailingStop,
  trailingProblem,
} from '../../src/domain/trailing.ts'
import { amount, text } from '../../src/domain/units.ts'
import { AT, fillOf, orderOf, POLICY, POSITION, requestOf } from './order-builders.ts'
import { instrument } from './risk-builders.ts'

/** Ticks of 0.1. */
const BTC = instrument('BTC/USDT')
const market = (side: PositionSide) => ({ side, instrument: BTC })
const TERMS = { activationPct: '1', distancePct: '1.5' }

/** One BTC entered at 50,000 with its stop resting; a short the other way round. */
function holding(over: Partial<PositionRecord> = {}): PositionRecord {
  const side = over.side ?? 'long'
  const isLong = side === 'long'
  const stopLoss = over.stopLoss ?? (isLong ? '49000' : '51000')
  const entry = orderOf(requestOf({ side: isLong ? 'buy' : 'sell' }), [fillOf('e', '50000', '1')], { status: 'FILLED' })
  const request = requestOf({ key: 'p1/stop/1', purpose: 'stop', type: 'stop-loss', triggerPrice: stopLoss })
  const trailing: TrailingStop = { ...TERMS, bestPrice: null }
  return {
    ...{ positionId: POSITION, proposalId: 'p', side, leverage: 1, instrument: BTC, policy: POLICY, news: [] },
    ...{
      stopLoss,
      stopWanted: null,
      stopGiven: stopLoss,
      takeProfit: null,
      trailing,
      closeReason: null,
      dust: '0',
      financing: '0',
    },
    ...{ openedAt: AT, updatedAt: AT, closedAt: null, reduction: null, closeWish: { reference: null, note: null } },
    slots: [
      { ...newSlot(entry.request as never), view: entry },
      { ...newSlot(request), view: orderOf(request) },
    ],
    ...over,
  }
}
const stopView = (record: PositionRecord, over: Partial<OrderView> = {}): OrderView => {
  const view = record.slots[1]?.view
  if (view === undefined || view === null) throw new Error('no stop')
  return { ...view, ...over }
}

describe('a stop that follows', () => {
  it.each<[PositionSide, string, string, string]>([
    ['long', '50000', '1', '50500'],
    ['long', '49990.1', '1', '50490.1'],
    ['short', '50000', '1', '49500'],
    ['short', '49990.1', '1', '49490.1'],
    ['long', '50000', '0', '50000'],
  ])(
    'of a %s from %s begins after a move of %3$s %% in its favour, to the tick that is whole',
    (side, entry, pct, at) => {
      expect(text(activationPrice(market(side), amount(entry), pct))).toBe(at)
    },
  )

  it.each<[PositionSide, string, string]>([
    ['long', '50500', '49742.5'],
    ['long', '50500.1', '49742.6'],
    ['short', '49500', '50242.5'],
    ['short', '49500.1', '50242.6'],
  ])('of a %s lies 1.5 %% behind %s: at %s, rounded towards the market', (side, best, stop) => {
    expect(text(stopBehind(market(side), amount(best), '1.5'))).toBe(stop)
  })

  it('is a tick behind where its distance is less than one', () => {
    expect(text(stopBehind(market('long'), amount('50000'), '0.0001'))).toBe('49999.9')
    expect(text(stopBehind(market('short'), amount('50000'), '0.0001'))).toBe('50000.1')
  })

  it.each<[string, string, boolean]>([
    ['0.1', '1.5', true],
    ['0', '100', false],
    ['1', '0', false],
    ['-0.1', '1.5', false],
    ['0', '99.9', true],
    ['1', 'far', false],
  ])('from %s %%, by %s %%: may be asked for: %s', (activationPct, distancePct, may) => {
    expect(trailingProblem({ activationPct, distancePct }) === null).toBe(may)
  })

  it('is looked at next where it would move by the least move, and there it does: never sooner, never for less', () => {
    const side = fc.constantFrom<PositionSide>('long', 'short')
    const cents = fc.integer({ min: 1_000_000, max: 9_000_000 })
    fc.assert(
      fc.property(side, cents, fc.integer({ min: 100, max: 500 }), cents, (of, best, distance, present) => {
        const distancePct = text(amount(distance).div(100))
        const stop = amount(present).div(10).toDecimalPlaces(1)
        const at = nextLook(market(of), amount(best).div(10), { activationPct: '1', distancePct }, stop, '0.1')
        const moved = stopBehind(market(of), at, distancePct)
        expect(isWorthMoving(of, stop, moved, '0.1')).toBe(true)
        expect(of === 'long' ? at.gt(amount(best).div(10)) : at.lt(amount(best).div(10))).toBe(true)
        const exact = at.times(
          amount(1).minus(
            amount(distancePct)
              .times(of === 'long' ? 1 : -1)
              .div(100),
          ),
        )
        expect(of === 'long' ? moved.gte(exact) : moved.lte(exact)).toBe(true)
        expect(moved.minus(exact).abs().lt('0.1')).toBe(true)
      }),
      { numRuns: 500, seed: 20_251_110 },
    )
  })
})

describe('a position whose stop follows', () => {
  it.each<[PositionSide, string, string | null, string | null]>([
    ['long', '50499.9', null, null],
    ['long', '50500', '50500', '49742.5'],
    ['long', '51000', '51000', '50235'],
    ['short', '49500.1', null, null],
    ['short', '49500', '49500', '50242.5'],
  ])('of a %s at %s knows its best price as %s and wants its stop at %s', (side, price, best, stop) => {
    const seen = withPrice(holding({ side }), price)
    expect([seen.trailing?.bestPrice ?? null, seen.stopWanted]).toEqual([best, stop])
  })

  it('keeps the best price, and never asks for less when the price comes back', () => {
    const far = withPrice(holding(), '52000')
    const back = withPrice(far, '50600')
    expect([back.trailing?.bestPrice, back.stopWanted]).toEqual(['52000', '51220'])
  })

  it('never loosens a stop set by hand, and takes over where its own is tighter by the least move', () => {
    const byHand = withExits(holding({ stopLoss: '50300' }), { stopLoss: '50300' })
    expect(withPrice(byHand, '51000').stopWanted).toBeNull()
    // 50300 × 1.001 = 50350.3, which is 1.5 % behind 51117.1.
    expect(nextTrailLook(withPrice(byHand, '51000'))).toBe('51117.1')
    expect(withPrice(byHand, '51116.9').stopWanted).toBeNull()
    expect(withPrice(byHand, '51117.1').stopWanted).toBe('50350.4')
    const onItsWay = withExits(holding(), { stopLoss: '50400' })
    expect(withPrice(onItsWay, '51000').stopWanted).toBe('50400')
  })

  it('is not tightened again below the venue while a looser stop by hand is on its way', () => {
    const loosening = { ...holding({ stopLoss: '49800' }), stopWanted: '49000' }
    expect(withPrice(loosening, '50500').stopWanted).toBe('49000')
  })

  it('may be asked for later, with a distance of its own; a best price that it had counts at once', () => {
    const still = holding({ trailing: null })
    expect([nextTrailLook(still), withPrice(still, '51000').trailing]).toEqual([null, null])
    expect(withTrailing(still, { distancePct: '2' }).trailing).toEqual({
      ...{ activationPct: '1', distancePct: '2', bestPrice: null },
    })
    expect(withTrailing(holding(), { distancePct: '2', activationPct: '0.5' }).trailing?.activationPct).toBe('0.5')
    const closer = withTrailing(withPrice(holding(), '51000'), { distancePct: '1' })
    expect([closer.trailing?.bestPrice, closer.stopWanted]).toEqual(['51000', '50490'])
    const wider = withTrailing(withPrice(holding(), '51000'), { distancePct: '3' })
    expect(wider.stopWanted).toBe('50235')
  })

  it.each<[PositionSide, string, string]>([
    ['long', '49500', '49500'],
    ['long', '48500', '49000'],
    ['short', '50500', '50500'],
    ['short', '51500', '51000'],
  ])(
    'of a %s that rests at %s, where nothing is asked for any more, is at %s: what is tighter stays',
    (side, there, stop) => {
      const record = holding({ side })
      const shown = withOrder(record, stopView(record, { triggerPrice: there }))
      expect([shown.stopLoss, shown.stopWanted, shown.stopGiven]).toEqual([stop, null, record.stopGiven])
    },
  )

  it('that stands still is where it was said to be, whatever the venue shows unasked', () => {
    const still = holding({ trailing: null })
    expect(withOrder(still, stopView(still, { triggerPrice: '49500' })).stopLoss).toBe('49000')
  })

  it('asks for the last refused stop again after a minute, without a new best price', () => {
    const asked = withPrice(holding(), '51000')
    const refused = withOrder(asked, stopView(asked), 'no')
    expect([refused.stopWanted, nextAmendAt(refused), trailedStop(refused)]).toEqual([null, AT + 60_000, '50235'])
  })

  it('is looked at again after a refusal, also where the price has asked for another stop meanwhile', () => {
    const before = withPrice(holding(), '51000')
    const [entry, stop] = before.slots
    if (entry === undefined || stop === undefined) throw new Error('no stop')
    const refused = { ...before, slots: [entry, { ...stop, refusedAt: AT }] }
    expect(nextAmendAt(refused)).toBe(AT + POLICY.retryMs)
    const repriced = { ...before, slots: [entry, { ...stop, repricedAt: AT }] }
    expect(nextAmendAt(repriced)).toBe(AT + POLICY.amendMinIntervalMs)
  })

  it('is a trailing stop once the price has moved it, and a stop loss where a person moved it last', () => {
    expect(stopReason(holding())).toBe('stop_loss')
    const moved = withPrice(holding(), '51000')
    expect(stopReason(moved)).toBe('stop_loss')
    const confirmed = withOrder(moved, stopView(moved, { triggerPrice: '50235' }))
    expect([confirmed.stopLoss, stopReason(confirmed)]).toEqual(['50235', 'trailing_stop'])
    const byHand = withExits(confirmed, { stopLoss: '50600' })
    const handed = withOrder(byHand, stopView(byHand, { triggerPrice: '50600' }))
    expect([handed.stopLoss, stopReason(handed)]).toEqual(['50600', 'stop_loss'])
  })
})
