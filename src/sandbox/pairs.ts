/**
 * The pairs and assets of the sandbox under all of Kraken's names: REST id, altname and wsname of a pair, id and altname
 * of an asset. Facts from AssetPairs and Assets, November 2025.
 */
import { type Asset, asset, baseOf, type Pair, pair, quoteOf } from '../domain/ids.ts'
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../domain/instrument.ts'
import { amount } from '../domain/units.ts'

export interface SandboxAsset {
  /** As everybody writes it, and WebSocket v2: BTC. */
  readonly asset: Asset
  /** As REST's balances name it: XXBT, ZUSD, USDT. */
  readonly id: string
  /** XBT, USD, USDT. */
  readonly altname: string
  /** Decimals that amounts are kept and shown with. */
  readonly decimals: number
  readonly displayDecimals: number
}

export interface SandboxPair {
  /** As WebSocket v2 names it: BTC/USDT. */
  readonly symbol: Pair
  readonly instrument: Instrument
  /** The key of REST's answers: XBTUSDT, XXBTZUSD. */
  readonly id: string
  /** XBTUSDT, XBTUSD: what order rows say. */
  readonly altname: string
  /** XBT/USDT. */
  readonly wsname: string
  readonly base: SandboxAsset
  readonly quote: SandboxAsset
  readonly priceDecimals: number
  readonly lotDecimals: number
  readonly costDecimals: number
}

const assetOf = (
  code: string,
  id: string,
  altname: string,
  decimals: number,
  displayDecimals: number,
): SandboxAsset => ({
  ...{ asset: asset(code), id, altname, decimals, displayDecimals },
})

export const SANDBOX_ASSETS: readonly SandboxAsset[] = [
  assetOf('BTC', 'XXBT', 'XBT', 10, 5),
  assetOf('ETH', 'XETH', 'ETH', 10, 5),
  assetOf('XRP', 'XXRP', 'XRP', 8, 5),
  assetOf('USDT', 'USDT', 'USDT', 8, 4),
  assetOf('USD', 'ZUSD', 'USD', 4, 2),
]

const dollar = (symbol: string, tick: string, orderMin: string): Instrument => ({
  ...{ symbol: pair(symbol), tick, lot: '0.00000001', orderMin, costMin: '0.5', costDecimals: 5 },
  leverages: [2, 3, 4, 5],
})

/** Beside the pairs that the system trades, those in dollars, which every other client tries first. */
const INSTRUMENTS: readonly Instrument[] = [
  ...BUILT_IN_INSTRUMENTS,
  dollar('BTC/USD', '0.1', '0.00005'),
  dollar('ETH/USD', '0.01', '0.001'),
  dollar('XRP/USD', '0.00001', '2'),
]

/** REST's ids have the assets' prefixes where the pair is an old one; pairs with USDT are newer. */
const idOf = (base: SandboxAsset, quote: SandboxAsset): string =>
  quote.id === 'USDT' ? `${base.altname}${quote.altname}` : `${base.id}${quote.id}`

const known = (code: Asset): SandboxAsset => {
  const found = SANDBOX_ASSETS.find((each) => each.asset === code)
  if (found === undefined) throw new RangeError(`the sandbox has no asset ${code}`)
  return found
}

function sandboxPair(instrument: Instrument): SandboxPair {
  const { symbol } = instrument
  const [base, quote] = [known(baseOf(symbol)), known(quoteOf(symbol))]
  return {
    ...{ symbol, instrument, base, quote },
    id: idOf(base, quote),
    altname: `${base.altname}${quote.altname}`,
    wsname: `${base.altname}/${quote.altname}`,
    priceDecimals: amount(instrument.tick).decimalPlaces(),
    lotDecimals: amount(instrument.lot).decimalPlaces(),
    costDecimals: instrument.costDecimals,
  }
}

export const SANDBOX_PAIRS: readonly SandboxPair[] = INSTRUMENTS.map(sandboxPair)

/** Every spelling that Kraken takes for a pair, in upper case. */
const spellings = (each: SandboxPair): readonly string[] => [
  ...[each.id, each.altname, each.wsname, each.symbol, each.symbol.replace('/', '')],
]

const BY_SPELLING: ReadonlyMap<string, SandboxPair> = new Map(
  SANDBOX_PAIRS.flatMap((each) => spellings(each).map((spelling) => [spelling, each] as const)),
)
const BY_SYMBOL: ReadonlyMap<string, SandboxPair> = new Map(SANDBOX_PAIRS.map((each) => [each.symbol, each]))

/** A pair by any of its names; null where there is none. */
export const findPair = (name: string): SandboxPair | null => BY_SPELLING.get(name.trim().toUpperCase()) ?? null

/** The pair that the engine calls so. @throws RangeError when there is none. */
export function pairOf(symbol: Pair): SandboxPair {
  const found = BY_SYMBOL.get(symbol)
  if (found === undefined) throw new RangeError(`the sandbox has no pair ${symbol}`)
  return found
}

/** An asset by id (XXBT), altname (XBT) or common name (BTC); null where there is none. */
export function findAsset(name: string): SandboxAsset | null {
  const wanted = name.trim().toUpperCase()
  return SANDBOX_ASSETS.find((each) => [each.id, each.altname, each.asset].includes(wanted as Asset)) ?? null
}

/** An asset of the account; one that Kraken does not list keeps its own name. */
export const assetNamed = (code: Asset): SandboxAsset => findAsset(code) ?? assetOf(code, code, code, 8, 5)
