/**
 * What the venue tells of orders, by socket or by list, made into reports: sparse updates are merged by order, every
 * execution is told once, and an order that has ended never comes back.
 */
import type { OrderId, Pair, VenueOrderId } from '../../../domain/ids.ts'
import type { Fill } from '../../../domain/order.ts'
import type { Numeric } from '../../../domain/units.ts'
import type { ExecutionReport } from '../../../ports/exchange.ts'
import type { KnownFills } from './known-fills.ts'
import type { FilledRow } from './order-lists.ts'
import type { Execution } from './private-frames.ts'

/** An order's terms, as far as they are known. */
interface Terms {
  readonly quantity: Numeric | undefined
  readonly limitPrice: Numeric | undefined
  readonly triggerPrice: Numeric | undefined
}

/** A report that still lacks our id: whose order it is may be learnt later. */
type Draft = (clientOrderId: OrderId) => ExecutionReport

interface Followed {
  readonly venueOrderId: VenueOrderId
  clientOrderId: OrderId | null
  symbol: Pair | null
  terms: Terms
  isOpen: boolean
  hasEnded: boolean
  readonly toldFills: Set<string>
  readonly untold: Draft[]
}

const UNKNOWN_TERMS: Terms = { quantity: undefined, limitPrice: undefined, triggerPrice: undefined }
/** Orders followed; ended ones go first. */
const MOST_FOLLOWED = 5_000
/** Reports kept for an order whose client id is not known; all of it is the venue's answer away. */
const MOST_UNTOLD = 50

export interface ExecutionsParts {
  readonly fills: KnownFills
  readonly tell: (report: ExecutionReport) => void
  /** The venue's own count of a pair's engine counter. */
  readonly count: (symbol: Pair, points: number) => void
}

export class Executions {
  readonly #fills: KnownFills
  readonly #tell: (report: ExecutionReport) => void
  readonly #count: (symbol: Pair, points: number) => void
  readonly #orders = new Map<VenueOrderId, Followed>()

  constructor({ fills, tell, count }: ExecutionsParts) {
    this.#fills = fills
    this.#tell = tell
    this.#count = count
  }

  /** An order of ours: what was told of it before its id was known is told now. */
  know(venueOrderId: VenueOrderId, clientOrderId: OrderId, terms: Partial<Terms> = {}): void {
    const order = this.#follow(venueOrderId)
    // What the venue has said meanwhile is newer than what was asked.
    order.terms = { ...UNKNOWN_TERMS, ...terms, ...said(order.terms) }
    this.#name(order, clientOrderId)
  }

  hasEnded(venueOrderId: VenueOrderId): boolean {
    return this.#orders.get(venueOrderId)?.hasEnded === true
  }

  /** Orders of ours that have not ended as far as we heard. */
  live(): readonly VenueOrderId[] {
    return [...this.#orders.values()].filter((order) => !order.hasEnded && order.clientOrderId !== null).map(idOf)
  }

  /** One row of the socket. Of a row that comes late only its execution counts: the rest is older than what we know. */
  take(row: Execution, isLate: boolean): void {
    const order = this.#follow(row.venueOrderId)
    order.symbol ??= row.symbol
    if (row.clientOrderId !== null) this.#name(order, row.clientOrderId)
    if (row.fill !== null) this.#tellFill(order, row.fill)
    if (isLate) return
    if (row.count !== null && order.symbol !== null) this.#count(order.symbol, row.count)
    const end = endOf(row)
    if (end === 'filled') order.hasEnded = true
    else if (end !== null) this.#end(order, end, row)
    else if (row.type === 'pending_new') order.terms = { ...order.terms, ...said(row) }
    else this.#stand(order, row)
  }

  /** The open orders as a subscription begins with them. What we followed and is not there has ended meanwhile. */
  takeSnapshot(rows: readonly Execution[]): void {
    const listed = new Set(rows.map((row) => row.venueOrderId))
    for (const [id, order] of this.#orders) if (!order.hasEnded && !listed.has(id)) this.#orders.delete(id)
    for (const row of rows) {
      const isKnown = this.#orders.has(row.venueOrderId)
      if (!isKnown) {
        // Open since before our time: its owner learns of it by comparing, not by a report.
        const order = this.#follow(row.venueOrderId)
        order.isOpen = row.status !== 'pending_new'
        order.terms = { ...UNKNOWN_TERMS, ...said(row) }
      }
      this.take(row, false)
    }
  }

  /** An order as a list has it, with its executions: tells what has changed since it was last heard of. */
  takeListed({ row, fills }: FilledRow): void {
    const order = this.#follow(row.venueOrderId)
    if (row.clientOrderId !== null) this.#name(order, row.clientOrderId)
    const { quantity, limitPrice, triggerPrice, reason, filled, status } = row
    const at = row.closedAt ?? fills.at(-1)?.at ?? row.openedAt
    const stand = { quantity, limitPrice: limitPrice ?? undefined, triggerPrice: triggerPrice ?? undefined, filled, at }
    if (status !== 'pending') this.#stand(order, stand)
    for (const fill of fills) this.#tellFill(order, fill)
    if (status === 'cancelled' || status === 'expired') this.#end(order, status, { reason, filled, at })
    else if (status === 'filled') order.hasEnded = true
  }

  #follow(venueOrderId: VenueOrderId): Followed {
    const known = this.#orders.get(venueOrderId)
    if (known !== undefined) return known
    const order: Followed = {
      ...{ venueOrderId, clientOrderId: null, symbol: null, terms: UNKNOWN_TERMS, isOpen: false, hasEnded: false },
      ...{ toldFills: new Set<string>(), untold: [] },
    }
    this.#orders.set(venueOrderId, order)
    if (this.#orders.size > MOST_FOLLOWED) this.#forgetOne()
    return order
  }

  #forgetOne(): void {
    for (const [id, order] of this.#orders) {
      if (!order.hasEnded && order.clientOrderId !== null) continue
      this.#orders.delete(id)
      return
    }
  }

  #name(order: Followed, clientOrderId: OrderId): void {
    if (order.clientOrderId !== null) return
    order.clientOrderId = clientOrderId
    for (const draft of order.untold.splice(0)) this.#tell(draft(clientOrderId))
  }

