/** What a rebalance plan keeps, and how each message changes it. Pure. */
import type { OrderId, Pair, PlanId } from './ids.ts'
import { isFinal, type OrderView } from './order.ts'
import type { ExecutionStrategy, PlanTradeView, PlanView, RebalanceTrade } from './portfolio.ts'
import { type Amount, amount, maxOf, type Numeric, roundDownTo, sumOf, text, ZERO } from './units.ts'

export interface PlanBirth {
  readonly planId: PlanId
  readonly trades: readonly RebalanceTrade[]
  readonly executionStrategy: ExecutionStrategy
  readonly usedFallbackStrategy: boolean
  readonly reasoning: string
  readonly seenAt: number
}

/** What an order has brought so far: base units; quote units. */
interface Brought {
  readonly filled: Numeric
  readonly cost: Numeric
  readonly fees: Numeric
}
export const NOTHING: Brought = { filled: '0', cost: '0', fees: '0' }

/** One trade of the plan with the key of its order. */
export interface PlannedTrade extends Brought {
  readonly key: string
  readonly trade: RebalanceTrade
  readonly state: 'waiting' | 'asked' | 'ended'
  /** Ended because its order expired or was taken back: what that left is tried again with the next batch. */
  readonly isLeft: boolean
  readonly orderId: OrderId | null
}

/** What the last message told of a trade that has ended. */
export type TradeEnd = {
  readonly symbol: Pair
  readonly side: RebalanceTrade['side']
  readonly batch: number
} & (
  | ({ readonly kind: 'executed'; readonly orderId: OrderId } & Brought)
  | { readonly kind: 'dropped'; readonly reason: string }
  /** Base units, that the next batch tries again. */
  | { readonly kind: 'postponed'; readonly quantity: Numeric }
)

export interface PlanRecord extends Omit<PlanBirth, 'trades' | 'seenAt'> {
  readonly trades: readonly PlannedTrade[]
  /** The batch that is due or at work, from 1. One after the last tries once more what that left. */
  readonly batch: number
  readonly lastBatch: number
  /** The last batch that was told to have started. */
  readonly started: number
  readonly plannedAt: number
  readonly updatedAt: number
  readonly dueAt: number
  /** The batch is due and may not go yet. */
  readonly isHeld: boolean
  readonly reason: string | null
  readonly ends: readonly TradeEnd[]
  /** Trades that this step asks for. */
  readonly asking: readonly PlannedTrade[]
}

/** The finest lots that there are; the order itself is in those of its pair. */
const LOT_DECIMALS = 8

export const keyOf = (planId: PlanId, number: number): string => `${planId}/rebalance/${number}`
const lastOf = (trades: readonly RebalanceTrade[]): number => Math.max(1, ...trades.map(({ batch }) => batch))

export const newPlan = ({ trades, seenAt, ...birth }: PlanBirth): PlanRecord => ({
  ...birth,
  ...{ batch: 1, started: 0, plannedAt: seenAt, updatedAt: seenAt, isHeld: false, reason: null, ends: [], asking: [] },
  trades: trades.map((trade, index) => ({
    ...{ key: keyOf(birth.planId, index + 1), trade, state: 'waiting', isLeft: false, orderId: null, ...NOTHING },
  })),
  lastBatch: lastOf(trades),
  dueAt: Math.max(seenAt, trades[0]?.dueAt ?? seenAt),
})

type Side = RebalanceTrade['side']
type TradeState = PlannedTrade['state']
type Trades = Pick<PlanRecord, 'trades'>

const tradesOf = ({ trades, batch }: PlanRecord, side: Side) =>
  trades.filter(({ trade }) => trade.batch === batch && trade.side === side)
/** Keys of the plan's trades in that state. */
export const keysOf = ({ trades }: Trades, wanted: TradeState): readonly string[] =>
  trades.filter(({ state }) => state === wanted).map(({ key }) => key)
const marked = ({ trades }: Trades, keys: readonly string[], state: TradeState): readonly PlannedTrade[] =>
  trades.map((planned) => (keys.includes(planned.key) && planned.state !== 'ended' ? { ...planned, state } : planned))

export const areEnded = (record: PlanRecord, side: Side): boolean =>
  tradesOf(record, side).every(({ state }) => state === 'ended')
export const isAnyWaiting = (record: PlanRecord, side: Side): boolean =>
  tradesOf(record, side).some(({ state }) => state === 'waiting')
