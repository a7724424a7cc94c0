/**
 * The portfolio: answers risk questions, looks after the allocation, and runs at most one rebalance plan at a time.
 */
import { type PlanBirth, type PlannedTrade, rebalancePlanMachine } from '../machines/rebalance-plan.machine.ts'
import type { EffectOf } from '../machines/step.ts'
import { rebalanceNeed } from '../src/domain/allocation.ts'
import { assertNever } from '../src/domain/assert.ts'
import { scheduleTrades } from '../src/domain/dca.ts'
import type { Fact } from '../src/domain/facts.ts'
import { asset, baseOf, type PlanId, pair, planId, quoteOf } from '../src/domain/ids.ts'
import { roundDownToLot, roundToTick } from '../src/domain/instrument.ts'
import type { OrderRequest } from '../src/domain/order.ts'
import { freeOf } from '../src/domain/reckoning.ts'
import { approveRebalance } from '../src/domain/risk.ts'
import { type Amount, amount, maxOf, minOf, sumOf, text, ZERO } from '../src/domain/units.ts'
import type { Marks } from '../src/domain/valuation.ts'
import type { Account } from './account.ts'
import { planAddress } from './addresses.ts'
import { type House, instrumentOf } from './house.ts'
import type { PortfolioMessage } from './messages.ts'
import type { OrderDesk } from './orders.actor.ts'
import type { Permission } from './permission.ts'
import { member, type SpawnChild } from './pools.ts'
import type { RiskDesk } from './risk-desk.ts'
import { type JournaledInput, type JournaledLogic, journaled } from './supervision/journaled.ts'
import { serving } from './supervision/serving.ts'

/** How long a batch that may not go now waits before it asks again. */
const HELD_BATCH_MS = 60_000

export interface PlanDesk {
  start(birth: Omit<PlanBirth, 'seenAt'>): void
  pass(fact: Fact): void
  revive(id: PlanId, input: JournaledInput): void
  recover(id: PlanId): void
}

export function createPlanDesk(house: House, logic: JournaledLogic, spawn: (message: SpawnChild) => void): PlanDesk {
  const { addresses, books, clock } = house
  const recover = (id: PlanId): void => {
    addresses.tell(planAddress(id), {
      type: 'orders.recovered',
      orders: books.ordersOf(id),
      seenAt: clock.now(),
      origin: 'reconciled',
    })
  }
  const enlist = (id: PlanId, input: JournaledInput): void =>
    spawn(member(house, logic, { stream: planAddress(id), input }, () => recover(id)))
  return {
    start: (plan) => {
      const birth = { type: 'start-plan', ...plan, seenAt: clock.now() }
      enlist(plan.planId, { birth, correlationId: plan.planId, history: [], isNew: true })
    },
    pass: (fact) => {
      if (!('order' in fact) || fact.order.request.planId === null) return
      const address = planAddress(fact.order.request.planId)
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
  const price = roundToTick(mark, instrument)
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
  const isLimit = settings.portfolio.orderType === 'limit'
  const request: OrderRequest = {
    key: planned.key,
    symbol,
    side: planned.trade.side,
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
  const unknownOrderSymbols = books
    .liveOrders()
    .filter((order) => order.phase === 'unknown')
    .map((order) => order.request.symbol)
  const control = permission.control()
  const gate = {
    now: clock.now(),
    paused: control === 'PAUSED',
    halted: control === 'HALTED',
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
          const mayGo = permission.control() === 'RUNNING' && !permission.isReconciling()
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

/** One portfolio check: whether the core book strayed, and the plan that would bring it back. */
function check(house: House, account: Account, plans: PlanDesk, forced: boolean): void {
  const { books, clock, ids, settings } = house
  const core = account.allocation()
  const tell = (action: 'no_action' | 'rebalance' | 'defer', reason: string, maxDeviationPct: string): void =>
    house.state('portfolio', { type: 'rebalance.checked', action, reason, maxDeviationPct })
  if (core.kind === 'stale') return tell('defer', `no fresh price of ${core.staleMarks.join(', ')}`, '0')
  const valued = account.view()
  if (valued !== null) house.state('portfolio', { type: 'portfolio.valued', allocation: valued })
  const spendableUsdt = text(freeOf(account.balances(), asset('USDT')))
  const means = { priceOf: account.priceOf(), instruments: settings.instruments, spendableUsdt }
  const need = rebalanceNeed(core, means, settings.portfolio.rebalance)
  const { activeId, lastPlannedAt } = books.plan()
  if (need.action === 'no_action') {
    if (activeId !== null)
      house.addresses.tell(planAddress(activeId), {
        type: 'cancel-plan',
        reason: `no longer needed: ${need.reason}`,
        seenAt: clock.now(),
      })
    return tell('no_action', need.reason, core.maxDeviationPct)
  }
  if (activeId !== null) return tell('defer', 'a plan is at work', core.maxDeviationPct)
  const isTooSoon = lastPlannedAt !== null && clock.now() < lastPlannedAt + settings.portfolio.minBetweenPlansMs
  if (isTooSoon && !forced) return tell('defer', 'the last plan is less than a day old', core.maxDeviationPct)
  const { trades } = scheduleTrades(need.legs, settings.instruments, clock.now(), settings.portfolio.dca)
  tell('rebalance', need.reason, core.maxDeviationPct)
  plans.start({
    planId: planId(ids.next()),
    trades,
    usedFallbackStrategy: false,
    intervalMs: settings.portfolio.dca.intervalMs,
  })
}

export interface PortfolioParts {
  readonly account: Account
  readonly risk: RiskDesk
  readonly plans: PlanDesk
}

export function portfolioLogic(house: House, { account, risk, plans }: PortfolioParts) {
  const { addresses, clock } = house
  return serving<PortfolioMessage>((message) => {
    switch (message.type) {
      case 'assess-proposal': {
        const { positionId, verdict } = risk.judge(message.proposal, message.confidence, message.viewConfidences)
        const { proposal, correlationId } = message
        const answer = { proposal, positionId, verdict, correlationId, seenAt: clock.now() }
        const isHeard = addresses.tell('coordinator', { type: 'risk.answered', ...answer })
        if (!isHeard) risk.release(positionId)
        return
      }
      case 'release-reservation':
        return risk.release(message.positionId)
      case 'look-at-account':
        return account.look()
      case 'check-portfolio':
        return check(house, account, plans, message.forced)
      default:
        return assertNever(message)
    }
  })
}
