/** Random walks: anything a client may ask and a market may do, in any order. */
import fc from 'fast-check'
import type { MatchingEngine } from '../../../src/adapters/exchange/simulated/engine.ts'
import type { EngineEvent } from '../../../src/adapters/exchange/simulated/engine-options.ts'
import { amount, text } from '../../../src/domain/units.ts'
import { book, freshEngine, newOrder, quote, T0, trade } from './engine.harness.ts'
import { clientId } from './orders.ts'

type Step = (engine: MatchingEngine, at: number) => readonly EngineEvent[]

const SIDES = ['buy', 'sell'] as const
const priceText = fc.integer({ min: 395_000, max: 405_000 }).map((ticks) => text(amount(ticks).div(10)))
const sizeText = (most: number) =>
  fc.integer({ min: 5_000, max: most }).map((lots) => text(amount(lots).div(100_000_000)))
const id = fc.integer({ min: 1, max: 12 })

const distance = (least: number) =>
  fc.oneof(
    fc.integer({ min: least, max: 3_000 }).map((ticks) => ({ offset: text(amount(ticks).div(10)), isPercent: false })),
    fc.integer({ min: least, max: 100 }).map((share) => ({ offset: text(amount(share).div(100)), isPercent: true })),
  )
const closeTerms = fc.record({
  type: fc.constantFrom('limit', 'stop-loss', 'take-profit', 'stop-loss-limit', 'trailing-stop'),
  limitPrice: priceText,
  triggerPrice: priceText,
  trailing: distance(1),
  limitOffset: distance(1),
})
const submitStep = (leverages: readonly number[]): fc.Arbitrary<Step> =>
  fc
    .record({
      leverage: fc.constantFrom(...leverages),
      reduceOnly: fc.constantFrom(false, false, false, true),
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
        'trailing-stop',
        'trailing-stop-limit',
        'iceberg',
        ...(leverages.length > 1 ? (['settle-position', 'settle-position', 'settle-position'] as const) : []),
      ),
      quantity: sizeText(60_000_000),
      limitPrice: priceText,
      triggerPrice: priceText,
      timeInForce: fc.constantFrom('GTC', 'GTC', 'IOC', 'GTD', 'FOK'),
      trailing: distance(1),
      limitOffset: distance(-1_000),
      spends: fc.boolean(),
      waitMs: fc.constantFrom(null, null, 10_000),
      feeIn: fc.constantFrom('quote', 'quote', 'base'),
      selfTrade: fc.constantFrom('cancel-newest', 'cancel-oldest', 'cancel-both'),
      displayed: fc.integer({ min: 1, max: 15 }),
      close: fc.option(closeTerms, { nil: null, freq: 2 }),
      lifeMs: fc.integer({ min: 1, max: 200_000 }),
      postOnly: fc.boolean(),
      delay: fc.integer({ min: 0, max: 3_000 }),
    })
    .map(({ n, delay, lifeMs, waitMs, postOnly, spends, displayed, ...rest }) => (engine, at) => {
      const startsAt = waitMs === null ? null : at + waitMs
      const flags = { postOnly: postOnly && rest.type === 'limit', startsAt, expiresAt: at + lifeMs }
      const lots = amount(rest.quantity).times(displayed).div(15).toDecimalPlaces(8)
      const settles =
        rest.type === 'settle-position'
          ? ({ quantity: '0.01', startsAt: null, timeInForce: 'GTC', close: null } as const)
          : {}
      const displayQuantity = rest.type === 'iceberg' ? text(lots) : null
      const inQuote = rest.leverage === 1 && spends && rest.type === 'market' && rest.side === 'buy'
      const size = inQuote ? { quantityInQuote: true, quantity: text(amount(rest.quantity).times(10_000)) } : {}
      const larger = text(amount(rest.quantity).times(2))
      const levered =
        rest.leverage > 1
          ? ({ feeIn: 'quote', quantityInQuote: false, quantity: larger } as const)
          : { reduceOnly: false }
      engine.submit(newOrder(n, { ...rest, ...flags, ...size, displayQuantity, ...levered, ...settles }), at + delay)
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
const MONTH_MS = 31 * 86_400_000

/** A price that may be far from all before. */
const crashStep: fc.Arbitrary<Step> = fc
  .tuple(
    fc.integer({ min: 20_000, max: 60_000 }),
    fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 0, max: 18_000_000 }) },
      { weight: 1, arbitrary: fc.constant(MONTH_MS) },
    ),
  )
  .map(([price, later]) => (engine, at) => [
    ...engine.advanceTo(at + later),
    ...engine.onMarket(trade(text(amount(price)), '1', at + later)),
  ])
const lineStep: fc.Arbitrary<Step> = fc.constant((engine: MatchingEngine, at: number) =>
  engine.onMarket({ kind: 'line', up: false, reason: 'gone', at }),
)
const stepsOf = (leverages: readonly number[]) =>
  fc.array(
    fc.tuple(
      fc.oneof(
        { weight: 6, arbitrary: submitStep(leverages) },
        { weight: 2, arbitrary: cancelStep },
        { weight: 2, arbitrary: amendStep },
        { weight: 10, arbitrary: tradeStep },
        { weight: 1, arbitrary: quoteStep },
        { weight: 2, arbitrary: bookStep },
        { weight: 1, arbitrary: lineStep },
        { weight: leverages.length > 1 ? 2 : 0, arbitrary: crashStep },
      ),
      fc.integer({ min: 0, max: 30_000 }),
    ),
    { minLength: leverages.length > 1 ? 30 : 5, maxLength: leverages.length > 1 ? 90 : 60 },
  )
/** Spot alone, and with orders on margin among it. */
export const steps = stepsOf([1])
export const leveredSteps = stepsOf([1, 2, 5, 5])

export type Walk = readonly (readonly [Step, number])[]

export const begun = (engine = freshEngine()): MatchingEngine => {
  engine.onMarket(trade('40000', '1', T0))
  return engine
}

/** Runs the steps and calls `check` after each with what has happened so far. */
export function run(
  engine: MatchingEngine,
  walk: Walk,
  check?: (events: readonly EngineEvent[]) => void,
): EngineEvent[] {
  const events: EngineEvent[] = []
  for (const [step, pause] of walk) {
    const at = engine.now + pause
    events.push(...step(engine, at), ...engine.advanceTo(at))
    check?.(events)
  }
  return events
}
