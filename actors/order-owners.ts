/** What positions and plans have in common: each asks for orders, and must hear what became of them. */
import type { Fact } from '../src/domain/facts.ts'
import type { PlanId, PositionId } from '../src/domain/ids.ts'
import { asDoubted, type OrderRequest, type OrderView } from '../src/domain/order.ts'
import type { planAddress, positionAddress } from './addresses.ts'
import type { House } from './house.ts'
import { member, type SpawnChild } from './pools.ts'
import type { JournaledInput, JournaledLogic } from './supervision/journaled.ts'

export interface OrderOwners<Id> {
  /** A new one; the desk says how it begins. */
  bear(id: Id, birth: JournaledInput['birth'], correlationId: string): void
  /** Brings one of the journal back to life; `recover` follows. */
  revive(id: Id, input: JournaledInput): void
  /** An order's fact, for the one that asked for the order. */
  pass(fact: Fact): void
  /** Tells a revived owner what is known of its orders; after all orders are back, and each is being looked up. */
  recover(id: Id): void
}

export interface Ownership<Id> {
  readonly addressOf: (id: Id) => ReturnType<typeof positionAddress> | ReturnType<typeof planAddress>
  /** Who of this pool asked for the order; null when it was nobody of it. */
  readonly ownerOf: (request: OrderRequest) => Id | null
}

export function createOrderOwners<Id extends PositionId | PlanId>(
  house: House,
  logic: JournaledLogic,
  spawn: (message: SpawnChild) => void,
  { addressOf, ownerOf }: Ownership<Id>,
): OrderOwners<Id> {
  const { addresses, books, clock } = house
  const tellOrders = (id: Id, orders: readonly OrderView[]): void => {
    addresses.tell(addressOf(id), {
      type: 'orders.recovered',
      orders,
      seenAt: clock.now(),
      origin: 'reconciled',
    })
  }
  const enlist = (id: Id, input: JournaledInput): void =>
    spawn(member(house, logic, { stream: addressOf(id), input }, () => tellOrders(id, books.ordersOf(id))))
  return {
    bear: (id, birth, correlationId) => enlist(id, { birth, correlationId, history: [], isNew: true }),
    revive: enlist,
    pass: (fact) => {
      if (!('order' in fact)) return
      const owner = ownerOf(fact.order.request)
      if (owner === null) return
      addresses.tell(addressOf(owner), {
        type: 'order.reported',
        order: fact.order,
        ...(fact.type === 'order.amendRefused' ? { amendRefused: fact.reason } : {}),
        seenAt: clock.now(),
        causedBy: fact.id,
        origin: fact.origin,
      })
    },
    // That they are in doubt is on its way to the books: an order that is asked for by what they were would be turned away.
    recover: (id) => tellOrders(id, books.ordersOf(id).map(asDoubted)),
  }
}
