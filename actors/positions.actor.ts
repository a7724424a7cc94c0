/** The position desk: gives birth to positions and passes on to each what happens to its orders. */

import type { Fact } from '../src/domain/facts.ts'
import type { PositionId } from '../src/domain/ids.ts'
import type { CloseReason } from '../src/domain/position.ts'
import type { PositionBirth } from '../src/domain/position-birth.ts'
import { positionAddress } from './addresses.ts'
import type { House } from './house.ts'
import type { Cause } from './orders.actor.ts'
import { member, type SpawnChild } from './pools.ts'
import type { JournaledInput, JournaledLogic } from './supervision/journaled.ts'

export interface PositionDesk {
  open(birth: Omit<PositionBirth, 'policy' | 'seenAt'>, cause: Cause): void
  /** False when the position is not alive. */
  close(positionId: PositionId, reason: CloseReason): boolean
  /** An order's fact, for the position that asked for the order. */
  pass(fact: Fact): void
  revive(positionId: PositionId, input: JournaledInput): void
  /** Tells a revived position what its orders are now; after all orders are back. */
  recover(positionId: PositionId): void
}

export function createPositionDesk(
  house: House,
  logic: JournaledLogic,
  spawn: (message: SpawnChild) => void,
): PositionDesk {
  const { addresses, books, clock, settings } = house
  const recover = (positionId: PositionId): void => {
    const orders = books.ordersOf(positionId)
    addresses.tell(positionAddress(positionId), {
      type: 'orders.recovered',
      orders,
      seenAt: clock.now(),
      origin: 'reconciled',
    })
  }
  const enlist = (positionId: PositionId, input: JournaledInput): void =>
    spawn(member(house, logic, { stream: positionAddress(positionId), input }, () => recover(positionId)))
  return {
    open: (plan, cause) => {
      const birth = { type: 'open-position', ...plan, policy: settings.positionPolicy, seenAt: clock.now(), ...cause }
      enlist(plan.positionId, { birth, correlationId: cause.correlationId, history: [], isNew: true })
    },
    close: (positionId, reason) =>
      addresses.tell(positionAddress(positionId), { type: 'close-position', reason, seenAt: clock.now() }),
    pass: (fact) => {
      if (!('order' in fact) || fact.order.request.positionId === null) return
      const address = positionAddress(fact.order.request.positionId)
      addresses.tell(address, {
        type: 'order.reported',
        order: fact.order,
        seenAt: clock.now(),
        causedBy: fact.id,
        origin: fact.origin,
      })
    },
    revive: enlist,
    recover,
  }
}
