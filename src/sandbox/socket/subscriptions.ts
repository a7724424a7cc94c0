/** What one client has subscribed to, public and private channels alike. */
import { OHLC_INTERVALS, type OhlcInterval } from '../market/pair-view.ts'
import type { SandboxPair } from '../pairs.ts'
import { KrakenRefusal } from '../refusal.ts'
import type { SandboxVenue } from '../venue.ts'
import { balancesFeed } from './balances.ts'
import { exact, type JsonFields } from './exact-json.ts'
import { executionsFeed } from './executions.ts'
import { instrumentFrame } from './instruments.ts'
import { bookFeed, ohlcFeed, type Stop, tickerFeed, tradeFeed } from './market-feeds.ts'
import { choiceParam, flagParam, integerParam, textParam, textsParam } from './params.ts'
import type { Stamps } from './stamps.ts'

export interface SubscriptionParts {
  readonly venue: SandboxVenue
  readonly stamps: Stamps
  readonly send: (frame: JsonFields, symbol: string | null) => void
}

/** One answer to a subscription of one symbol. `start` begins the frames, once the answer has left. */
export type Subscribed =
  | { readonly result: JsonFields; readonly start: () => void }
  | { readonly error: string; readonly symbol: string | null }

/** One symbol's channel, ready to begin: how it is known again, and what its answer says. */
interface Wanted {
  readonly key: string
  readonly result: JsonFields
  readonly open: () => Stop
}

const PUBLIC_CHANNELS = ['ticker', 'trade', 'ohlc', 'book'] as const
type PublicChannel = (typeof PUBLIC_CHANNELS)[number]
export const PRIVATE_CHANNELS: ReadonlySet<string> = new Set(['executions', 'balances'])
const DEPTHS = [10, 25, 100, 500, 1000]
/** What Kraken advises those who read fields that it has replaced. */
const OLD_FIELDS = [
  'cancel_reason is deprecated, use reason',
  'stop_price is deprecated, use triggers.price',
  'trigger is deprecated use triggers.reference',
  'triggered_price is deprecated use triggers.last_price',
]

const isPublic = (channel: string): channel is PublicChannel => PUBLIC_CHANNELS.some((each) => each === channel)
const UNSUPPORTED = 'Unsupported event'

/** What an unsubscription's answer repeats of the subscription's. */
const named = ({ channel, symbol, event_trigger, interval, depth }: JsonFields): JsonFields => ({
  ...{ channel, symbol, event_trigger, interval, depth },
})

function intervalParam(params: JsonFields): OhlcInterval {
  const given = integerParam(params, 'interval') ?? 1
  const interval = OHLC_INTERVALS.find((each) => each === given)
  if (interval === undefined) throw new KrakenRefusal('Subscription ohlc interval not supported')
  return interval
}

function depthParam(params: JsonFields): number {
  const depth = integerParam(params, 'depth') ?? 10
  if (!DEPTHS.includes(depth)) throw new KrakenRefusal('Subscription depth not supported')
  return depth
}

export class Subscriptions {
  readonly #parts: SubscriptionParts
  readonly #live = new Map<string, Stop>()

  constructor(parts: SubscriptionParts) {
    this.#parts = parts
  }

