/**
 * The order desk: gives birth to orders, each once per key, and finds them by that key. Orders are members of a pool; what
 * they are now is in the books.
 */
import type { Approved } from '../src/domain/approved.ts'
import { type OrderId, orderId, type Pair } from '../src/domain/ids.ts'
import { isLive, type OrderRequest } from '../src/domain/order.ts'
import type { Numeric } from '../src/domain/units.ts'
import { orderAddress } from './addresses.ts'
import type { House } from './house.ts'
import type { Permission } from './permission.ts'
import { member, type SpawnChild } from './pools.ts'
import type { JournaledInput, JournaledLogic } from './supervision/journaled.ts'

export interface Cause {
  readonly correlationId: string
  readonly causedBy?: string
}

export interface OrderDesk {
  /** The reason when it may not be born: the same key lives already, the house is draining, or an entry came too late. */
  place(request: Approved<OrderRequest>, cause: Cause): { readonly orderId: OrderId } | { readonly refused: string }
  cancel(key: string, reason: string): boolean
  amend(key: string, change: { readonly quantity?: Numeric; readonly triggerPrice?: Numeric }): boolean
  /** Cancels what would add risk or trade the core book, of these symbols or of all; exits and stops stay. */
  cancelEntries(reason: string, symbols?: readonly Pair[]): number
  /** Brings an order of the journal back to life; it hears `recover-order` first. */
  revive(id: OrderId, input: JournaledInput): void
  /** From now on nothing that adds risk is born. */
  close(): void
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
  const { addresses, books, clock, ids, settings } = house
  const born = new Map<string, OrderId>()
  let isClosed = false
  const recover = (id: OrderId) => () => {
    addresses.tell(orderAddress(id), { type: 'recover-order', seenAt: clock.now() })
  }
  /** `born` bridges the moment until the birth is on disk and in the books. */
  const liveId = (key: string): OrderId | null => {
    const known = books.orderByKey(key)?.orderId ?? null
    if (known !== null) born.delete(key)
    return known ?? born.get(key) ?? null
  }
  const adds = (request: OrderRequest): boolean =>
    request.intent === 'open' || request.intent === 'increase' || request.book === 'core'

  return {
    place: (request, cause) => {
      if (liveId(request.key) !== null) return { refused: `${request.key} was placed before` }
      if (isClosed && adds(request)) return { refused: 'the process is stopping' }
      if (request.purpose === 'entry' && !permission.mayOpenRisk(request.symbol))
        return { refused: 'risk may not be opened now' }
      const id = orderId(ids.next())
      born.set(request.key, id)
      const birth = {
        type: 'place-order',
        orderId: id,
        request,
        policy: settings.orderPolicy,
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
      return id !== null && addresses.tell(orderAddress(id), { type: 'amend-order', ...change, seenAt: clock.now() })
    },
    cancelEntries: (reason, symbols) => {
      const concerns = ({ symbol }: OrderRequest): boolean => symbols === undefined || symbols.includes(symbol)
      const adding = books
        .liveOrders()
        .filter((order) => isLive(order) && adds(order.request) && concerns(order.request))
      for (const order of adding)
        addresses.tell(orderAddress(order.orderId), { type: 'cancel-order', reason, seenAt: clock.now() })
      return adding.length
    },
    revive: (id, input) => {
      const order = books.order(id)
      if (order !== null) born.set(order.request.key, id)
      spawn(member(house, logic, { stream: orderAddress(id), input }, recover(id)))
      recover(id)()
    },
    close: () => {
      isClosed = true
    },
  }
}
