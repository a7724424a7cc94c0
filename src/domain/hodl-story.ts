/** What the hodl bags' ledger keeps, what it buys next, and what it tells. Pure decisions behind the hodl machine. */
import type { FactDraft } from './facts.ts'
import {
  accrued,
  type Bought,
  bagOf,
  EMPTY_HODL,
  HODL_CASH,
  type HodlBook,
  type HodlRules,
  type HodlShare,
  withBought,
} from './hodl.ts'
import type { Asset, OrderId, PositionId } from './ids.ts'
import { isFinal, type OrderView } from './order.ts'
import { type Amount, amount, maxOf, minOf, type Numeric, roundDownTo, text, ZERO } from './units.ts'

export interface HodlBirth {
  readonly rules: HodlRules
  readonly seenAt: number
}

/** One purchase, asked for under its own key. */
export interface HodlPurchase {
  readonly key: string
  readonly asset: Asset
  /** What it may cost with its fees, USD. */
  readonly budgetUsd: Numeric
  /** What it has brought so far. */
  readonly filled: Numeric
  readonly cost: Numeric
  readonly fees: Numeric
}

type ByAsset<T> = Readonly<Record<string, T>>

export interface HodlRecord {
  readonly rules: HodlRules
  readonly book: HodlBook
  readonly updatedAt: number
  /** The newest last; older ones are known so that their late fills count. */
  readonly purchases: readonly HodlPurchase[]
  /** Purchases so far by asset: the number in the next one's key. */
  readonly counts: ByAsset<number>
  /** The key of the purchase that is asked for or at work. */
  readonly working: string | null
  /** What the UTC day has spent. */
  readonly spent: { readonly day: number; readonly usd: ByAsset<Numeric> }
  /** Assets whose purchase could not be: when it is tried again. */
  readonly retryAt: ByAsset<number>
  /** Assets whose purchase was told to be postponed, until one is made. */
  readonly postponed: readonly Asset[]
  /** What the last message led to. */
  readonly facts: readonly FactDraft[]
}

const DAY_MS = 86_400_000
const RETRY_MS = 3_600_000
/** An order is remembered by its purchase long after its own window for late fills is over. */
const PURCHASES_KEPT = 20

export const newHodl = ({ rules, seenAt }: HodlBirth): HodlRecord => ({
  ...{ rules, book: EMPTY_HODL, updatedAt: seenAt, purchases: [], counts: {}, working: null },
  ...{ spent: { day: 0, usd: {} }, retryAt: {}, postponed: [], facts: [] },
})

const dayOf = (at: number): number => Math.floor(at / DAY_MS)
const spentToday = ({ spent, updatedAt }: HodlRecord, of: Asset): Amount =>
  spent.day === dayOf(updatedAt) ? amount(spent.usd[of] ?? ZERO) : ZERO

export interface Profit {
  readonly profitUsd: Numeric
  /** The position whose close brought it there; absent in messages of older code. */
  readonly positionId?: PositionId | null
  readonly rules: HodlRules
}

/** The cumulative profit and the rules as they are now; a new high sets its share aside. */
export function withProfit(record: HodlRecord, { profitUsd, positionId = null, rules }: Profit): Partial<HodlRecord> {
  const news = accrued(record.book, profitUsd, rules)
  if (news === null) return { rules }
  const { book, amountUsd } = news
  const fact = { profitUsd, amountUsd, positionId, hodl: book }
  return { rules, book, facts: [{ type: 'hodl.accrued', ...fact }] }
}

/** Whether so much is pending that it is to be spent. */
const isReached = ({ rules, book }: HodlRecord, { asset, executeAtUsd }: HodlShare): boolean =>
  rules.enabled && amount(bagOf(book, asset).pendingUsd).gte(amount(executeAtUsd))

/** What a purchase may cost today; null where the day's cap leaves too little for one. */
function budgetOf(record: HodlRecord, { asset, executeAtUsd }: HodlShare): Amount | null {
  const left = amount(record.rules.dailyCapUsd).minus(spentToday(record, asset))
  const budget = roundDownTo(minOf(amount(bagOf(record.book, asset).pendingUsd), left), 2)
  return budget.gte(amount(executeAtUsd)) && budget.gt(0) ? budget : null
}

const mayTry = ({ retryAt, updatedAt }: HodlRecord, of: Asset): boolean => (retryAt[of] ?? 0) <= updatedAt

function nextDue(record: HodlRecord): { readonly share: HodlShare; readonly budget: Amount } | null {
  for (const share of record.rules.shares) {
    const budget = isReached(record, share) && mayTry(record, share.asset) ? budgetOf(record, share) : null
    if (budget !== null) return { share, budget }
  }
  return null
}
export const isPurchaseDue = (record: HodlRecord): boolean => nextDue(record) !== null

/** Puts a purchase off; that is told once, until one is made. */
function postponed(record: HodlRecord, of: Asset, reason: string, until: number): Partial<HodlRecord> {
  const isTold = record.postponed.includes(of)
  return {
    retryAt: { ...record.retryAt, [of]: until },
    postponed: isTold ? record.postponed : [...record.postponed, of],
    facts: isTold ? record.facts : [...record.facts, { type: 'hodl.postponed', asset: of, reason }],
  }
}

/** What the day's cap stops waits for the next UTC day. */
export function withCapped(record: HodlRecord): Partial<HodlRecord> {
  const tomorrow = (dayOf(record.updatedAt) + 1) * DAY_MS
  const reason = `the day's cap of ${record.rules.dailyCapUsd} USD`
  let now: HodlRecord = { ...record, facts: [] }
  for (const share of record.rules.shares)
    if (isReached(record, share) && mayTry(record, share.asset) && budgetOf(record, share) === null)
      now = { ...now, ...postponed(now, share.asset, reason, tomorrow) }
  return now
}

