/** The batches of a rebalance plan: when each goes, what it takes over of earlier ones, and what is left of all. Pure. */
import { bySellsFirst, shiftOverdue } from './dca.ts'
import type { Pair } from './ids.ts'
import type { RebalanceTrade, UnfilledTrade } from './portfolio.ts'
import { keyOf, NOTHING, type PlannedTrade, type PlanRecord, restOf, unfilledUsd } from './rebalance-plan-record.ts'
import { amount, roundDownTo, sumOf, text } from './units.ts'

/** When the last try is made: by then no more fills of what expired are to come, a minute after its end. */
const LAST_TRY_AFTER_MS = 120_000

export const isLastBatch = ({ trades, batch, lastBatch }: PlanRecord): boolean =>
  batch >= lastBatch && !trades.some(({ isLeft }) => isLeft)

/** Whether what this trade left goes with the batch that is due. */
const isTakenBy = ({ batch }: PlanRecord, { isLeft, trade }: PlannedTrade): boolean => isLeft && trade.batch < batch
const isLike = (one: RebalanceTrade, other: RebalanceTrade): boolean =>
  one.symbol === other.symbol && one.side === other.side

/** What a trade left goes over to the batch's own of that symbol and side, or to one more: nothing is planned twice. */
function withRestMoved(
  { planId, batch, updatedAt }: PlanRecord,
  trades: readonly PlannedTrade[],
  left: PlannedTrade,
): readonly PlannedTrade[] {
  const { trade, filled } = left
  const keptUsd = roundDownTo(amount(trade.valueUsd).times(amount(filled)).div(amount(trade.quantity)), 2)
  const kept = { ...trade, quantity: filled, valueUsd: text(keptUsd) }
  const rest = restOf(left)
  const valueUsd = amount(trade.valueUsd).minus(keptUsd)
  const ofBatch = trades.filter((one) => one.trade.batch === batch)
  const own = ofBatch.find((one) => isLike(one.trade, trade))
  const dueAt = ofBatch[0]?.trade.dueAt ?? updatedAt
  const grown: PlannedTrade = {
    ...(own ?? { key: keyOf(planId, trades.length + 1), state: 'waiting', isLeft: false, orderId: null, ...NOTHING }),
    trade: {
      ...(own?.trade ?? { ...trade, batch, dueAt }),
      quantity: text(rest.plus(own?.trade.quantity ?? 0)),
      valueUsd: text(valueUsd.plus(own?.trade.valueUsd ?? 0)),
    },
  }
  const others = trades.map((one) => (one.key === left.key ? { ...left, isLeft: false, trade: kept } : one))
  // A late fill may have brought all of it since.
  if (rest.lte(0)) return others
  return own === undefined
    ? [...others, grown].sort((a, b) => bySellsFirst(a.trade, b.trade))
    : others.map((one) => (one.key === own.key ? grown : one))
}

/** What earlier batches left goes with this one, at the price of now. */
const withLeftTaken = (record: PlanRecord): readonly PlannedTrade[] =>
  record.trades
    .filter((one) => isTakenBy(record, one))
    .reduce((trades: readonly PlannedTrade[], left) => withRestMoved(record, trades, left), record.trades)

/** The batch goes now, or goes on: where it is late, what is still to come keeps its distance to it. */
export function withBatchStarted(record: PlanRecord): Partial<PlanRecord> {
  const toCome = record.trades.filter(({ trade, state }) => trade.batch >= record.batch && state === 'waiting')
  const shifted = shiftOverdue(
    toCome.map(({ trade }) => trade),
    record.updatedAt,
  )
  const late = new Map(toCome.map(({ key }, index) => [key, shifted[index]]))
  const trades = record.trades.map((one) => ({ ...one, trade: late.get(one.key) ?? one.trade }))
  return { isHeld: false, started: record.batch, trades: withLeftTaken({ ...record, trades }) }
}

/** The next batch, at its time; the last try soon. */
export function withNextBatch({ batch, trades, updatedAt }: PlanRecord): Pick<PlanRecord, 'batch' | 'dueAt'> {
  const next = trades.find(({ trade }) => trade.batch === batch + 1)
  return { batch: batch + 1, dueAt: Math.max(updatedAt, next?.trade.dueAt ?? updatedAt + LAST_TRY_AFTER_MS) }
}

/** Symbols of the batch's trades that nobody has asked for yet: what it takes a price of. */
export const symbolsAhead = (record: PlanRecord): readonly Pair[] => [
  ...new Set(
    record.trades
      .filter((one) => isTakenBy(record, one) || (one.trade.batch === record.batch && one.state === 'waiting'))
      .map(({ trade }) => trade.symbol as Pair),
  ),
]

/** What the plan did not come to, by symbol and side: what its trades had left when they ended for good. */
export function unfilledOf({ trades }: PlanRecord): readonly UnfilledTrade[] {
  const short = trades.filter((planned) => restOf(planned).gt(0))
  const firsts = short.filter(({ trade }, index) => short.findIndex((one) => isLike(one.trade, trade)) === index)
  return firsts.map(({ trade: { symbol, side } }) => {
    const same = short.filter(({ trade }) => trade.symbol === symbol && trade.side === side)
    return {
      ...{ symbol, side, quantity: text(sumOf(same.map(restOf))) },
      valueUsd: text(roundDownTo(unfilledUsd(same), 2)),
    }
  })
}
