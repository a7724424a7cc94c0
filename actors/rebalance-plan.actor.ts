/** Rebalance plans: their desk, and each plan's machine bound to permission, the rebalance gate and the order desk. */
import { rebalancePlanMachine } from '../machines/rebalance-plan.machine.ts'
import type { EffectOf } from '../machines/step.ts'
import { assertNever } from '../src/domain/assert.ts'
import { type Pair, type PlanId, pair } from '../src/domain/ids.ts'
import type { PlanBirth } from '../src/domain/rebalance-plan-record.ts'
import { planAddress } from './addresses.ts'
import type { CoreBook } from './core-book.ts'
import type { House } from './house.ts'
import { createOrderOwners, type OrderOwners } from './order-owners.ts'
import type { OrderDesk } from './orders.actor.ts'
import type { Permission } from './permission.ts'
import type { SpawnChild } from './pools.ts'
import { type JournaledLogic, journaled } from './supervision/journaled.ts'

/** A batch that may not go now goes at the coordinator's word; should that be missed, it asks again after this. */
const HELD_BATCH_MS = 300_000
const UNPAID = 'its sells brought nothing to pay for it'
/** One that lacks a price, or waits for an order to be looked up, asks again after this. */
const UNTRADABLE_MS = 10_000

export interface PlanDesk extends Omit<OrderOwners<PlanId>, 'bear'> {
  start(birth: Omit<PlanBirth, 'seenAt'>): void
  /** What the plan at work had to hold may go now, as far as permission says. */
  allow(): void
}

export function createPlanDesk(house: House, logic: JournaledLogic, spawn: (message: SpawnChild) => void): PlanDesk {
  const { bear, ...owned } = createOrderOwners<PlanId>(house, logic, spawn, {
    addressOf: planAddress,
    ownerOf: (request) => request.planId,
  })
  return {
    ...owned,
    start: (plan) => {
      const birth = { type: 'start-plan', ...plan, seenAt: house.clock.now() }
      bear(plan.planId, birth, plan.planId)
    },
    allow: () => {
      const { activeId } = house.books.plan()
      if (activeId === null) return
      house.addresses.tell(planAddress(activeId), { type: 'trading.allowed', seenAt: house.clock.now() })
    },
  }
}

interface PlanMeans {
  readonly core: CoreBook
  readonly orders: Pick<OrderDesk, 'cancel' | 'isClosed'>
  readonly permission: Permission
}

/**
 * How long a batch has to wait at most; null when it may go. A plan works on the whole core book: while one symbol's
 * balances are not understood, all of it waits. So it does for a price and for the next start, or its trades
 * would be refused one by one.
 */
function heldFor({ orders, permission, core }: PlanMeans, symbols: readonly Pair[]): number | null {
  if (orders.isClosed()) return HELD_BATCH_MS
  const isAnyHalted = Object.keys(permission.haltedSymbols()).length > 0
  if (permission.control() !== 'RUNNING' || permission.isReconciling() || isAnyHalted) return HELD_BATCH_MS
  return symbols.every(core.isTradable) ? null : UNTRADABLE_MS
}

type PlanEffect = Exclude<EffectOf<typeof rebalancePlanMachine>, { type: 'publish-facts' }>

/** One plan: its machine bound to the journal, its claims answered by permission, its trades asked of the order desk. */
export const planLogic = (house: House, means: PlanMeans): JournaledLogic =>
  journaled(rebalancePlanMachine, {
    journal: house.journal,
    ids: house.ids,
    publish: (fact) => house.publish('portfolio', fact),
    unhandled: house.unhandled,
    perform: (stream, given) => {
      const effect = given as PlanEffect
      const { addresses, clock } = house
      switch (effect.type) {
        case 'claim-batch': {
          const { planId, symbols } = effect.params
          const now = clock.now()
          const heldForMs = heldFor(means, symbols)
          const answer =
            heldForMs === null
              ? ({ type: 'batch.granted', seenAt: now } as const)
              : ({ type: 'batch.held', retryAt: now + heldForMs, seenAt: now } as const)
          addresses.tell(planAddress(planId), answer)
          return
        }
        case 'place-trades':
          for (const { key, trade } of effect.params.trades) {
            const { planId } = effect.params
            const { side, quantity, valueUsd } = trade
            const address = planAddress(planId)
            if (quantity === '0') {
              addresses.tell(address, { type: 'order.turnedAway', key, reason: UNPAID, seenAt: clock.now() })
              continue
            }
            // Between the claim and this trade, which may have waited for its sells, much may have happened.
            const heldForMs = heldFor(means, [pair(trade.symbol)])
            const seenAt = clock.now()
            if (heldForMs !== null) {
              addresses.tell(address, { type: 'trade.held', key, retryAt: seenAt + heldForMs, seenAt })
              continue
            }
            const asked = { key, symbol: pair(trade.symbol), side, most: { quantity, valueUsd } }
            const reason = means.core.place({ ...asked, planId, correlationId: planId })
            if (reason === null) continue
            addresses.tell(address, { type: 'order.turnedAway', key, reason, seenAt })
          }
          return
        case 'cancel-trades':
          for (const key of effect.params.keys) means.orders.cancel(key, effect.params.reason)
          return
        case 'set-deadline':
          return house.timers.set(stream, effect.params.name, effect.params.at)
        default:
          return assertNever(effect)
      }
    },
  })
