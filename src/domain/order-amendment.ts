/** Changing an order that rests: what may be asked of the venue, and what its answer makes of the order. Pure. */
import type { FactDraft } from './facts.ts'
import type { OrderId } from './ids.ts'
import type { OrderView } from './order.ts'
import { type OrderPolicy, type OrderRecord, orderDenied, orderFact, orderView, restingPhase } from './order-story.ts'
import { type Amount, amount, maxOf, type Numeric, ZERO } from './units.ts'

/** Quantity and prices, as an amendment sets them. */
export type Terms = Pick<OrderView, 'quantity' | 'limitPrice' | 'triggerPrice'>
/** What a command or the venue names of them. */
export interface Change {
  readonly quantity?: Numeric
  readonly limitPrice?: Numeric
  readonly triggerPrice?: Numeric
}

/** What an order keeps of its amendments. */
export interface Amendments {
  /** The change that the venue has been asked for and has not answered; one at a time. */
  readonly amending: Change | null
  /** When a change of price was last asked for, milliseconds UTC. */
  readonly repricedAt: number | null
  /** Whether the last message changed the terms. */
  readonly isRevised: boolean
}
export const NO_AMENDMENT: Amendments = { amending: null, repricedAt: null, isRevised: false }
/** A change that is asked for. */
export interface Asked extends Change {
  readonly seenAt: number
}
type Amendable = OrderRecord & Amendments & { readonly policy: OrderPolicy }

export const termsOf = ({ quantity, limitPrice, triggerPrice }: Terms): Terms => ({
  quantity,
  limitPrice,
  triggerPrice,
})

/** Only what is named, so that nothing else is asked of the venue. */
export const changeOf = ({ quantity, limitPrice, triggerPrice }: Change): Change => ({
  ...(quantity === undefined ? {} : { quantity }),
  ...(limitPrice === undefined ? {} : { limitPrice }),
  ...(triggerPrice === undefined ? {} : { triggerPrice }),
})

/** What the venue is asked to change. */
export const amendmentOf = ({ orderId }: OrderRecord, change: Change): Change & { readonly orderId: OrderId } => ({
  orderId,
  ...changeOf(change),
})

const same = (a: Numeric | null, b: Numeric | null): boolean =>
  a === null || b === null ? a === b : amount(a).eq(amount(b))

/** The terms once the change is made. */
export const changedBy = (terms: Terms, change: Change): Terms => ({ ...termsOf(terms), ...changeOf(change) })

export const isNews = (now: Terms, told: Terms): boolean =>
  !same(now.quantity, told.quantity) ||
  !same(now.limitPrice, told.limitPrice) ||
  !same(now.triggerPrice, told.triggerPrice)

type Revised = Terms & Pick<Amendments, 'amending' | 'isRevised'>
/** The present terms by the venue's word: whatever was on its way has been answered by it. */
export const withTerms = (order: Amendable, told: Terms): Revised => ({
  ...{ ...termsOf(told), amending: null, isRevised: isNews(order, told) },
})

/** The terms once the venue has taken a change; its answer to an earlier one, whose report came first, changes nothing. */
export function withAccepted(order: Amendable, change: Change): Partial<Revised> {
  const { amending } = order
  const isAwaited =
    amending !== null &&
    amending.quantity === change.quantity &&
    amending.limitPrice === change.limitPrice &&
    amending.triggerPrice === change.triggerPrice
  return isAwaited ? withTerms(order, changedBy(order, change)) : {}
}

/** How far the prices move, as a share of where they are. */
function moveOf(now: Terms, then: Terms): Amount {
  const moved = (from: Numeric | null, to: Numeric | null): Amount =>
    from === null || to === null || amount(from).isZero()
      ? ZERO
      : amount(to).minus(amount(from)).abs().div(amount(from))
  return maxOf(moved(now.limitPrice, then.limitPrice), moved(now.triggerPrice, then.triggerPrice))
}

/**
 * Why the venue is not asked for this change; null when it is. Small and frequent changes of price are not worth their
 * cost at the venue; a change of quantity is asked for at any time, for it keeps a stop as large as what it protects.
 */
function amendProblem(order: Amendable, change: Asked): string | null {
  const { policy, repricedAt } = order
  const then = changedBy(order, change)
  if (!isNews(order, then)) return 'it changes nothing'
  if (!same(order.quantity, then.quantity)) return null
  const { amendMinChangePct = '0', amendMinIntervalMs = 0 } = policy
  if (moveOf(order, then).times(100).lt(amount(amendMinChangePct)))
    return `it moves the price by less than ${amendMinChangePct} %`
  if (repricedAt !== null && change.seenAt < repricedAt + amendMinIntervalMs)
    return `the price was changed less than ${amendMinIntervalMs / 1000} s ago`
  return null
}

export const mayAmend = (order: Amendable, change: Asked): boolean =>
  order.amending === null && amendProblem(order, change) === null

/** The order with a change on its way. */
export const amendingBy = (order: Amendable, change: Asked): Partial<Amendments> => ({
  amending: changeOf(change),
  repricedAt: same(order.quantity, change.quantity ?? order.quantity) ? change.seenAt : order.repricedAt,
})

/** An amendment, told from a resting order; nothing where the last message changed nothing. */
export const amendedFacts = (record: Amendable): FactDraft[] =>
  record.isRevised ? [orderFact('order.amended', record, restingPhase(record))] : []

/** A change that will not be, told from a resting order to whoever asked for it. */
const amendRefusedFact = (record: OrderRecord, reason: string): FactDraft => ({
  type: 'order.amendRefused',
  order: orderView(record, restingPhase(record)),
  reason,
})

export const notAmendedFact = (
  record: OrderRecord,
  { code, message }: { readonly code: string; readonly message: string },
) => amendRefusedFact(record, `${code}: ${message}`)

/**
 * The answer to a change that the venue is not asked for. While another is on its way this one is only put off: its
 * owner decides anew when that one is answered.
 */
export const amendDenied = (order: Amendable, change: Asked): FactDraft =>
  order.amending === null
    ? amendRefusedFact(order, amendProblem(order, change) ?? 'it cannot be changed now')
    : orderDenied(order, 'another amendment is on its way')
