/** What the matching engine is made with, hears and tells. */
import type { Instrument } from '../../../domain/instrument.ts'
import type { Numeric } from '../../../domain/units.ts'
import type { MarketEvent } from '../../../ports/market-feed.ts'
import type { MarginParameters } from './margin-terms.ts'
import type { Outcome } from './order-entry.ts'
import type { PricingParameters } from './symbol-market.ts'
import type { VenueEvent } from './venue-events.ts'

export interface EngineParameters extends PricingParameters {
  /** Largest share of a print's volume that our resting orders together are filled with. */
  readonly participation: Numeric
  /** Fees as shares of the cost. */
  readonly makerFee: Numeric
  readonly takerFee: Numeric
  /** `tiered`: Kraken's ladder by our own volume, instead of the two rates above. */
  readonly feeSchedule: 'fixed' | 'tiered'
}

export const ENGINE_DEFAULTS: EngineParameters = {
  halfSpread: '0.0002',
  slippageTicks: 1,
  depthMaxAgeMs: 10_000,
  participation: '0.25',
  makerFee: '0.004',
  takerFee: '0.008',
  feeSchedule: 'fixed',
}

export interface EngineOptions {
  readonly instruments: readonly Instrument[]
  readonly parameters: EngineParameters
  /** Total per asset code of a fresh account. */
  readonly startingBalances: Readonly<Record<string, Numeric>>
  /** Ten characters A–Z 0–9 that this venue's order and trade ids begin with. */
  readonly series: string
  /** How many live orders a pair may have (Kraken: 60, 80 or 225 by tier); none given for any number. */
  readonly maxOpenOrders?: number
  /** Terms of trading on margin; none given refuses every leverage but 1. */
  readonly margin?: MarginParameters
  /** How many closed orders and trades are kept; the ledger keeps two entries for each. */
  readonly historyKept?: number
}

/** The answer to one request, by the ticket that asking for it gave. */
export interface Answered {
  readonly kind: 'answered'
  readonly ticket: number
  readonly outcome: Outcome
  readonly at: number
}

/** One trade in the market. */
export type Print = Omit<Extract<MarketEvent, { kind: 'trade' }>, 'kind'>

export type EngineEvent = Answered | VenueEvent
