/** The public methods: time, status, names and rules, and the market. */

import { amount, type Numeric } from '../../domain/units.ts'
import { isoTime } from '../../domain/utc.ts'
import { OHLC_INTERVALS } from '../market/pair-view.ts'
import type { Stretch, Ticker } from '../market-view.ts'
import { decimal } from '../order-text.ts'
import { findAsset, findPair, SANDBOX_ASSETS, type SandboxAsset, type SandboxPair } from '../pairs.ts'
import { invalidArgument, KrakenRefusal, UNKNOWN_ASSET, UNKNOWN_PAIR } from '../refusal.ts'
import type { SandboxVenue } from '../venue.ts'
import { makerLadder, takerLadder } from './fee-rows.ts'
import { countField, type Fields, listField, textField } from './fields.ts'
import type { PublicMethod } from './method.ts'
import { pairField } from './order-fields.ts'
import { seconds } from './rows.ts'

const DEPTH = { usual: 100, most: 500 }
const TRADES = 1_000
const MINUTE_MS = 60_000
const NANOS_PER_MS = 1_000_000n

const DAYS = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `Sun, 21 Mar 21 14:23:14 +0000`, as Kraken writes it. */
function rfc1123(at: number): string {
  const iso = isoTime(at)
  const day = DAYS[Math.floor(at / 86_400_000) % 7]
  return `${day}, ${iso.slice(8, 10)} ${MONTHS[Number(iso.slice(5, 7)) - 1]} ${iso.slice(2, 4)} ${iso.slice(11, 19)} +0000`
}

const time: PublicMethod = (_fields, venue) => {
  const now = venue.now()
  return { unixtime: Math.floor(now / 1000), rfc1123: rfc1123(now) }
}

const systemStatus: PublicMethod = (_fields, venue) => ({
  status: venue.mode === 'limit_only' ? 'online' : venue.mode,
  timestamp: isoTime(venue.now()).replace(/\.\d{3}Z$/, 'Z'),
})

const assetRow = (asset: SandboxAsset): Readonly<Record<string, unknown>> => ({
  aclass: 'currency',
  altname: asset.altname,
  decimals: asset.decimals,
  display_decimals: asset.displayDecimals,
  collateral_value: 1,
  status: 'enabled',
})

const assets: PublicMethod = (fields) => {
  const names = listField(fields, 'asset')
  const wanted = names.map((name) => {
    const found = findAsset(name)
    if (found === null) throw new KrakenRefusal(UNKNOWN_ASSET)
    return found
  })
  return Object.fromEntries((names.length === 0 ? SANDBOX_ASSETS : wanted).map((asset) => [asset.id, assetRow(asset)]))
}

/** Those that are named, or all. */
function pairsOf(fields: Fields, venue: SandboxVenue): readonly SandboxPair[] {
  const names = listField(fields, 'pair')
  if (names.length === 0) return venue.instruments
  return names.map((name) => {
    const found = findPair(name)
    if (found === null) throw new KrakenRefusal(UNKNOWN_PAIR)
    return found
  })
}

const PAIR_STATUS: Readonly<Record<string, string>> = { maintenance: 'cancel_only' }

function pairRow(pair: SandboxPair, info: string, mode: string): Readonly<Record<string, unknown>> {
  const { instrument, base, quote } = pair
  const leverage = { leverage_buy: instrument.leverages, leverage_sell: instrument.leverages }
  const fees = { fees: takerLadder(), fees_maker: makerLadder(), fee_volume_currency: 'ZUSD' }
  const margin = { margin_call: 80, margin_stop: 40 }
  if (info === 'leverage') return leverage
  if (info === 'fees') return fees
  if (info === 'margin') return margin
  return {
    ...{ altname: pair.altname, wsname: pair.wsname, aclass_base: 'currency', base: base.id },
    ...{ aclass_quote: 'currency', quote: quote.id, lot: 'unit', cost_decimals: pair.costDecimals },
    ...{ pair_decimals: pair.priceDecimals, lot_decimals: pair.lotDecimals, lot_multiplier: 1 },
    ...{ ...leverage, ...fees, ...margin },
    ...{ ordermin: instrument.orderMin, costmin: instrument.costMin, tick_size: instrument.tick },
    ...{ status: PAIR_STATUS[mode] ?? mode, long_position_limit: 80, short_position_limit: 80 },
    execution_venue: 'international',
  }
}

const assetPairs: PublicMethod = (fields, venue) => {
  const info = textField(fields, 'info') ?? 'info'
  if (!['info', 'leverage', 'fees', 'margin'].includes(info)) throw invalidArgument('info')
  return Object.fromEntries(pairsOf(fields, venue).map((pair) => [pair.id, pairRow(pair, info, venue.mode)]))
}

