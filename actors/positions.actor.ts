/** The position desk: gives birth to positions, closes them, and passes on to each what happens to its orders. */

import type { PositionId } from '../src/domain/ids.ts'
import type { CloseReason } from '../src/domain/position.ts'
import { type PositionBirth, positionProblem } from '../src/domain/position-birth.ts'
import { positionAddress } from './addresses.ts'
import type { House } from './house.ts'
import { createOrderOwners, type OrderOwners } from './order-owners.ts'
import type { Cause } from './orders.actor.ts'
import type { SpawnChild } from './pools.ts'
import type { JournaledLogic } from './supervision/journaled.ts'

export interface PositionDesk extends Omit<OrderOwners<PositionId>, 'bear'> {
  /** False when it is not born, for a reason that is told. */
  open(birth: Omit<PositionBirth, 'policy' | 'seenAt'>, cause: Cause): boolean
  /** False when the position is not alive. */
  close(positionId: PositionId, reason: CloseReason): boolean
  /** Has half of it sold for a breaker, its stop amended first; false when the position is not alive. */
  halve(positionId: PositionId): boolean
}

export function createPositionDesk(
  house: House,
  logic: JournaledLogic,
  spawn: (message: SpawnChild) => void,
): PositionDesk {
  const { addresses, clock, settings } = house
  const { bear, ...owned } = createOrderOwners<PositionId>(house, logic, spawn, {
    addressOf: positionAddress,
    ownerOf: (request) => request.positionId,
  })
  return {
    ...owned,
    open: (plan, cause) => {
      const reason = positionProblem(plan)
      if (reason !== null) {
        const { positionId, instrument } = plan
        house.state('positions', { type: 'position.denied', positionId, symbol: instrument.symbol, reason })
        return false
      }
      const birth = { type: 'open-position', ...plan, policy: settings.positionPolicy, seenAt: clock.now(), ...cause }
      bear(plan.positionId, birth, cause.correlationId)
      return true
    },
    close: (positionId, reason) =>
      addresses.tell(positionAddress(positionId), { type: 'close-position', reason, seenAt: clock.now() }),
    halve: (positionId) =>
      addresses.tell(positionAddress(positionId), {
        ...{ type: 'reduce-position', share: '0.5', reason: 'breaker', seenAt: clock.now() },
      }),
  }
}
