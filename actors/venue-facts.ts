/** What a comparison with the venue found beside our orders, as the facts that book it. */
import type { Flow } from '../src/domain/account-history.ts'
import { movesOf, type ValuedMove } from '../src/domain/external-order.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import { type Asset, baseOf, quoteOf } from '../src/domain/ids.ts'
import type { ExternalStep } from '../src/domain/reconcile-account.ts'
import { type Amount, amount, type Numeric, text } from '../src/domain/units.ts'
import { type PriceOf, usdRate } from '../src/domain/valuation.ts'
import { financingFact } from './financing.ts'
import type { House } from './house.ts'
import { isOurs, NotNowError } from './venue-picture.ts'

const rateOf = (of: Asset, priceOf: PriceOf): Amount => {
  const rate = usdRate(of, priceOf)
  if (rate === null) throw new NotNowError(`waiting for a price of ${of}`)
  return rate
}

/** @throws NotNowError while the asset has no price. */
export function flowFact(flow: Flow, priceOf: PriceOf): FactDraft {
  const rate = rateOf(flow.asset, priceOf)
  const valueUsd = text(amount(flow.amount).times(rate))
  return { type: 'account.flowed', flow, usdRate: text(rate), valueUsd, at: flow.at, origin: 'reconciled' }
}

/**
 * What books these flows, oldest first. A charge for a position goes to it; one whose trade is not in the books waits for
 * the next pass, which may know of the trade. Seen again while nothing is on its way it is for somebody else's position,
 * and core pays. While one waits, later flows wait too: the last that is booked says from when on flows are asked for, in
 * the next life as well.
 */
export function flowFacts(
  house: House,
  memory: { unowned: ReadonlySet<string> },
  flows: readonly Flow[],
  isSettled: boolean,
  priceOf: PriceOf,
): FactDraft[] {
  const unowned = new Set<string>()
  const facts = flows.flatMap((flow): FactDraft[] => {
    const financed = financingFact(house, flow, priceOf)
    if (financed !== null) return [{ ...financed, origin: 'reconciled' }]
    const isCore = flow.kind !== 'financing' || (isSettled && memory.unowned.has(flow.flowId))
    if (isCore && unowned.size === 0) return [flowFact(flow, priceOf)]
    if (flow.kind === 'financing') unowned.add(flow.flowId)
    return []
  })
  memory.unowned = unowned
  return facts
}

const EXTERNAL_FACT = {
  found: 'order.externalFound',
  changed: 'order.externalChanged',
  ended: 'order.externalEnded',
} as const

/** What a trade of somebody else's moved of ours: the base at the price paid, so that a trade is no gain and no loss. */
export function externalFact(house: House, step: ExternalStep, priceOf: PriceOf): FactDraft {
  const { external } = step
  if (step.kind !== 'filled') return { type: EXTERNAL_FACT[step.kind], external, origin: 'reconciled' }
  const { symbol, fill } = step.trade
  const ours = isOurs(house)
  const base = baseOf(symbol)
  const quoteRate = ours(quoteOf(symbol)) ? rateOf(quoteOf(symbol), priceOf) : null
  const worthOf = (of: Asset): Numeric =>
    text(of === base && quoteRate !== null ? quoteRate.times(amount(fill.price)) : rateOf(of, priceOf))
  const moves = movesOf(step.trade)
    .filter((move) => ours(move.asset) && move.amount !== '0')
    .map((move): ValuedMove => ({ ...move, usdRate: worthOf(move.asset) }))
  return { type: 'order.externalFilled', external, fill, moves, at: fill.at, origin: 'reconciled' }
}
