/** Kraken's public REST: candle history, instruments, and whether it answers at all. */
import { type Candle, TIMEFRAME_MS, type Timeframe } from '../../../domain/candle.ts'
import { readVenueMode, type VenueMode } from '../../../domain/connection.ts'
import type { Pair } from '../../../domain/ids.ts'
import type { Instrument } from '../../../domain/instrument.ts'
import { NotANumberError, price, quantity, text } from '../../../domain/units.ts'
import type { HistoryQuery } from '../../../ports/market-feed.ts'
import { fieldsOf, numberOf, rowsOf, textOf, UnreadableError, type Wire } from '../../kraken/exact-json.ts'
import { type BookDecimals, type KrakenPair, readPairs } from '../../kraken/pairs.ts'
import { KrakenRestError, type RestCallParts, restCalls } from '../../kraken/rest-call.ts'

export interface KrakenRest {
  /**
   * Closed candles, ascending, at most Kraken's last 720 of the time frame; the running one is left out. None for 12h,
   * which Kraken does not have, and for 1w, whose bars begin on Thursday there.
   * @throws KrakenRestError
   */
  history(query: HistoryQuery): Promise<readonly Candle[]>
  /** What Kraken lists now. @throws KrakenRestError */
  instruments(): Promise<readonly Instrument[]>
  /** The engine's mode, when Kraken answers within five seconds. @throws KrakenRestError */
  ping(): Promise<VenueMode>
  /** For the book's checksum; null before AssetPairs has been read, or for a pair that is not listed. */
  decimals(symbol: Pair): BookDecimals | null
}

const MINUTE_MS = TIMEFRAME_MS['1m']
const OFFERED: ReadonlySet<Timeframe> = new Set(['1m', '5m', '15m', '30m', '1h', '4h', '1d'])

/** One OHLC row: time in seconds, open, high, low, close, vwap, volume, count. */
function readCandle(row: Wire, symbol: Pair, timeframe: Timeframe): Candle {
  const [time, open, high, low, close, , volume] = rowsOf(row, 'OHLC row')
  return {
    symbol,
    timeframe,
    openAt: numberOf(time, 'time') * 1000,
    open: text(price(textOf(open, 'open'))),
    high: text(price(textOf(high, 'high'))),
    low: text(price(textOf(low, 'low'))),
    close: text(price(textOf(close, 'close'))),
    volume: text(quantity(textOf(volume, 'volume'))),
  }
}

/** The closed candles of an OHLC result: its last row is still running. */
function readHistory(result: Wire, { symbol, timeframe, from, to }: HistoryQuery): readonly Candle[] {
  const tables = Object.entries(fieldsOf(result) ?? {}).filter(([name]) => name !== 'last')
  const closed = rowsOf(tables[0]?.[1], 'OHLC').slice(0, -1)
  return closed
    .map((row) => readCandle(row, symbol, timeframe))
    .filter((candle) => candle.openAt >= from && candle.openAt < to)
}

/** Runs a reading; what does not fit Kraken's documents becomes a typed error. */
function reading<T>(method: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof UnreadableError || error instanceof NotANumberError)) throw error
    throw new KrakenRestError('unreadable', `${method}: ${error.message}`)
  }
}

/** A client of `baseUrl`. AssetPairs is read when first needed and kept; `instruments` reads it anew. */
export function krakenRest(parts: RestCallParts): KrakenRest {
  const call = restCalls(parts)
  let pairs: ReadonlyMap<Pair, KrakenPair> | null = null
  let reads: Promise<ReadonlyMap<Pair, KrakenPair>> | null = null

  /** One read at a time, shared by those who ask meanwhile. */
  const readAssetPairs = (): Promise<ReadonlyMap<Pair, KrakenPair>> => {
    reads ??= call('AssetPairs')
      .then((result) => {
        pairs = reading('AssetPairs', () => readPairs(result))
        return pairs
      })
      .finally(() => {
        reads = null
      })
    return reads
  }

  return {
    async history(query) {
      if (!OFFERED.has(query.timeframe) || query.from >= query.to) return []
      const listed = (pairs ?? (await readAssetPairs())).get(query.symbol)
      if (listed === undefined) throw new KrakenRestError('unlisted', `Kraken does not list ${query.symbol}`)
      const barMs = TIMEFRAME_MS[query.timeframe]
      const result = await call('OHLC', {
        pair: listed.restName,
        interval: String(barMs / MINUTE_MS),
        // One bar early: whether the bound itself is included is not documented alike everywhere.
        since: String(Math.max(0, Math.floor((query.from - barMs) / 1000) - 1)),
      })
      return reading('OHLC', () => readHistory(result, query))
    },
    async instruments() {
      return [...(await readAssetPairs()).values()].map((listed) => listed.instrument)
    },
    async ping() {
      const result = await call('SystemStatus')
      return reading('SystemStatus', () => readVenueMode(textOf(fieldsOf(result)?.status, 'status')))
    },
    decimals: (symbol) => pairs?.get(symbol)?.decimals ?? null,
  }
}
