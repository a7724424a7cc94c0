/** Who hears what on the bus: the owner's table made real. Every pair of it is subscribed, also where nothing follows yet. */
import { assertNever } from '../src/domain/assert.ts'
import type { Fact } from '../src/domain/facts.ts'
import { ACTOR_NAMES, type ActorName, topicsHeardBy } from '../src/domain/wiring.ts'
import { positionAddress } from './addresses.ts'
import type { DeadMan } from './dead-man.ts'
import type { Financing } from './financing.ts'
import type { HodlDesk } from './hodl.actor.ts'
import type { House } from './house.ts'
import type { OrderDesk } from './orders.actor.ts'
import type { PositionDesk } from './positions.actor.ts'
import type { PlanDesk } from './rebalance-plan.actor.ts'
import type { Reconciler } from './reconciliation.ts'
import type { RiskDesk } from './risk-desk.ts'
import type { RiskMonitor } from './risk-monitor.ts'

export interface WiredParts {
  readonly orders: OrderDesk
  readonly positions: PositionDesk
  readonly plans: PlanDesk
  readonly hodl: HodlDesk
  readonly risk: RiskDesk
  readonly monitor: RiskMonitor
  readonly reconciler: Reconciler
  readonly financing: Financing
  readonly deadMan: DeadMan
}

/** Subscribes every actor of the owner's table, and the position desk, which passes orders' facts on to positions. */
export function wire(house: House, parts: WiredParts): void {
  const { bus } = house
  for (const actor of ACTOR_NAMES) {
    // The API's read models subscribe themselves: they come and go with the server.
    if (actor === 'api') continue
    for (const topic of topicsHeardBy(actor))
      bus.subscribe(actor, topic, ({ payload }) => hear(house, parts, actor, payload))
  }
  bus.subscribe('positions', 'EXECUTION_EVENTS', ({ payload }) => {
    parts.orders.watch(payload)
    parts.positions.pass(payload)
  })
  bus.subscribe('financing', 'EXECUTION_EVENTS', ({ payload }) => {
    if ('fill' in payload) parts.financing.retry()
  })
  for (const topic of ['EXECUTION_EVENTS', 'PORTFOLIO_UPDATES', 'RISK_ALERTS'] as const)
    bus.subscribe('risk-monitor', topic, ({ payload }) => parts.monitor.hear(payload))
  bus.subscribe('dead-man', 'EXECUTION_EVENTS', ({ payload }) => {
    if (payload.type.startsWith('order.')) parts.deadMan.look()
  })
}

/** After these something that was held may go. */
const ALLOWS: Readonly<Record<string, true>> = {
  'trading.resumed': true,
  'trading.reset': true,
  'trading.symbolReset': true,
}
const allowed = ({ clock }: House) => ({ type: 'trading.allowed', seenAt: clock.now() }) as const

function hear(house: House, parts: WiredParts, actor: Exclude<ActorName, 'api'>, fact: Fact): void {
  switch (actor) {
    case 'coordinator':
      return coordinatorHears(house, fact)
    case 'risk':
      if (fact.type === 'trading.reset')
        house.addresses.tell('risk', { type: 'acknowledge-breakers', by: fact.by, seenAt: house.clock.now() })
      return parts.risk.hear(fact)
    case 'portfolio':
      if (ALLOWS[fact.type] === true) house.addresses.tell('portfolio', allowed(house))
      parts.hodl.pass(fact)
      return parts.plans.pass(fact)
    case 'orders':
      // The drain closes the desk itself; closing twice is one closing, and here it holds whoever announced the drain.
      if (fact.type === 'system.draining') parts.orders.close()
      if (fact.type === 'reconciliation.completed') parts.orders.watch(fact)
      return
    case 'system':
      return systemHears(house, parts, fact)
    case 'technical_analysis':
    case 'regime_detection':
    case 'sentiment_analysis':
    case 'trading_decision':
      // Closed candles come by the thousand, and an agent reads them from the market when it runs.
      if (fact.type !== 'candle.closed') house.addresses.tell(`agent:${actor}`, { type: 'fact.heard', fact })
      return
    case 'market':
    case 'positions':
      // They learn of the end by their room's being stopped.
      return
    default:
      assertNever(actor)
  }
}

/** Proposals and views go to the desk that judges them; alarms become commands. */
function coordinatorHears({ addresses, clock }: House, fact: Fact): void {
  const seenAt = clock.now()
  switch (fact.type) {
    case 'decision.proposed':
      addresses.tell('signals', { type: 'proposal.heard', fact })
      return
    case 'ta.analysed':
    case 'regime.detected':
    case 'sentiment.scored':
      addresses.tell('signals', { type: 'view.heard', fact })
      return
    case 'order.invariantBroken': {
      const reason = `order ${fact.order.orderId}: ${fact.problem}`
      addresses.tell('coordinator', { type: 'halt-trading', reason, by: 'orders', causedBy: fact.id, seenAt })
      return
    }
    case 'risk.breakerTripped': {
      const { at: trippedAt, breaker, id: causedBy } = fact
      addresses.tell('coordinator', { type: 'breaker.tripped', breaker, trippedAt, causedBy, seenAt })
      return
    }
    case 'risk.breakerLifted':
      addresses.tell('coordinator', { type: 'breaker.lifted', breaker: fact.breaker, causedBy: fact.id, seenAt })
      return
    case 'position.unprotected':
      addresses.tell(positionAddress(fact.positionId), {
        type: 'close-position',
        reason: 'unprotected',
        causedBy: fact.id,
        seenAt,
      })
      return
    case 'task.toggled':
      addresses.tell('schedule', { type: 'task.toggled', task: fact.task, enabled: fact.enabled })
      return
    default:
      return
  }
}

function systemHears({ addresses, clock }: House, { reconciler }: WiredParts, fact: Fact): void {
  const seenAt = clock.now()
  if (fact.type === 'trading.halted') addresses.tell('system', { type: 'trading.stopped', seenAt })
  if (fact.type === 'trading.reset') addresses.tell('system', { type: 'trading.allowed', seenAt })
  if (fact.type === 'trading.symbolReset') reconciler.accept([fact.symbol])
}