  #report(order: Followed, draft: Draft): void {
    if (order.clientOrderId !== null) this.#tell(draft(order.clientOrderId))
    else if (order.untold.length < MOST_UNTOLD) order.untold.push(draft)
  }

  #open(order: Followed, at: number): void {
    if (order.isOpen || order.hasEnded) return
    order.isOpen = true
    const { venueOrderId } = order
    this.#report(order, (clientOrderId) => ({ kind: 'opened', clientOrderId, venueOrderId, at }))
  }

  #tellFill(order: Followed, fill: Fill): void {
    const { venueOrderId } = order
    this.#fills.add(venueOrderId, fill)
    if (order.toldFills.has(fill.tradeId)) return
    order.toldFills.add(fill.tradeId)
    this.#open(order, fill.at)
    this.#report(order, (clientOrderId) => ({ kind: 'filled', clientOrderId, venueOrderId, fill, at: fill.at }))
  }

  /** The order stands open on these terms; terms that differ from those we knew were amended. */
  #stand(order: Followed, row: Terms & { readonly at: number }): void {
    if (order.hasEnded) return
    const before = order.terms
    order.terms = { ...before, ...said(row) }
    const { quantity, limitPrice = null, triggerPrice = null } = order.terms
    this.#open(order, row.at)
    if (quantity === undefined || !isChanged(before, order.terms)) return
    const { at } = row
    this.#report(order, (clientOrderId) => ({
      ...{ kind: 'amended', clientOrderId, quantity, limitPrice, triggerPrice, at },
    }))
  }

  #end(
    order: Followed,
    kind: 'cancelled' | 'expired',
    { reason, filled, at }: Pick<Execution, 'reason' | 'filled' | 'at'>,
  ): void {
    if (order.hasEnded) return
    order.hasEnded = true
    const before = filled === undefined ? {} : { filled }
    this.#report(order, (clientOrderId) =>
      kind === 'cancelled'
        ? { kind, clientOrderId, reason: reason ?? 'cancelled by the venue', ...before, at }
        : { kind, clientOrderId, ...before, at },
    )
  }
}

const ENDS: Readonly<Record<string, 'filled' | 'cancelled' | 'expired'>> = {
  filled: 'filled',
  canceled: 'cancelled',
  expired: 'expired',
}
/** What happened decides; where that is no end, the state that the order is said to be in. */
const endOf = ({ type, status }: Execution) => ENDS[type] ?? ENDS[status ?? ''] ?? null

const idOf = (order: Followed): VenueOrderId => order.venueOrderId

/** The terms that are there. */
function said({ quantity, limitPrice, triggerPrice }: Terms): Partial<Terms> {
  return {
    ...(quantity === undefined ? {} : { quantity }),
    ...(limitPrice === undefined ? {} : { limitPrice }),
    ...(triggerPrice === undefined ? {} : { triggerPrice }),
  }
}

/** A term that was not known before is news to us, not a change. */
const isChanged = (before: Terms, after: Terms): boolean =>
  (['quantity', 'limitPrice', 'triggerPrice'] as const).some(
    (term) => before[term] !== undefined && before[term] !== after[term],
  )