export const isNothingAsked = (record: PlanRecord): boolean => keysOf(record, 'asked').length === 0
/** What of it was not filled, base units; below zero where a late fill came after the rest had been tried again. */
export const restOf = ({ trade, filled }: PlannedTrade): Amount => amount(trade.quantity).minus(amount(filled))
/** What was not filled of these, as the plan valued them. USD. */
export const unfilledUsd = (trades: readonly PlannedTrade[]): Amount =>
  sumOf(
    trades
      .filter((one) => restOf(one).gt(0))
      .map((one) => amount(one.trade.valueUsd).times(restOf(one)).div(amount(one.trade.quantity))),
  )

/** The share of a batch's buys that is paid for: of what its sells did not bring, buys bear what was meant for them. */
function paidShare(record: PlanRecord): Amount {
  const [sells, buys] = [tradesOf(record, 'sell'), tradesOf(record, 'buy')]
  const missing = unfilledUsd(sells)
  if (missing.isZero()) return amount(1)
  const [soldFor, boughtFor] = [sells, buys].map((of) => sumOf(of.map(({ trade }) => amount(trade.valueUsd))))
  return amount(1).minus(missing.div(maxOf(soldFor ?? ZERO, boughtFor ?? ZERO)))
}
const withShare = (planned: PlannedTrade, share: Amount): PlannedTrade => {
  const { quantity, valueUsd } = planned.trade
  const of = (whole: Numeric, decimals: number) => text(roundDownTo(amount(whole).times(share), decimals))
  const trade = { ...planned.trade, quantity: of(quantity, LOT_DECIMALS), valueUsd: of(valueUsd, 2) }
  return share.eq(1) ? planned : { ...planned, trade }
}

/** The batch's trades of one side that nobody has asked for yet: of buys, as much as its sells have paid for. */
export function asked(record: PlanRecord, side: Side): Pick<PlanRecord, 'asking' | 'trades'> {
  const waiting = tradesOf(record, side).filter(({ state }) => state === 'waiting')
  const share = side === 'buy' ? paidShare(record) : amount(1)
  const keys = waiting.map(({ key }) => key)
  return { asking: waiting.map((one) => withShare(one, share)), trades: marked(record, keys, 'asked') }
}
const about = ({ trade: { symbol, side, batch } }: PlannedTrade) => ({ symbol: symbol as Pair, side, batch })
const less = (now: Numeric, before: Numeric): Numeric => text(amount(now).minus(amount(before)))

/** How an order's report ends its trade; null where it does not, or that was told. What is filled later is told too. */
function endOf(planned: PlannedTrade, order: OrderView): TradeEnd | null {
  if (!isFinal(order.status)) return null
  const told: Brought = planned.state === 'ended' ? planned : NOTHING
  const filled = less(order.filled, told.filled)
  if (amount(filled).gt(0)) {
    const brought = { filled, cost: less(order.cost, told.cost), fees: less(order.fees, told.fees) }
    return { kind: 'executed', orderId: order.orderId, ...about(planned), ...brought }
  }
  if (planned.state === 'ended') return null
  return { kind: 'dropped', ...about(planned), reason: order.reason ?? order.status.toLowerCase() }
}

/** Ended before its time: by a pause, a stop, a person, a way out. What fills at once or not at all ends so by itself. */
export const isTakenBack = ({ status, request }: OrderView): boolean =>
  status === 'CANCELLED' && request.timeInForce !== 'IOC'

/** What a trade leaves may go with the next batch: once after the last, and not when the plan is given up. */
const hasNextTry = ({ lastBatch, reason }: PlanRecord, { state, trade }: PlannedTrade): boolean =>
  state === 'asked' && trade.batch <= lastBatch && reason === null
/** Whether sells that are to pay for it go again with the next batch. */
const isUnpaid = (record: PlanRecord, { trade }: PlannedTrade): boolean =>
  trade.side === 'buy' && tradesOf(record, 'sell').some(({ isLeft }) => isLeft)
/** What expired, was taken back or was not paid for is tried again with the next batch. */
const isTriedAgain = (record: PlanRecord, planned: PlannedTrade, order: OrderView): boolean =>
  hasNextTry(record, planned) &&
  (order.status === 'EXPIRED' || isTakenBack(order) || (order.status === 'FILLED' && isUnpaid(record, planned))) &&
  restOf({ ...planned, filled: order.filled }).gt(0)

