/** Fees as AssetPairs and TradeVolume tell them: per cent, by the dollars traded in thirty days. */
import { amount, type Numeric } from '../../domain/units.ts'
import type { AccountFeesNow } from '../venue.ts'

/** From so many dollars on: maker and taker in per cent. Kraken, from 2026-07-09. */
const LADDER: readonly (readonly [volume: number, maker: number, taker: number])[] = [
  [0, 0.4, 0.8],
  [2_500, 0.3, 0.6],
  [10_000, 0.22, 0.38],
  [25_000, 0.2, 0.35],
  [50_000, 0.15, 0.3],
  [100_000, 0.12, 0.25],
  [250_000, 0.1, 0.22],
  [500_000, 0.08, 0.2],
  [1_000_000, 0.06, 0.18],
  [2_500_000, 0.04, 0.15],
  [5_000_000, 0.02, 0.12],
  [10_000_000, 0, 0.1],
  [50_000_000, 0, 0.09],
  [100_000_000, 0, 0.08],
  [250_000_000, 0, 0.07],
  [400_000_000, 0, 0.06],
  [500_000_000, 0, 0.05],
]

const DECIMALS = 4

export const takerLadder = () => LADDER.map(([volume, , taker]) => [volume, taker])
export const makerLadder = () => LADDER.map(([volume, maker]) => [volume, maker])

const percent = (share: Numeric): string => amount(share).times(100).toFixed(DECIMALS)
const shown = (value: number | undefined): string | null => (value === undefined ? null : value.toFixed(DECIMALS))

/** What the account pays now, and the next step down. */
export function volumeRow(fees: AccountFeesNow, side: 'maker' | 'taker'): Readonly<Record<string, unknown>> {
  const column = side === 'maker' ? 1 : 2
  const volume = amount(fees.volume30d)
  const reached = LADDER.findLast(([from]) => volume.gte(from))
  const next = LADDER.find(([from]) => volume.lt(from))
  return {
    fee: percent(fees[side]),
    minfee: shown(LADDER.at(-1)?.[column]),
    maxfee: shown(LADDER[0]?.[column]),
    nextfee: shown(next?.[column]),
    nextvolume: shown(next?.[0]),
    tiervolume: shown(reached?.[0]),
  }
}
