/** An order that a position asked for: what was last heard of it, and the change of it that is on its way. */
import type { Approved } from './approved.ts'
import { isFinal, isLive, type OrderRequest, type OrderView } from './order.ts'
import { type Amount, amount, type Numeric } from './units.ts'

/** What an amendment of a resting exit may change. */
export interface SlotChange {
  readonly quantity?: Numeric
  readonly triggerPrice?: Numeric
}

/** Times in milliseconds UTC. */
export interface OrderSlot {
  readonly request: Approved<OrderRequest>
  /** The order's latest view; null while nothing has been heard of it. */
  readonly view: OrderView | null
  /** The order was never born: after a crash, or refused before it was written down. */
  readonly dropped: boolean
  /** When it was turned away before it was born; not told where a crash lost it. */
  readonly droppedAt?: number
  /** We have asked for its end while the position stays. */
  readonly isWithdrawn?: true
  /** The change that was asked for and has no answer yet; a later one waits for it, and the latest is asked for then. */
  readonly asked?: SlotChange & { readonly at: number }
  /** When a change of its price was last answered. */
  readonly repricedAt?: number
  /** How often in a row it was asked to be larger, and when last. */
  readonly grown?: { readonly times: number; readonly at: number }
  /** When a change was last refused. */
  readonly refusedAt?: number
  /** Nobody here asked for it: the venue closed by force, or somebody did there by hand. */
  readonly isForced?: true
}

export const newSlot = (request: Approved<OrderRequest>): OrderSlot => ({ request, view: null, dropped: false })

export const isSlotLive = (slot: OrderSlot): boolean => !slot.dropped && (slot.view === null || isLive(slot.view))

/** What of it may still be executed, base units. */
export const unfilled = (slot: OrderSlot): Amount =>
  slot.view === null ? amount(slot.request.quantity) : amount(slot.view.quantity).minus(amount(slot.view.filled))

export const isAtVenue = (view: OrderView): boolean => view.status === 'OPEN' || view.status === 'PARTIALLY_FILLED'

/** The venue took it and ended it unasked, and nothing of it was filled. */
export const wasTakenBack = ({ view, isWithdrawn }: OrderSlot): boolean =>
  isWithdrawn !== true && (view?.status === 'CANCELLED' || view?.status === 'EXPIRED') && view.filled === '0'

/** A cancelled or expired entry may still bring a late fill: its position waits for the end of that window. */
export const mayStillFill = ({ request, view }: OrderSlot): boolean =>
  request.purpose === 'entry' &&
  view !== null &&
  view.phase !== 'done' &&
  (view.status === 'CANCELLED' || view.status === 'EXPIRED')

/** The same price, however it is written. */
export const isSamePrice = (a: Numeric | null | undefined, b: Numeric | null | undefined): boolean =>
  a === null || a === undefined || b === null || b === undefined ? false : amount(a).eq(amount(b))

const hasTerms = (
  order: OrderView,
  { quantity, triggerPrice }: SlotChange | Pick<OrderView, keyof SlotChange>,
): boolean =>
  (quantity === undefined || amount(order.quantity).eq(amount(quantity))) &&
  (triggerPrice === undefined || isSamePrice(order.triggerPrice, triggerPrice))

/** Where its price was asked for and it is known what became of that, the wait before the next such request begins. */
const answered = ({ asked, ...slot }: OrderSlot, at: number): OrderSlot =>
  asked?.triggerPrice === undefined ? slot : { ...slot, repricedAt: at }

/** An order that was looked up is not as it was asked to be: the request never arrived. */
export const isLost = ({ asked, view }: OrderSlot, order: OrderView): boolean =>
  asked !== undefined && view?.phase === 'unknown' && isAtVenue(order) && !hasTerms(order, asked)

/**
 * The slot once its order was reported. A change is answered by its terms, by a refusal, or by the order's end. Other terms
 * answer an earlier one that was waited for no longer: while that was on its way the order turned this one away.
 */
