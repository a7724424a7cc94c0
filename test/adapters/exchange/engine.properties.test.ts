import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MatchingEngine } from '../../../src/adapters/exchange/simulated/engine.ts'
import type { EngineEvent } from '../../../src/adapters/exchange/simulated/engine-options.ts'
import { type Amount, amount, maxOf, roundUpTo, text, ZERO } from '../../../src/domain/units.ts'
import { book, freshEngine, newOrder, quote, START, T0, trade } from './engine.harness.ts'
import { clientId } from './orders.ts'

type Step = (engine: MatchingEngine, at: number) => readonly EngineEvent[]

const SEED = 20_251_110
const SIDES = ['buy', 'sell'] as const
const priceText = fc.integer({ min: 395_000, max: 405_000 }).map((ticks) => text(amount(ticks).div(10)))
const sizeText = (most: number) =>
  fc.integer({ min: 5_000, max: most }).map((lots) => text(amount(lots).div(100_000_000)))
const id = fc.integer({ min: 1, max: 12 })

const submitStep: fc.Arbitrary<Step> = fc
  .record({
    n: id,
    side: fc.constantFrom(...SIDES),
    type: fc.constantFrom(
      'market',
      'limit',
      'limit',
      'stop-loss',
      'take-profit',
      'stop-loss-limit',
      'take-profit-limit',
    ),
    quantity: sizeText(60_000_000),
    limitPrice: priceText,
    triggerPrice: priceText,
    timeInForce: fc.constantFrom('GTC', 'GTC', 'IOC', 'GTD'),
    lifeMs: fc.integer({ min: 1, max: 200_000 }),
    postOnly: fc.boolean(),
    delay: fc.integer({ min: 0, max: 3_000 }),
  })
  .map(({ n, delay, lifeMs, postOnly, ...rest }) => (engine, at) => {
    const flags = { postOnly: postOnly && rest.type === 'limit', expiresAt: at + lifeMs }
    engine.submit(newOrder(n, { ...rest, ...flags }), at + delay)
    return []
  })
const cancelStep: fc.Arbitrary<Step> = fc
  .tuple(id, fc.integer({ min: 0, max: 3_000 }))
  .map(([n, delay]) => (engine, at) => {
    engine.cancel(clientId(n), at + delay)
    return []
  })
const amendStep: fc.Arbitrary<Step> = fc
  .record({ n: id, quantity: sizeText(60_000_000), limitPrice: priceText, delay: fc.integer({ min: 0, max: 3_000 }) })
  .map(({ n, delay, ...change }) => (engine, at) => {
    engine.amend({ id: clientId(n), ...change }, at + delay)
    return []
  })
const tradeStep: fc.Arbitrary<Step> = fc
  .tuple(priceText, sizeText(300_000_000), fc.constantFrom('buy', 'sell', null))
  .map(
    ([price, quantity, side]) =>
      (engine, at) =>
        engine.onMarket(trade(price, quantity, at, side)),
  )
const quoteStep: fc.Arbitrary<Step> = priceText.map(
  (bid) => (engine, at) => engine.onMarket(quote(bid, text(amount(bid).plus('0.7')), at)),
)
const bookStep: fc.Arbitrary<Step> = fc
  .tuple(priceText, fc.array(sizeText(40_000_000), { minLength: 2, maxLength: 4 }))
  .map(([mid, sizes]) => (engine, at) => {
    const away = (sign: number) =>
      sizes.map((size, index) => [text(amount(mid).plus(sign * (index + 1))), size] as const)
    return engine.onMarket(book(away(-1), away(1), at))
  })
const lineStep: fc.Arbitrary<Step> = fc.constant((engine: MatchingEngine, at: number) =>
  engine.onMarket({ kind: 'line', up: false, reason: 'gone', at }),
)
const steps = fc.array(
  fc.tuple(
    fc.oneof(
      { weight: 6, arbitrary: submitStep },
      { weight: 2, arbitrary: cancelStep },
      { weight: 2, arbitrary: amendStep },
      { weight: 10, arbitrary: tradeStep },
      { weight: 1, arbitrary: quoteStep },
      { weight: 2, arbitrary: bookStep },
      { weight: 1, arbitrary: lineStep },
    ),
    fc.integer({ min: 0, max: 30_000 }),
  ),
  { minLength: 5, maxLength: 60 },
)
type Walk = readonly (readonly [Step, number])[]

const begun = (): MatchingEngine => {
  const engine = freshEngine()
  engine.onMarket(trade('40000', '1', T0))
  return engine
}

