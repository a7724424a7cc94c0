/** Rebalance plans: their desk, and each plan's machine bound to permission, the rebalance gate and the order desk. */
import { rebalancePlanMachine } from '../machines/rebalance-plan.machine.ts'
import type { EffectOf } from '../machines/step.ts'
import { assertNever } from '../src/domain/assert.ts'
import { baseOf, type PlanId, pair, quoteOf } from '../src/domain/ids.ts'
import { roundDownToLot, roundToTick } from '../src/domain/instrument.ts'
import type { OrderRequest } from '../src/domain/order.ts'
import type { PlanBirth, PlannedTrade } from '../src/domain/rebalance-plan-record.ts'
import { freeOf } from '../src/domain/reckoning.ts'
import { approveRebalance } from '../src/domain/risk.ts'
import { guarded, guardPrice } from '../src/domain/slippage.ts'
import { type Amount, amount, maxOf, minOf, sumOf, text, ZERO } from '../src/domain/units.ts'
import type { Marks } from '../src/domain/valuation.ts'
import type { Account } from './account.ts'
import { planAddress } from './addresses.ts'
import { type House, instrumentOf } from './house.ts'
import { createOrderOwners, type OrderOwners } from './order-owners.ts'
import type { OrderDesk } from './orders.actor.ts'
import type { Permission } from './permission.ts'
import type { SpawnChild } from './pools.ts'
import { type JournaledLogic, journaled } from './supervision/journaled.ts'

/** A batch that may not go now goes at the coordinator's word; should that be missed, it asks again after this. */
const HELD_BATCH_MS = 300_000

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

/** Asks for one trade of a plan: at the mark, within what is free of the core book, through the rebalance gate. */
function placeTrade(
  house: House,
  account: Account,
  orders: OrderDesk,
  permission: Permission,
  marks: Marks,
  plan: PlanId,
  planned: PlannedTrade,
): string | null {
  const { books, clock, settings } = house
  const symbol = pair(planned.trade.symbol)
  const instrument = instrumentOf(settings, symbol)
  const mark = account.priceOf()(symbol)
  if (mark === null) return 'STALE_DATA'
  const { side } = planned.trade
  const isLimit = settings.portfolio.orderType === 'limit'
  const price = isLimit
    ? roundToTick(mark, instrument)
    : guardPrice(side, mark, settings.limits.slippageGuardPct, instrument)
  const balances = account.balances()
  const feeRate = settings.fees.taker
  const isBuy = planned.trade.side === 'buy'
  const inPositions = sumOf(books.openPositions(symbol).map((position) => amount(position.quantity)))
  const stopsHold = sumOf(
    books
      .liveOrders()
      .filter(
        (order) => order.request.book === 'trading' && order.request.side === 'sell' && order.request.symbol === symbol,
      )
      .map((order) => amount(order.quantity).minus(amount(order.filled))),
  )
  // Base that positions hold is not core; what their own exits hold of it is not free to begin with.
  const notCore = maxOf(inPositions.minus(stopsHold), ZERO)
  const free: Amount = isBuy
    ? freeOf(balances, quoteOf(symbol))
    : maxOf(freeOf(balances, baseOf(symbol)).minus(notCore), ZERO)
  const most = isBuy ? free.div(price.times(amount(feeRate).plus(1))) : free
  const size = roundDownToLot(minOf(amount(planned.trade.quantity), most), instrument)
  const wanted: OrderRequest = {
    key: planned.key,
    symbol,
    side,
    type: settings.portfolio.orderType,
    quantity: text(size),
    limitPrice: isLimit ? text(price) : null,
    triggerPrice: null,
    timeInForce: isLimit ? 'GTD' : 'GTC',
    expiresAt: isLimit ? clock.now() + settings.portfolio.orderLifeMs : null,
    postOnly: false,
    reduceOnly: false,
    leverage: 1,
    intent: isBuy ? 'increase' : 'reduce',
    purpose: 'rebalance',
    book: 'core',
    positionId: null,
    planId: plan,
  }
  const request = guarded(wanted, price)
  const unknownOrderSymbols = books
    .liveOrders()
    .filter((order) => order.phase === 'unknown')
    .map((order) => order.request.symbol)
  const control = permission.control()
  const gate = {
    now: clock.now(),
    paused: control === 'PAUSED',
    halted: control === 'HALTED' || symbol in permission.haltedSymbols(),
    reconciling: permission.isReconciling(),
  }
  const verdict = approveRebalance(
    request,
    { ...gate, unknownOrderSymbols, marks, freeBalance: text(free), feeRate },
    settings.limits,
  )
  if (verdict.kind === 'refused') return `${verdict.code}: ${verdict.message}`
  const placed = orders.place(verdict.order, { correlationId: plan })
  return 'refused' in placed ? placed.refused : null
}

type PlanEffect = Exclude<EffectOf<typeof rebalancePlanMachine>, { type: 'publish-facts' }>

/** One plan: its machine bound to the journal, its claims answered by permission, its trades asked of the order desk. */
export const planLogic = (
  house: House,
  account: Account,
  orders: OrderDesk,
  permission: Permission,
  marks: () => Marks,
): JournaledLogic =>
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
          // A plan works on the whole core book: while one symbol's balances are not understood, all of it waits.
          const isAnyHalted = Object.keys(permission.haltedSymbols()).length > 0
          const mayGo = permission.control() === 'RUNNING' && !permission.isReconciling() && !isAnyHalted
          const now = clock.now()
          const retryAt = now + HELD_BATCH_MS
          const address = planAddress(effect.params.planId)
          addresses.tell(
            address,
            mayGo ? { type: 'batch.granted', seenAt: now } : { type: 'batch.held', retryAt, seenAt: now },
          )
          return
        }
        case 'place-trades':
          for (const planned of effect.params.trades) {
            const reason = placeTrade(house, account, orders, permission, marks(), effect.params.planId, planned)
            if (reason === null) continue
            addresses.tell(planAddress(effect.params.planId), {
              type: 'order.turnedAway',
              key: planned.key,
              reason,
              seenAt: clock.now(),
            })
          }
          return
        case 'cancel-trades':
          for (const key of effect.params.keys) orders.cancel(key, effect.params.reason)
          return
        case 'set-deadline':
          return house.timers.set(stream, effect.params.name, effect.params.at)
        default:
          return assertNever(effect)
      }
    },
  })
