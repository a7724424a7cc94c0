/** Kraken's AssetPairs as our instruments, and the table between its three kinds of names. */
import { type Pair, parsePair } from '../../domain/ids.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { amount, NotANumberError, text } from '../../domain/units.ts'
import { fieldsOf, numberOf, textOf, UnreadableError, type Wire } from './exact-json.ts'

/** Decimals of price and quantity that the venue writes, e.g. 1 and 8 for BTC/USDT. */
export interface BookDecimals {
  readonly price: number
  readonly quantity: number
}

export interface KrakenPair {
  readonly instrument: Instrument
  /** REST's name, e.g. `XBTUSDT`. */
  readonly restName: string
  /** Every name the pair goes by: row key, altname, socket name. */
  readonly names: readonly string[]
  /** Kraken's ids of base and quote, e.g. `XXBT` and `USDT`; null where the row has none. */
  readonly assetIds: readonly [base: string | null, quote: string | null]
  readonly decimals: BookDecimals
}

/** Kraken's own codes where they are not everybody's. A table: letters are never stripped. */
const OUR_CODE: Readonly<Record<string, string>> = { XBT: 'BTC', XDG: 'DOGE' }

/** An asset's code as everybody writes it, for the codes that Kraken's pairs and sockets use. */
export const codeOf = (code: string): string => OUR_CODE[code] ?? code

/** `XBT/USDT` is our `BTC/USDT`; null for a name that is no pair of ours, such as a tokenised stock's `AAPLx/USD`. */
export function pairOfWsname(wsname: string): Pair | null {
  const ours = wsname.split('/').map(codeOf).join('/')
  const symbol = parsePair(ours)
  return symbol === ours ? symbol : null
}

const textOrNull = (value: Wire | undefined): string | null => (typeof value === 'string' ? value : null)

const leveragesIn = (listed: Wire | undefined, what: string): readonly number[] =>
  Array.isArray(listed) ? listed.map((leverage) => numberOf(leverage, what)) : []

function readPair(id: string, row: { readonly [key: string]: Wire }): KrakenPair | null {
  const symbol = typeof row.wsname === 'string' ? pairOfWsname(row.wsname) : null
  if (symbol === null) return null
  const lotDecimals = numberOf(row.lot_decimals, 'lot_decimals')
  const sold = leveragesIn(row.leverage_sell, 'leverage_sell')
  return {
    restName: textOf(row.altname, 'altname'),
    names: [id, textOf(row.altname, 'altname'), textOf(row.wsname, 'wsname')],
    assetIds: [textOrNull(row.base), textOrNull(row.quote)],
    decimals: { price: numberOf(row.pair_decimals, 'pair_decimals'), quantity: lotDecimals },
    instrument: {
      symbol,
      tick: text(textOf(row.tick_size, 'tick_size')),
      lot: text(amount(10).pow(-lotDecimals)),
      orderMin: text(textOf(row.ordermin, 'ordermin')),
      costMin: text(textOf(row.costmin, 'costmin')),
      costDecimals: numberOf(row.cost_decimals, 'cost_decimals'),
      // One that is listed for longs alone would refuse a short, or the way out of one.
      leverages: leveragesIn(row.leverage_buy, 'leverage_buy').filter((leverage) => sold.includes(leverage)),
    },
  }
}

/**
 * Reads an AssetPairs result. Left out: rows without a socket name (dark pools), names that are no pair of ours, and
 * rows that lack what an instrument needs (pairs no longer traded).
 * @throws UnreadableError when it is no table at all.
 */
export function readPairs(result: Wire): ReadonlyMap<Pair, KrakenPair> {
  const rows = fieldsOf(result)
  if (rows === null) throw new UnreadableError('AssetPairs is not an object')
  const pairs = new Map<Pair, KrakenPair>()
  for (const [id, row] of Object.entries(rows)) {
    try {
      const read = readPair(id, fieldsOf(row) ?? {})
      if (read !== null) pairs.set(read.instrument.symbol, read)
    } catch (error) {
      if (!(error instanceof UnreadableError || error instanceof NotANumberError)) throw error
    }
  }
  return pairs
}