/** Runs the steps and calls `check` after each with what has happened so far. */
function run(engine: MatchingEngine, walk: Walk, check?: (events: readonly EngineEvent[]) => void): EngineEvent[] {
  const events: EngineEvent[] = []
  for (const [step, pause] of walk) {
    const at = engine.now + pause
    events.push(...step(engine, at), ...engine.advanceTo(at))
    check?.(events)
  }
  return events
}

/** What the open orders must hold by the rules: base for sells; limit or expected price with the taker's fee for buys. */
function needed(engine: MatchingEngine): { readonly base: Amount; readonly quote: Amount } {
  let [base, spent] = [ZERO, ZERO]
  for (const order of engine.openOrders()) {
    const rest = amount(order.quantity).minus(order.filled)
    if (order.side === 'sell') base = base.plus(rest)
    else {
      const cost = rest.times(amount(order.holdPrice ?? 0))
      spent = spent.plus(cost).plus(roundUpTo(cost.times('0.008'), 5))
    }
  }
  return { base, quote: spent }
}

const balanceOf = (engine: MatchingEngine, asset: string) => {
  const row = engine.balances().find((each) => each.asset === asset)
  return { total: amount(row?.total ?? 0), held: amount(row?.held ?? 0) }
}

describe('whatever is asked and whatever the market does', () => {
  it('no balance goes below zero or below what is held, and holds are what the open orders need', () => {
    fc.assert(
      fc.property(steps, (walk) => {
        const engine = begun()
        run(engine, walk, () => {
          const [usdt, btc] = [balanceOf(engine, 'USDT'), balanceOf(engine, 'BTC')]
          for (const { total, held } of [usdt, btc]) {
            expect(held.gte(0)).toBe(true)
            expect(total.gte(held)).toBe(true)
          }
          const need = needed(engine)
          expect([text(btc.held), text(usdt.held)]).toEqual([text(need.base), text(need.quote)])
        })
      }),
      { numRuns: 300, seed: SEED },
    )
  })

  it('balances change by exactly what the fills and their fees say', () => {
    let filled = 0
    fc.assert(
      fc.property(steps, (walk) => {
        const engine = begun()
        let [base, spent] = [amount(START.BTC), amount(START.USDT)]
        for (const event of run(engine, walk)) {
          if (event.kind !== 'filled') continue
          filled += 1
          const { price, quantity, fee, side } = event.trade
          const sign = side === 'buy' ? 1 : -1
          base = base.plus(amount(quantity).times(sign))
          spent = spent.minus(amount(quantity).times(price).times(sign)).minus(fee)
        }
        expect(text(balanceOf(engine, 'BTC').total)).toBe(text(base))
        expect(text(balanceOf(engine, 'USDT').total)).toBe(text(spent))
      }),
      { numRuns: 300, seed: SEED },
    )
    expect(filled).toBeGreaterThan(100)
  })

  it('no order fills beyond its quantity or its limit, every trade id is new, and an ended order says no more', () => {
    fc.assert(
      fc.property(steps, (walk) => {
        const engine = begun()
        const trades = new Set<string>()
        const ended = new Set<string>()
        for (const event of run(engine, walk)) {
          if (event.kind === 'answered' || event.kind === 'booked') continue
          const order = event.order.venueOrderId
          expect(ended.has(order)).toBe(false)
          if (event.kind === 'cancelled' || event.kind === 'expired') ended.add(order)
          if (event.kind !== 'filled') continue
          expect(trades.has(event.trade.tradeId)).toBe(false)
          trades.add(event.trade.tradeId)
          const row = engine.find(order)
          const total = (row?.fills ?? []).reduce((sum, fill) => sum.plus(fill.quantity), ZERO)
          expect(text(total)).toBe(row?.filled)
          if (row?.status !== 'cancelled')
            expect(maxOf(total, amount(row?.quantity ?? 0)).eq(row?.quantity ?? 0)).toBe(true)
        }
      }),
      { numRuns: 200, seed: SEED },
    )
  })

  it('the same steps give the same events, also when the state was saved and restored on the way', () => {
    fc.assert(
      fc.property(steps, fc.nat(), (walk, cut) => {
        const events = run(begun(), walk)
        expect(run(begun(), walk)).toEqual(events)
        const first = begun()
        const at = cut % walk.length
        const before = run(first, walk.slice(0, at))
        const second = freshEngine()
        second.restore(JSON.parse(JSON.stringify(first.save())))
        expect([...before, ...run(second, walk.slice(at))]).toEqual(events)
        expect(second.balances()).toEqual(ranThrough(walk).balances())
      }),
      { numRuns: 200, seed: SEED },
    )
  })
})

function ranThrough(walk: Walk): MatchingEngine {
  const engine = begun()
  run(engine, walk)
  return engine
}
