/** The simulated exchange of a paper run or a replay: its figures out of the configuration, and its place on the feed. */
import type { Config } from '../../config/schema.ts'
import { simulatedExchange } from '../adapters/exchange/simulated/exchange.ts'
import { LATENCY_DEFAULTS } from '../adapters/exchange/simulated/latency.ts'
import { MARGIN_DEFAULTS } from '../adapters/exchange/simulated/margin-terms.ts'
import type { SimulatedExchange, SimulatedExchangeOptions } from '../adapters/exchange/simulated/paper-interface.ts'
import { PostgresVenueStore } from '../adapters/persistence/postgres-venue-store.ts'
import type { Candle } from '../domain/candle.ts'
import type { Pair } from '../domain/ids.ts'
import type { Instrument } from '../domain/instrument.ts'
import { amount, text } from '../domain/units.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { MarketFeed } from '../ports/market-feed.ts'
import { share } from './settings.ts'
import type { OpenVenue, VenueParts } from './venue.ts'

const BPS = 10_000

export function paperExchangeOptions(
  { execution: { fees, margin, paper } }: Config,
  instruments: readonly Instrument[],
): Pick<SimulatedExchangeOptions, 'instruments' | 'startingBalances' | 'parameters' | 'latency' | 'margin'> {
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
    ...(margin.enabled ? { margin: MARGIN_DEFAULTS } : {}),
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

/** The account on paper, as the database kept it. */
export function openPaperVenue({ config, chosen, clock, log, random, store }: VenueParts): OpenVenue {
  const venue = simulatedExchange({
    ...paperExchangeOptions(config, chosen.instruments),
    ...{ clock, random: random.stream(`venue ${store.lease.epoch}`), log },
    store: new PostgresVenueStore(store.database.sql, store.account, clock),
  })
  return {
    mode: 'paper',
    exchange: venue,
    feed: throughVenue(chosen.feed, venue),
    account: null,
    catchUp: (watched) => walkMissed(venue, chosen.feed, watched, clock, log),
  }
}

const MINUTE_MS = 60_000
/** A paper venue that was away for longer walks no further back than this. */
const LONGEST_WALK_MS = 7 * 24 * 3_600_000

/** Plays the minutes that a restarted venue missed to its resting orders; says so where there are none to be had. */
async function walkMissed(
  venue: SimulatedExchange,
  feed: MarketFeed,
  symbols: readonly Pair[],
  clock: Clock,
  log: Log,
): Promise<void> {
  const since = venue.seenUntil()
  const now = clock.now()
  if (since === 0) {
    await venue.walk([])
    return
  }
  // The minute in which the venue went down was not seen to its end.
  const from = Math.max(Math.floor(since / MINUTE_MS) * MINUTE_MS, now - LONGEST_WALK_MS)
  const missed: Candle[] = []
  for (const symbol of symbols) missed.push(...(await feed.history({ symbol, timeframe: '1m', from, to: now })))
  missed.sort((a, b) => a.openAt - b.openAt)
  const fills = await venue.walk(missed)
  if (missed.length > 0)
    log.info('the paper venue walked through the minutes it missed', { candles: missed.length, fills })
  else if (now - since > MINUTE_MS)
    log.warn('no prices of the time away: for the paper venue, time stood still', { awayMs: now - since })
}
