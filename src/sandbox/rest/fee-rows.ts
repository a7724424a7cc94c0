/** Fees as AssetPairs and TradeVolume tell them: per cent, by the dollars traded in thirty days. */
import { KRAKEN_LADDER } from '../../adapters/exchange/simulated/fee-schedule.ts'
import { amount, type Numeric } from '../../domain/units.ts'
import type { AccountFeesNow } from '../venue.ts'

const DECIMALS = 4

const percent = (share: Numeric) => amount(share).times(100)
const ladder = (side: 'maker' | 'taker') =>
  KRAKEN_LADDER.map((step) => [Number(step.volume), percent(step[side]).toNumber()])

/** Rows of volume and per cent, as JSON numbers. */
export const takerLadder = () => ladder('taker')
export const makerLadder = () => ladder('maker')

/** What the account pays now, and the next step down. */
export function volumeRow(fees: AccountFeesNow, side: 'maker' | 'taker'): Readonly<Record<string, unknown>> {
  const shown = (share: Numeric): string => percent(share).toFixed(DECIMALS)
  return {
    fee: shown(fees[side]),
    minfee: shown(KRAKEN_LADDER.at(-1)?.[side] ?? '0'),
    maxfee: shown(KRAKEN_LADDER[0]?.[side] ?? '0'),
    nextfee: fees.next === null ? null : shown(fees.next[side]),
    nextvolume: fees.next === null ? null : amount(fees.next.volume).toFixed(DECIMALS),
    tiervolume: amount(fees.volume).toFixed(DECIMALS),
  }
}
