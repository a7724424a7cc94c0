/** Names of things. Branded, so that an order's id cannot be handed where a position's is asked. */

declare const kind: unique symbol
type Id<K extends string> = string & { readonly [kind]: K }

/** Our order id; sent to the venue as the client order id (a UUID). */
export type OrderId = Id<'order'>
export type PositionId = Id<'position'>
/** A rebalance plan (one DCA run). */
export type PlanId = Id<'plan'>
/** The venue's own order id (Kraken: txid). */
export type VenueOrderId = Id<'venueOrder'>
/** The venue's id of one fill; fills are counted once per trade id. */
export type TradeId = Id<'trade'>
/** `BASE/QUOTE` with the slash, e.g. `BTC/USDT`. */
export type Pair = Id<'pair'>
/** An asset code as we write it: BTC, XRP, ETH, USDT. */
export type Asset = Id<'asset'>

export const orderId = (id: string) => id as OrderId
export const positionId = (id: string) => id as PositionId
export const planId = (id: string) => id as PlanId
export const venueOrderId = (id: string) => id as VenueOrderId
export const tradeId = (id: string) => id as TradeId
export const asset = (code: string) => code as Asset

/** The pairs that strict mode accepts. */
export const SUPPORTED_PAIRS = ['BTC/USDT', 'XRP/USDT', 'XRP/BTC', 'ETH/USDT', 'ETH/BTC'] as const

/** `BTC_USDT`, `btc/usdt` and `BTC/USDT` are the same pair; null when it is not BASE/QUOTE at all. */
export function parsePair(given: string): Pair | null {
  const parts = given.trim().toUpperCase().replace('_', '/').split('/')
  if (parts.length !== 2 || !parts.every((part) => /^[A-Z0-9]{2,10}$/.test(part))) return null
  return parts.join('/') as Pair
}

export const pair = (given: string): Pair => {
  const parsed = parsePair(given)
  if (parsed === null) throw new Error(`${JSON.stringify(given)} is not a pair such as BTC/USDT`)
  return parsed
}
/** The pair of two assets, whether or not any venue lists it. */
export const pairOf = (base: Asset, quote: Asset): Pair => `${base}/${quote}` as Pair
export const baseOf = (symbol: Pair): Asset => symbol.slice(0, symbol.indexOf('/')) as Asset
export const quoteOf = (symbol: Pair): Asset => symbol.slice(symbol.indexOf('/') + 1) as Asset
