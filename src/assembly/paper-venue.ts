/** The simulated exchange of a paper run or a replay: its figures out of the configuration, and its place on the feed. */
import type { Config } from '../../config/schema.ts'
import { LATENCY_DEFAULTS } from '../adapters/exchange/simulated/latency.ts'
import type { SimulatedExchange, SimulatedExchangeOptions } from '../adapters/exchange/simulated/paper-interface.ts'
import type { Instrument } from '../domain/instrument.ts'
import { amount, text } from '../domain/units.ts'
import type { MarketFeed } from '../ports/market-feed.ts'
import { share } from './settings.ts'

const BPS = 10_000

export function paperExchangeOptions(
  { execution: { fees, paper } }: Config,
  instruments: readonly Instrument[],
): Pick<SimulatedExchangeOptions, 'instruments' | 'startingBalances' | 'parameters' | 'latency'> {
  return {
    instruments,
    startingBalances: paper.startingBalances,
    parameters: {
      makerFee: share(fees.makerPct),
      takerFee: share(fees.takerPct),
      participation: share(paper.participationPct),
      halfSpread: text(amount(paper.halfSpreadBps).div(BPS)),
      slippageTicks: paper.slippageTicks,
    },
    latency: { ...LATENCY_DEFAULTS, medianMs: paper.latencyMs },
  }
}

/** The market as the venue sees it first, and then the system: an order fills before a strategy hears of the price. */
export const throughVenue = (feed: MarketFeed, venue: SimulatedExchange): MarketFeed => ({
  name: feed.name,
  history: (query) => feed.history(query),
  stop: () => feed.stop(),
  start: (symbols, listener) =>
    feed.start(symbols, (event) => {
      venue.onMarket(event)
      listener(event)
    }),
})