  get hasPrivate(): boolean {
    return [...PRIVATE_CHANNELS].some((channel) => this.#live.has(channel))
  }

  /** @throws KrakenRefusal for what is wrong with all of it. */
  subscribe(channel: string, params: JsonFields): readonly Subscribed[] {
    return this.#each(channel, params, (wanted) => {
      const { key, result, open } = wanted
      if (this.#live.has(key)) return { error: 'Already subscribed', symbol: textParam(result, 'symbol') }
      // Taken before it starts, so that a symbol named twice is refused the second time.
      this.#live.set(key, () => {})
      const start = (): void => {
        if (this.#live.has(key)) this.#live.set(key, open())
      }
      return { result, start }
    })
  }

  /** @throws KrakenRefusal for what is wrong with all of it. */
  unsubscribe(channel: string, params: JsonFields): readonly Subscribed[] {
    return this.#each(channel, params, ({ key, result }) => {
      const stop = this.#live.get(key)
      if (stop === undefined) return { error: 'Subscription Not Found', symbol: textParam(result, 'symbol') }
      this.#live.delete(key)
      stop()
      return { result: named(result), start: () => {} }
    })
  }

  stop(): void {
    for (const stop of this.#live.values()) stop()
    this.#live.clear()
  }

  #each(channel: string, params: JsonFields, answer: (wanted: Wanted) => Subscribed): readonly Subscribed[] {
    if (!isPublic(channel)) return [answer(this.#whole(channel, params))]
    const symbols = textsParam(params, 'symbol')
    if (symbols === null || symbols.length === 0) throw new KrakenRefusal('Symbol field must be an array')
    return symbols.map((symbol) => {
      const pair = this.#parts.venue.instruments.find((each) => each.symbol === symbol)
      if (pair === undefined) return { error: `Currency pair not supported ${symbol}`, symbol }
      return answer(this.#ofSymbol(channel, pair, params))
    })
  }

  #ofSymbol(channel: PublicChannel, pair: SandboxPair, params: JsonFields): Wanted {
    const { venue, stamps, send } = this.#parts
    const { symbol } = pair
    const snapshot = flagParam(params, 'snapshot', channel !== 'trade')
    const feed = {
      ...{ market: venue.market, symbol, snapshot, stamps, now: () => venue.now() },
      decimals: { price: pair.priceDecimals, quantity: pair.lotDecimals },
      send: (frame: JsonFields) => send(frame, symbol),
    }
    const base = { channel, symbol, snapshot }
    switch (channel) {
      case 'ticker': {
        const event_trigger = choiceParam(params, 'event_trigger', ['bbo', 'trades'] as const, 'trades')
        const result = { ...base, event_trigger }
        return { key: `ticker ${symbol}`, result, open: () => tickerFeed(feed, event_trigger) }
      }
      case 'trade':
        return { key: `trade ${symbol}`, result: base, open: () => tradeFeed(feed) }
      case 'ohlc': {
        const interval = intervalParam(params)
        const result = { ...base, interval, warnings: ['timestamp is deprecated, use interval_begin'] }
        return { key: `ohlc ${symbol} ${interval}`, result, open: () => ohlcFeed(feed, interval) }
      }
      case 'book': {
        // One depth a symbol: Kraken refuses a second one, as its updates do not say which is meant.
        const depth = depthParam(params)
        return { key: `book ${symbol}`, result: { ...base, depth }, open: () => bookFeed(feed, depth) }
      }
    }
  }

  #whole(channel: string, params: JsonFields): Wanted {
    const { venue } = this.#parts
    if (channel === 'instrument') return this.#instruments(params)
    if (channel === 'balances') {
      const snapshot = flagParam(params, 'snapshot', true)
      return { key: channel, result: { channel, snapshot }, open: () => balancesFeed(this.#parts, snapshot) }
    }
    if (channel !== 'executions') throw new KrakenRefusal(UNSUPPORTED)
    // `snapshot` and `snapshot_trades` are the older names.
    const options = {
      snapOrders: flagParam(params, 'snap_orders', flagParam(params, 'snapshot', true)),
      snapTrades: flagParam(params, 'snap_trades', flagParam(params, 'snapshot_trades')),
      orderStatus: flagParam(params, 'order_status', true),
      rateCounter: flagParam(params, 'ratecounter'),
    }
    const { snapOrders: snap_orders, snapTrades: snap_trades } = options
    const maxratecount = exact(String(venue.limits.engine.max))
    const result = { channel, maxratecount, snap_orders, snap_trades, warnings: OLD_FIELDS }
    return { key: channel, result, open: () => executionsFeed(this.#parts, options) }
  }

  #instruments(params: JsonFields): Wanted {
    const { venue, send } = this.#parts
    const snapshot = flagParam(params, 'snapshot', true)
    const warnings = ['tick_size is deprecated, use price_increment']
    const tell = (type: 'snapshot' | 'update'): void => {
      send(instrumentFrame(type, venue.instruments, venue.mode), null)
    }
    const open = (): Stop => {
      if (snapshot) tell('snapshot')
      return venue.onMode(() => tell('update'))
    }
    return { key: 'instrument', result: { channel: 'instrument', snapshot, warnings }, open }
  }
}
