/**
 * The order desk: gives birth to orders, each once per key, and finds them by that key. Orders are members of a pool; what
 * they are now is in the books.
 */
import type { Approved } from '../src/domain/approved.ts'
import type { Fact } from '../src/domain/facts.ts'
import { type OrderId, orderId, type Pair } from '../src/domain/ids.ts'
import { isLive, type OrderRequest, type OrderScope } from '../src/domain/order.ts'
import { addsRisk, birthProblem, growthProblem } from '../src/domain/order-birth.ts'
import { retryDelays } from '../src/domain/order-story.ts'
import { ocoGroupOf } from '../src/domain/risk-reduction.ts'
import type { Numeric } from '../src/domain/units.ts'
import { orderAddress } from './addresses.ts'
import { createExitsWatch } from './exits-watch.ts'
import { createHoldings } from './holdings.ts'
import type { House } from './house.ts'
import type { Permission } from './permission.ts'
import { member, type SpawnChild } from './pools.ts'
import type { JournaledInput, JournaledLogic } from './supervision/journaled.ts'

export interface Cause {
  readonly correlationId: string
  readonly causedBy?: string
}

export interface OrderDesk {
  /**
   * The reason when it may not be born: the same key lives already, the house is draining, an entry came too late, or
   * what is held does not bear out its intent.
   */
  place(request: Approved<OrderRequest>, cause: Cause): { readonly orderId: OrderId } | { readonly refused: string }
  cancel(key: string, reason: string): boolean
  amend(key: string, change: { readonly quantity?: Numeric; readonly triggerPrice?: Numeric }): boolean
  /** Cancels what would add risk or trade the core book; exits and stops stay. */
  cancelEntries(reason: string, scope?: OrderScope): number
  /** Brings an order of the journal back to life; it hears `recover-order` first. */
  revive(id: OrderId, input: JournaledInput): void
  /** Executions and comparisons with the venue: exits that could sell more than is held, or have, are an invariant broken. */
  watch(fact: Fact): void
  /** Requests of orders that are born and not in the books yet: what they will hold is promised all the same. */
  unwritten(): readonly OrderRequest[]
  /** From now on nothing that adds risk, or trades the core book, is born. */
  close(): void
  isClosed(): boolean
}

/**
 * `permission` is asked once more at birth: between a verdict and the order that it allows, trading may have been paused
 * or halted, and what those cancel are the entries that are born by then.
 */
export function createOrderDesk(
  house: House,
  logic: JournaledLogic,
  spawn: (message: SpawnChild) => void,
  permission: Pick<Permission, 'mayOpenRisk'>,
): OrderDesk {
  const { addresses, books, clock, ids, random, settings, state } = house
  const born = new Map<string, { readonly id: OrderId; readonly request: OrderRequest }>()
  /** `born` bridges the moment until a birth is on disk and in the books; what is there may one day be forgotten there. */
  const forgetWritten = (): void => {
    for (const key of born.keys()) if (books.orderByKey(key) !== null) born.delete(key)
  }
  const unwritten = (): readonly OrderRequest[] => {
    forgetWritten()
    return [...born.values()].map(({ request }) => request)
  }
  const holdings = createHoldings(books, unwritten, settings.portfolio.hodl)
  let isClosed = false
  const recover = (id: OrderId) => () => {
    addresses.tell(orderAddress(id), { type: 'recover-order', seenAt: clock.now() })
  }
  const liveId = (key: string): OrderId | null => {
    forgetWritten()
    return books.orderByKey(key)?.orderId ?? born.get(key)?.id ?? null
  }
  const drawnFor = (id: OrderId): readonly number[] => {
    const chance = random.stream(`retry ${id}`)
    return retryDelays(settings.orderRetries.count, settings.orderRetries.firstMs, () => chance.next())
  }
  const deny = (key: string, orderId: OrderId | null, symbol: Pair, reason: string): string => {
    state('orders', { type: 'order.denied', key, orderId, symbol, reason })
    return reason
  }
  /** What the amended exit could sell, with the others of its position. */
  const amendProblem = (id: OrderId, quantity: Numeric | undefined): string | null => {
    const order = books.order(id)
    const owner = order?.request.positionId ?? null
    if (order === null || owner === null || quantity === undefined || addsRisk(order.request)) return null
    const others = holdings.liveExits(owner).filter(({ key }) => key !== order.request.key)
    const leg = { purpose: order.request.purpose, ocoGroup: ocoGroupOf(order.request) }
    return growthProblem(quantity, order.filled, holdings.heldBy(owner)?.quantity ?? '0', others, leg)
  }

  return {
    place: (request, cause) => {
      if (liveId(request.key) !== null) return { refused: `${request.key} was placed before` }
      if (isClosed && addsRisk(request)) return { refused: 'the process is stopping' }
      if (request.purpose === 'entry' && !permission.mayOpenRisk(request.symbol))
        return { refused: 'risk may not be opened now' }
      const problem = birthProblem(request, holdings.birthPlace(request))
      if (problem !== null) return { refused: deny(request.key, null, request.symbol, problem) }
      const id = orderId(ids.next())
      born.set(request.key, { id, request })
      const birth = {
        type: 'place-order',
        orderId: id,
        request,
        policy: settings.orderPolicy,
        retryDelaysMs: drawnFor(id),
        seenAt: clock.now(),
        ...cause,
      }
      const input: JournaledInput = { birth, correlationId: cause.correlationId, history: [], isNew: true }
      spawn(member(house, logic, { stream: orderAddress(id), input }, recover(id)))
      return { orderId: id }
    },
    cancel: (key, reason) => {
      const id = liveId(key)
      return id !== null && addresses.tell(orderAddress(id), { type: 'cancel-order', reason, seenAt: clock.now() })
    },
    amend: (key, change) => {
      const id = liveId(key)
      if (id === null) return false
      const problem = amendProblem(id, change.quantity)
      if (problem === null)
        return addresses.tell(orderAddress(id), { type: 'amend-order', ...change, seenAt: clock.now() })
      const order = books.order(id)
      if (order !== null) deny(key, id, order.request.symbol, problem)
      return false
    },
    cancelEntries: (reason, { symbols, book } = {}) => {
      const concerns = (request: OrderRequest): boolean =>
        (symbols === undefined || symbols.includes(request.symbol)) && (book === undefined || book === request.book)
      const adding = books
        .liveOrders()
        .filter((order) => isLive(order) && addsRisk(order.request) && concerns(order.request))
      for (const order of adding)
        addresses.tell(orderAddress(order.orderId), { type: 'cancel-order', reason, seenAt: clock.now() })
      return adding.length
    },
    revive: (id, input) => {
      const order = books.order(id)
      if (order !== null) born.set(order.request.key, { id, request: order.request })
      spawn(member(house, logic, { stream: orderAddress(id), input }, recover(id)))
      recover(id)()
    },
    watch: createExitsWatch(house, holdings),
    unwritten,
    close: () => {
      isClosed = true
    },
    isClosed: () => isClosed,
  }
}