function tickerRow(ticker: Ticker, pair: SandboxPair): Readonly<Record<string, unknown>> {
  const price = (value: Numeric): string => decimal(value, pair.priceDecimals)
  const lots = (value: Numeric): string => decimal(value, pair.lotDecimals)
  const both = <T>(shown: (stretch: Stretch) => T): readonly [T, T] => [shown(ticker.today), shown(ticker.day)]
  const level = ({ price: at, quantity }: Ticker['bid']) => [
    price(at),
    amount(quantity).ceil().toFixed(),
    lots(quantity),
  ]
  return {
    a: level(ticker.ask),
    b: level(ticker.bid),
    c: [price(ticker.last.price), lots(ticker.last.quantity)],
    v: both((stretch) => lots(stretch.volume)),
    p: both((stretch) => amount(stretch.vwap).toFixed(pair.priceDecimals)),
    t: both((stretch) => stretch.trades),
    l: both((stretch) => price(stretch.low)),
    h: both((stretch) => price(stretch.high)),
    o: price(ticker.today.open),
  }
}

const ticker: PublicMethod = (fields, venue) =>
  Object.fromEntries(
    pairsOf(fields, venue).flatMap((pair) => {
      const seen = venue.market.ticker(pair.symbol, venue.now())
      return seen === null ? [] : [[pair.id, tickerRow(seen, pair)]]
    }),
  )

const ohlc: PublicMethod = (fields, venue) => {
  const pair = pairField(fields)
  const minutes = countField(fields, 'interval', 1)
  const interval = OHLC_INTERVALS.find((each) => each === minutes)
  if (interval === undefined) throw invalidArgument('interval')
  const since = Number(textField(fields, 'since') ?? '0')
  if (!Number.isFinite(since)) throw invalidArgument('since')
  const price = (value: Numeric): string => decimal(value, pair.priceDecimals)
  const bars = venue.market.bars(pair.symbol, interval, venue.now())
  const rows = bars
    .filter((bar) => bar.openAt > since * 1000)
    .map((bar) => [
      bar.openAt / 1000,
      ...[price(bar.open), price(bar.high), price(bar.low), price(bar.close)],
      ...[amount(bar.vwap).toFixed(pair.priceDecimals), decimal(bar.volume, pair.lotDecimals), bar.trades],
    ])
  // The last one still runs: the cursor names the one before it.
  const last = bars.at(-1)
  const cursor = last === undefined ? since : (last.openAt - minutes * MINUTE_MS) / 1000
  return { [pair.id]: rows, last: cursor }
}

const depth: PublicMethod = (fields, venue) => {
  const pair = pairField(fields)
  const count = Math.min(DEPTH.most, Math.max(1, countField(fields, 'count', DEPTH.usual)))
  const book = venue.market.book(pair.symbol, count)
  const at = Math.floor((book?.at ?? venue.now()) / 1000)
  const side = (levels: readonly Ticker['bid'][]) =>
    levels.map(({ price, quantity }) => [
      ...[decimal(price, pair.priceDecimals), decimal(quantity, pair.lotDecimals), at],
    ])
  return { [pair.id]: { asks: side(book?.asks ?? []), bids: side(book?.bids ?? []) } }
}

/** Nanoseconds since 1970; Kraken takes seconds too. */
function sinceNanos(fields: Fields): bigint {
  const given = textField(fields, 'since') ?? '0'
  if (!/^\d{1,19}(\.\d+)?$/.test(given)) throw invalidArgument('since')
  const [whole = '0'] = given.split('.')
  return whole.length <= 11 ? BigInt(Math.round(Number(given) * 1000)) * NANOS_PER_MS : BigInt(whole)
}

const trades: PublicMethod = (fields, venue) => {
  const pair = pairField(fields)
  const count = Math.min(TRADES, Math.max(1, countField(fields, 'count', TRADES)))
  const since = sinceNanos(fields)
  const nanos = (at: number): bigint => BigInt(Math.floor(at)) * NANOS_PER_MS
  const after = venue.market.trades(pair.symbol).filter((trade) => nanos(trade.at) > since)
  // From a cursor on the oldest come first, so that a reader misses none; without one the newest.
  const shown = since > 0n ? after.slice(0, count) : after.slice(-count)
  const last = shown.at(-1)
  const rows = shown.map((trade) => [
    ...[decimal(trade.price, pair.priceDecimals), decimal(trade.quantity, pair.lotDecimals), seconds(trade.at)],
    ...[trade.side === 'buy' ? 'b' : 's', 'm', '', trade.tradeId],
  ])
  return { [pair.id]: rows, last: String(last === undefined ? since : nanos(last.at)) }
}

const spread: PublicMethod = (fields, venue) => {
  const pair = pairField(fields)
  const since = countField(fields, 'since', 0)
  const second = (at: number): number => Math.floor(at / 1000)
  const rows = venue.spreads(pair.symbol).filter(({ at }) => second(at) >= since)
  return {
    [pair.id]: rows.map(({ at, bid, ask }) => [
      ...[second(at), decimal(bid, pair.priceDecimals), decimal(ask, pair.priceDecimals)],
    ]),
    last: second(rows.at(-1)?.at ?? venue.now()),
  }
}

export const PUBLIC: Readonly<Record<string, PublicMethod>> = {
  Time: time,
  SystemStatus: systemStatus,
  Assets: assets,
  AssetPairs: assetPairs,
  Ticker: ticker,
  OHLC: ohlc,
  Depth: depth,
  Trades: trades,
  Spread: spread,
}
