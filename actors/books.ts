/**
 * The books: what all journaled facts add up to. Folded the same way at boot, from the journal, and live, as facts leave;
 * so a restarted process knows exactly what the stopped one knew.
 */
import type { Fact } from '../src/domain/facts.ts'
import { EMPTY_HODL, type HodlBook } from '../src/domain/hodl.ts'
import type { OrderId, Pair, PlanId, PositionId } from '../src/domain/ids.ts'
import { isLive, type OrderRequest, type OrderView } from '../src/domain/order.ts'
import type { PlanView } from '../src/domain/portfolio.ts'
import { type PositionView, realisedNet } from '../src/domain/position.ts'
import { newProtectionMeter, observed, type ProtectionMeter, unprotectedSeconds } from '../src/domain/protection.ts'
import { isTakenBack } from '../src/domain/rebalance-plan-record.ts'
import type { RiskLimits } from '../src/domain/risk-limits.ts'
import { amount, text } from '../src/domain/units.ts'
import { type AccountBooks, createAccountBooks } from './account-books.ts'
import { createRiskBooks, type RiskBooks } from './risk-books.ts'

const HISTORY = 1_000
/** Purchases that are remembered whatever else has ended since. */
const PURCHASES = 10

export type Owner = PositionId | PlanId | 'hodl'
const ownerOf = ({ positionId, planId, purpose }: OrderRequest): Owner | null =>
  positionId ?? planId ?? (purpose === 'hodl' ? 'hodl' : null)

export interface Books extends AccountBooks, RiskBooks {
  apply(fact: Fact): void
  order(orderId: OrderId): OrderView | null
  orderByKey(key: string): OrderView | null
  /** Of a position, of a plan, or the last purchases of the hodl bags. */
  ordersOf(owner: Owner): readonly OrderView[]
  /** Newest last. */
  orders(): Iterable<OrderView>
  liveOrders(): readonly OrderView[]
  position(positionId: PositionId): PositionView | null
  positions(): Iterable<PositionView>
  openPositions(symbol?: Pair): readonly PositionView[]
  /** The rebalance plan at work, its whole where it was told, and when the last one was planned. */
  plan(): {
    readonly activeId: PlanId | null
    readonly active: PlanView | null
    readonly lastId: PlanId | null
    readonly lastPlannedAt: number | null
  }
  /** What profits have set aside and paid for. */
  hodl(): HodlBook
  /** Positions that hold something with neither a live stop nor a working exit. */
  barePositions(): readonly PositionId[]
  protection(at: number): { readonly unprotectedSeconds: number; readonly gapsMs: readonly number[] }
  /** The position whose close came last, of those that ever held something. */
  lastTrade(): PositionId | null
  statistics(): {
    readonly trades: number
    readonly pnlNet: string
    readonly feesPaid: string
    readonly decisions: number
  }
}

/** Drops the oldest entries that `isOver` until `keep` of them are left. */
function bound<K, V>(
  map: Map<K, V>,
  isOver: (value: V) => boolean,
  keep: number,
  drop: (key: K, value: V) => void,
): void {
  let over = 0
  for (const value of map.values()) if (isOver(value)) over += 1
  for (const [key, value] of map) {
    if (over <= keep) return
    if (!isOver(value)) continue
    map.delete(key)
    drop(key, value)
    over -= 1
  }
}