/** When something that was put off is to be tried again; null while nothing is. Milliseconds UTC. */
export function retryTime(record: HodlRecord): number | null {
  const times = record.rules.shares
    .filter((share) => isReached(record, share) && !mayTry(record, share.asset))
    .map(({ asset }) => record.retryAt[asset] ?? 0)
  return times.length === 0 ? null : Math.min(...times)
}

/** The next purchase gets its key. @throws when none is due: that is a bug. */
export function withPurchase(record: HodlRecord): Partial<HodlRecord> {
  const next = nextDue(record)
  if (next === null) throw new Error('no purchase is due')
  const { asset } = next.share
  const number = (record.counts[asset] ?? 0) + 1
  const key = `hodl/${asset}/${number}`
  const purchase: HodlPurchase = { key, asset, budgetUsd: text(next.budget), filled: '0', cost: '0', fees: '0' }
  return {
    ...{ working: key, counts: { ...record.counts, [asset]: number } },
    purchases: [...record.purchases, purchase].slice(-PURCHASES_KEPT),
  }
}

/** What the purchase may cost now: an older one's late fill may have spent of what was pending when it began. */
function budgetNow({ book }: HodlRecord, { asset, budgetUsd }: HodlPurchase): Numeric {
  const pending = maxOf(roundDownTo(amount(bagOf(book, asset).pendingUsd), 2), ZERO)
  return text(minOf(amount(budgetUsd), pending))
}

/** What the actor is asked for. @throws when no purchase is at work: that is a bug. */
export function askedPurchase(record: HodlRecord): Pick<HodlPurchase, 'key' | 'asset' | 'budgetUsd'> {
  const purchase = record.purchases.find(({ key }) => key === record.working)
  if (purchase === undefined) throw new Error('no purchase is asked for')
  const { key, asset } = purchase
  return { key, asset, budgetUsd: budgetNow(record, purchase) }
}

/** Counts what came into a bag, and tells it. */
function withCounted(record: HodlRecord, bought: Bought): HodlRecord {
  const { asset, quantity, costUsd, fees, orderId } = bought
  const book = withBought(record.book, bought)
  const today = spentToday(record, asset).plus(amount(costUsd)).plus(amount(fees))
  const day = dayOf(record.updatedAt)
  const usd = record.spent.day === day ? record.spent.usd : {}
  return {
    ...record,
    book,
    spent: { day, usd: { ...usd, [asset]: text(today) } },
    postponed: record.postponed.filter((one) => one !== asset),
    facts: [...record.facts, { type: 'hodl.bought', asset, quantity, valueUsd: costUsd, fees, orderId, hodl: book }],
  }
}

const less = (now: Numeric, before: Numeric): Numeric => text(amount(now).minus(amount(before)))

/** One order's report: what it brought since the last one counts, and its end ends the purchase. */
function reported(record: HodlRecord, order: OrderView): HodlRecord {
  const purchase = record.purchases.find(({ key }) => key === order.request.key)
  if (purchase === undefined) return record
  const { key, asset } = purchase
  const { orderId, filled, cost, fees } = order
  const quantity = less(filled, purchase.filled)
  const isMore = amount(quantity).gt(0)
  const bought = { asset, orderId, quantity, costUsd: less(cost, purchase.cost), fees: less(fees, purchase.fees) }
  const counted = isMore ? withCounted(record, bought) : record
  const known = {
    ...counted,
    purchases: isMore
      ? counted.purchases.map((one) => (one.key === key ? { ...one, filled, cost, fees } : one))
      : counted.purchases,
  }
  if (record.working !== key || !isFinal(order.status)) return known
  const ended = { ...known, working: null }
  if (order.status === 'FILLED') return ended
  const until = record.updatedAt + RETRY_MS
  if (amount(filled).gt(0)) return { ...ended, retryAt: { ...ended.retryAt, [asset]: until } }
  return { ...ended, ...postponed(ended, asset, order.reason ?? order.status.toLowerCase(), until) }
}
export const withOrders = (record: HodlRecord, orders: readonly OrderView[]): Partial<HodlRecord> =>
  orders.reduce(reported, record)

/** Cash of the core book has become the bag's: a booking, no order. */
export function withTransfer(record: HodlRecord, { key }: { readonly key: string }): Partial<HodlRecord> {
  const purchase = record.purchases.find((one) => one.key === key && one.asset === HODL_CASH)
  if (purchase === undefined || record.working !== key) return {}
  const budgetUsd = budgetNow(record, purchase)
  const orderId: OrderId | null = null
  const bought = { asset: HODL_CASH, quantity: budgetUsd, costUsd: budgetUsd, fees: '0', orderId }
  return { ...withCounted(record, bought), working: null }
}

/** What was asked for cannot be made now. */
export function withTurnedAway(
  record: HodlRecord,
  { key, reason }: { readonly key: string; readonly reason: string },
): Partial<HodlRecord> {
  const purchase = record.purchases.find((one) => one.key === key)
  if (purchase === undefined || record.working !== key) return {}
  const ended = { ...record, working: null }
  return { ...ended, ...postponed(ended, purchase.asset, reason, record.updatedAt + RETRY_MS) }
}

/** Everything that was put off may be tried now. */
export const withRetryNow = (): Pick<HodlRecord, 'retryAt'> => ({ retryAt: {} })

/** After a restart: whether the purchase at work was never written down as an order. */
export const isUnborn = ({ working }: HodlRecord, orders: readonly OrderView[]): boolean =>
  working !== null && !orders.some(({ request }) => request.key === working)
