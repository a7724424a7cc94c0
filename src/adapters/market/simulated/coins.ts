/** What the simulated market trades and where it starts. Crosses follow from their two legs. */

/** A coin against USDT; figures per minute in a calm market. */
export interface Coin {
  readonly code: 'BTC' | 'XRP' | 'ETH'
  readonly start: number
  /** Decimals of a tick and of the lots that are traded. */
  readonly tickDecimals: number
  readonly lotDecimals: number
  /** Base units a minute. */
  readonly volume: number
  /** Deviation as a multiple of the market's, and correlation with it. */
  readonly volatility: number
  readonly correlation: number
}

export const COINS: readonly Coin[] = [
  { code: 'BTC', start: 45_000, tickDecimals: 1, lotDecimals: 6, volume: 2, volatility: 1, correlation: 1 },
  { code: 'XRP', start: 0.6, tickDecimals: 5, lotDecimals: 2, volume: 20_000, volatility: 1.4, correlation: 0.7 },
  { code: 'ETH', start: 2_500, tickDecimals: 2, lotDecimals: 5, volume: 15, volatility: 1.2, correlation: 0.8 },
]

/** One symbol: a coin in USDT, or in another coin. Coins by index in `COINS`. */
export interface Market {
  readonly symbol: string
  readonly coin: number
  readonly against: number | null
  readonly tickDecimals: number
  readonly lotDecimals: number
  /** Share of the coin's volume in USDT that is traded here. */
  readonly volumeShare: number
}

const inUsdt = (coin: number): Market => {
  const { code, tickDecimals, lotDecimals } = COINS[coin] ?? missing(coin)
  return { symbol: `${code}/USDT`, coin, against: null, tickDecimals, lotDecimals, volumeShare: 1 }
}
const inBtc = (coin: number, tickDecimals: number): Market => {
  const { code, lotDecimals } = COINS[coin] ?? missing(coin)
  return { symbol: `${code}/BTC`, coin, against: 0, tickDecimals, lotDecimals, volumeShare: 0.03 }
}
const missing = (coin: number): never => {
  throw new RangeError(`no coin ${coin}`)
}

export const MARKETS: readonly Market[] = [inUsdt(0), inUsdt(1), inUsdt(2), inBtc(1, 8), inBtc(2, 5)]