/** `history` ended orders and closed positions are kept in memory; the database keeps all. */
export function createBooks(limits: Pick<RiskLimits, 'cooldownMinutes'>, history = HISTORY): Books {
  const orders = new Map<OrderId, OrderView>()
  const byKey = new Map<string, OrderId>()
  const byOwner = new Map<string, Set<OrderId>>()
  const live = new Set<OrderId>()
  const positions = new Map<PositionId, PositionView>()
  const meters = new Map<PositionId, ProtectionMeter>()
  const gapsMs: number[] = []
  let endedUnprotected = 0
  const { apply: applyToAccount, ...account } = createAccountBooks()
  const { apply: applyToRisk, ...risk } = createRiskBooks(limits, account)
  let activePlan: PlanId | null = null
  let lastPlan: PlanId | null = null
  let planNow: PlanView | null = null
  let hodl = EMPTY_HODL
  let lastPlannedAt: number | null = null
  let trades = 0
  let lastTrade: PositionId | null = null
  let decisions = 0
  let pnlNet = amount(0)
  let feesPaid = amount(0)
  let endedSinceBound = 0

  const ordersOf = (owner: Owner): readonly OrderView[] =>
    [...(byOwner.get(owner) ?? [])].flatMap((orderId) => orders.get(orderId) ?? [])

  function observe(positionId: PositionId, at: number): void {
    // Its orders settle after it: dust that it gave over is not bare, and its meter is summed up already.
    if (positions.get(positionId)?.status === 'closed') return
    const own = ordersOf(positionId)
    let held = amount(0)
    let protectedNow = false
    for (const order of own) {
      const filled = amount(order.filled)
      held = order.request.purpose === 'entry' ? held.plus(filled) : held.minus(filled)
      const { purpose } = order.request
      // A target that rests takes profits; it protects nothing.
      if ((purpose === 'stop' || purpose === 'exit') && isLive(order) && order.status !== 'PENDING') protectedNow = true
    }
    const meter = meters.get(positionId) ?? newProtectionMeter()
    const next = observed(meter, { at, hasQuantity: held.gt(0), hasLiveStopOrWorkingExit: protectedNow })
    if (meter.gapMs === null && next.gapMs !== null) gapsMs.push(next.gapMs)
    meters.set(positionId, next)
  }

  function recordOrder(order: OrderView, at: number): void {
    const { orderId, request } = order
    if (!orders.has(orderId)) {
      byKey.set(request.key, orderId)
      const owner = ownerOf(request)
      if (owner !== null) byOwner.set(owner, (byOwner.get(owner) ?? new Set()).add(orderId))
    }
    orders.set(orderId, order)
    if (isLive(order)) live.add(orderId)
    else if (live.delete(orderId)) endedSinceBound += 1
    if (request.positionId !== null) observe(request.positionId, at)
    if (endedSinceBound < history / 10) return
    endedSinceBound = 0
    bound(
      orders,
      (one) => !isLive(one) && !isOwned(one),
      history,
      (id, one) => {
        byKey.delete(one.request.key)
        byOwner.get(ownerOf(one.request) ?? '')?.delete(id)
      },
    )
  }
  /** An order whose position or plan still lives is part of what that one adds up to. */
  const isOwned = ({ orderId, request }: OrderView): boolean =>
    (request.purpose === 'hodl' && [...(byOwner.get('hodl') ?? [])].slice(-PURCHASES).includes(orderId)) ||
    (request.positionId !== null && positions.get(request.positionId)?.status === 'open') ||
    (request.planId !== null && request.planId === activePlan)

  function recordClosed(position: PositionView, at: number): void {
    const meter = meters.get(position.positionId)
    if (meter !== undefined) endedUnprotected += unprotectedSeconds(meter, at)
    meters.delete(position.positionId)
    bound(
      positions,
      (one) => one.status === 'closed',
      history,
      (id) => byOwner.delete(id),
    )
    if (position.entryPrice === '0') return
    trades += 1
    lastTrade = position.positionId
    pnlNet = pnlNet.plus(amount(realisedNet({ ...position, financing: account.financingOf(position.positionId) })))
  }

  return {
    ...account,
    ...risk,
    apply: (fact) => {
      applyToAccount(fact)
      applyToRisk(fact)
      if ('order' in fact) recordOrder(fact.order, fact.at)
      if ('position' in fact) positions.set(fact.position.positionId, fact.position)
      if ('plan' in fact && fact.plan !== undefined) planNow = fact.plan
      if ('hodl' in fact) hodl = fact.hodl
      switch (fact.type) {
        case 'order.partiallyFilled':
        case 'order.filled':
        case 'order.filledLate':
          feesPaid = feesPaid.plus(amount(fact.fill.fee))
          return
        case 'account.financed':
          // Told after the end: what the trade came to is what it came to with this.
          if (positions.get(fact.positionId)?.status === 'closed') pnlNet = pnlNet.plus(amount(fact.flow.amount))
          return
        case 'position.closed':
          recordClosed(fact.position, fact.at)
          return
        case 'rebalance.planned':
          activePlan = fact.planId
          lastPlan = fact.planId
          lastPlannedAt = fact.at
          return
        case 'rebalance.completed':
          if (activePlan === fact.planId) activePlan = null
          // What a pause or a stop cut short, also at its last try, is not done: the next check may plan the rest.
          if (fact.unfilled?.length !== 0 && ordersOf(fact.planId).some(isTakenBack)) lastPlannedAt = null
          return
        case 'rebalance.cancelled':
          if (activePlan === fact.planId) activePlan = null
          return
        case 'signal.accepted':
        case 'signal.dropped':
          decisions += 1
          return
        default:
          return
      }
    },
    order: (orderId) => orders.get(orderId) ?? null,
    orderByKey: (key) => {
      const orderId = byKey.get(key)
      return orderId === undefined ? null : (orders.get(orderId) ?? null)
    },
    ordersOf,
    orders: () => orders.values(),
    liveOrders: () => [...live].flatMap((orderId) => orders.get(orderId) ?? []),
    position: (positionId) => positions.get(positionId) ?? null,
    positions: () => positions.values(),
    openPositions: (symbol) =>
      [...positions.values()].filter((one) => one.status === 'open' && (symbol === undefined || one.symbol === symbol)),
    plan: () => ({
      activeId: activePlan,
      active: planNow?.planId === activePlan ? planNow : null,
      lastId: lastPlan,
      lastPlannedAt,
    }),
    hodl: () => hodl,
    barePositions: () => [...meters].flatMap(([id, { bareSinceAt }]) => (bareSinceAt === null ? [] : [id])),
    protection: (at) => {
      let seconds = endedUnprotected
      for (const meter of meters.values()) seconds += unprotectedSeconds(meter, at)
      return { unprotectedSeconds: seconds, gapsMs }
    },
    lastTrade: () => lastTrade,
    statistics: () => ({ trades, pnlNet: text(pnlNet), feesPaid: text(feesPaid), decisions }),
  }
}