export function heardOf(slot: OrderSlot, order: OrderView, isRefused: boolean, at: number): OrderSlot {
  const { asked, view } = slot
  const heard = { ...slot, view: order, ...(isRefused ? { refusedAt: at } : {}) }
  if (asked === undefined) return heard
  const isChanged = view !== null && !hasTerms(order, view)
  return isChanged || isRefused || isFinal(order.status) || hasTerms(order, asked) ? answered(heard, at) : heard
}

/** The slot after a restart: what was never written down is dropped, and what was asked for is asked anew. */
export const recovered = (slot: OrderSlot, found: OrderView | undefined, at: number): OrderSlot => {
  const view = found ?? slot.view
  return { ...answered(slot, at), view, dropped: slot.dropped || view === null }
}

/** How soon a resting exit may be asked for another change. */
export interface AmendPolicy {
  /** Between two changes of its price, and the longest between two times that a stop is made larger. */
  readonly amendMinIntervalMs: number
  /** The longest between two times that a target is made larger: what it does not cover is watched here. */
  readonly trailSweepMs: number
  /** After this an answer is not waited for any more, and a refused change may be asked for again. */
  readonly retryMs: number
}

/** The wait after the first growth; it doubles with each that follows. */
const GROWTH_WAIT_MS = 250
/** After so many of the longest waits without growth the next one is a first one again. */
const CALM_AFTER_WAITS = 2

/**
 * When it may be made larger again, milliseconds UTC. The parts of one fill are followed at once; an entry that fills in
 * crumbs for minutes is followed at a pace that the venue's counter bears, where one request a crumb would use it up.
 */
export const growsAt = (slot: OrderSlot, policy: AmendPolicy): number =>
  slot.grown === undefined
    ? Number.NEGATIVE_INFINITY
    : slot.grown.at + Math.min(GROWTH_WAIT_MS * 2 ** (slot.grown.times - 1), longestWait(slot, policy))

const longestWait = ({ request }: OrderSlot, { amendMinIntervalMs, trailSweepMs }: AmendPolicy): number =>
  request.purpose === 'target' ? trailSweepMs : amendMinIntervalMs

const isLarger = ({ view }: OrderSlot, { quantity }: SlotChange): boolean =>
  quantity !== undefined && view !== null && amount(quantity).gt(amount(view.quantity))

/** The slot once that was asked for. One that is asked for again because nothing was answered is no growth of its own. */
export function withAsked(slot: OrderSlot, change: SlotChange, policy: AmendPolicy, at: number): OrderSlot {
  const asked = { ...slot, asked: { ...change, at } }
  if (!isLarger(slot, change) || slot.asked?.quantity !== undefined) return asked
  const { grown } = slot
  const isCalm = grown === undefined || at >= grown.at + CALM_AFTER_WAITS * longestWait(slot, policy)
  return { ...asked, grown: { times: isCalm ? 1 : grown.times + 1, at } }
}

/**
 * What may be asked of a resting order now, of all that it should be; null where it must wait, or is as it should be.
 * `mayGrowOn`: the entry still works, and this growth may not be the last.
 */
export function changeNow(
  slot: OrderSlot,
  wanted: SlotChange,
  policy: AmendPolicy,
  { now, mayGrowOn }: { readonly now: number; readonly mayGrowOn: boolean },
): SlotChange | null {
  const { asked, refusedAt, repricedAt } = slot
  const { amendMinIntervalMs, retryMs } = policy
  if (asked !== undefined && now < asked.at + retryMs) return null
  if (refusedAt !== undefined && now < refusedAt + retryMs) return null
  const { quantity, triggerPrice } = wanted
  const mustWait = mayGrowOn && isLarger(slot, wanted) && now < growsAt(slot, policy)
  if (quantity !== undefined && !mustWait) return wanted
  if (triggerPrice === undefined) return null
  return repricedAt === undefined || now >= repricedAt + amendMinIntervalMs ? { triggerPrice } : null
}