const SECOND_TRY = '/again'
/** Whether the order proved never to have reached the venue: its trade may be asked for once more, under another key. */
const isLost = ({ key, state }: PlannedTrade, { status, reason, filled }: OrderView): boolean =>
  state === 'asked' && status === 'ERROR' && reason === 'not-at-venue' && filled === '0' && !key.endsWith(SECOND_TRY)

/** What `orders` say of the plan's trades; each end is told once. */
export function withReported(record: PlanRecord, orders: readonly OrderView[]): Pick<PlanRecord, 'ends' | 'trades'> {
  const ends: TradeEnd[] = []
  const trades = record.trades.map((planned): PlannedTrade => {
    const order = orders.find(({ request }) => request.key === planned.key)
    // A view that knows of less than is known already is an older one.
    if (order === undefined || planned.state === 'waiting' || amount(order.filled).lt(amount(planned.filled)))
      return planned
    if (isLost(planned, order))
      return { ...planned, key: `${planned.key}${SECOND_TRY}`, state: 'waiting', orderId: null, ...NOTHING }
    const { orderId, filled, cost, fees } = order
    const known = { ...planned, orderId, filled, cost, fees }
    const isAgain = isTriedAgain(record, planned, order)
    const end = endOf(planned, order)
    if (end !== null && !(isAgain && end.kind === 'dropped')) ends.push(end)
    if (isAgain) ends.push({ kind: 'postponed', ...about(planned), quantity: text(restOf(known)) })
    if (!isFinal(order.status)) return known
    return { ...known, state: 'ended', isLeft: planned.isLeft || isAgain }
  })
  return { ends, trades }
}

/** A trade whose order was refused before it was born; a buy that is not paid for goes again with its sells. */
export function withUnborn(
  record: PlanRecord,
  { key, reason }: { readonly key: string; readonly reason: string },
): Pick<PlanRecord, 'ends' | 'trades'> {
  const unborn = record.trades.filter((planned) => planned.key === key && planned.state === 'asked')
  const isAgain = (planned: PlannedTrade) => hasNextTry(record, planned) && isUnpaid(record, planned)
  return {
    ends: unborn.map((planned) =>
      isAgain(planned)
        ? { kind: 'postponed', ...about(planned), quantity: planned.trade.quantity }
        : { kind: 'dropped', ...about(planned), reason },
    ),
    trades: record.trades.map((one) =>
      unborn.includes(one) ? { ...one, state: 'ended', isLeft: one.isLeft || isAgain(one) } : one,
    ),
  }
}

/** A trade that may not go now and whose order was not asked for: its batch is claimed once more, for what waits of it. */
export const withHeldBack = (record: PlanRecord, key: string): Trades => ({
  trades: marked(record, keysOf(record, 'asked').includes(key) ? [key] : [], 'waiting'),
})

function unbornKeys(record: Trades, orders: readonly OrderView[]): readonly string[] {
  const born = new Set(orders.map(({ request }) => request.key))
  return keysOf(record, 'asked').filter((key) => !born.has(key))
}
/** Whether a trade was asked for whose order was never written down. */
export const isAnyUnborn = (record: Trades, orders: readonly OrderView[]): boolean =>
  unbornKeys(record, orders).length > 0

/** After a restart: trades whose orders were never written down wait again. */
export const withRecovered = (record: PlanRecord, orders: readonly OrderView[]): Trades => ({
  trades: marked(record, unbornKeys(record, orders), 'waiting'),
})

/** What nobody asked for yet, or was to be tried again, will not be. */
export const withRestDropped = (record: PlanRecord): Trades => ({
  trades: marked(record, keysOf(record, 'waiting'), 'ended').map((one) => ({ ...one, isLeft: false })),
})

function statusOf({ state, isLeft, filled }: PlannedTrade): PlanTradeView['status'] {
  if (state === 'waiting' || isLeft) return 'scheduled'
  if (state === 'asked') return 'working'
  return amount(filled).gt(0) ? 'executed' : 'dropped'
}

/** The plan as the outside sees it. */
export const planView = (record: PlanRecord, status: PlanView['status']): PlanView => ({
  planId: record.planId,
  status,
  executionStrategy: record.executionStrategy,
  usedFallbackStrategy: record.usedFallbackStrategy,
  reasoning: record.reasoning,
  batch: record.batch,
  trades: record.trades.map((planned) => ({
    ...planned.trade,
    ...{ key: planned.key, status: statusOf(planned), orderId: planned.orderId, filled: planned.filled },
  })),
  plannedAt: record.plannedAt,
  updatedAt: record.updatedAt,
})
