/** Kraken's names in ours and back, from what AssetPairs lists. */
import { type Asset, asset, baseOf, type Pair, quoteOf } from '../../domain/ids.ts'
import { codeOf, type KrakenPair } from './pairs.ts'

export interface KrakenNames {
  /** Any of a pair's names: `XXBTZUSD`, `XBTUSD`, `XBT/USD`, and our own. Null for a pair that is not listed. */
  pairOf(name: string): Pair | null
  /** What REST calls the pair; null when it is not listed. */
  restName(symbol: Pair): string | null
  /**
   * `XXBT` is BTC and `ZUSD` is USD, because a pair says so. Staked and earning balances (`ETH2.S`, `USD.M`) are assets
   * of their own and keep Kraken's name, as does whatever no pair trades.
   */
  assetOf(id: string): Asset
}

/** The table of a reading of AssetPairs. */
export function krakenNames(pairs: ReadonlyMap<Pair, KrakenPair>): KrakenNames {
  const symbols = new Map<string, Pair>()
  const assets = new Map<string, Asset>()
  for (const [symbol, { names, assetIds }] of pairs) {
    for (const name of [...names, symbol]) symbols.set(name, symbol)
    const [base, quote] = assetIds
    if (base !== null) assets.set(base, baseOf(symbol))
    if (quote !== null) assets.set(quote, quoteOf(symbol))
  }
  return {
    pairOf: (name) => symbols.get(name) ?? null,
    restName: (symbol) => pairs.get(symbol)?.restName ?? null,
    assetOf: (id) => assets.get(id) ?? asset(codeOf(id)),
  }
}
