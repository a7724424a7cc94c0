/** Which facts are worth a line in the log, at which level, and what the line says. */
import type { ExternalOrder } from '../../domain/external-order.ts'
import type { Fact, FactType } from '../../domain/facts.ts'
import type { PlanId } from '../../domain/ids.ts'
import type { OrderView } from '../../domain/order.ts'
import type { PositionView } from '../../domain/position.ts'
import type { Proposal } from '../../domain/views.ts'
import type { Log } from '../../ports/log.ts'

export type FactLevel = 'debug' | 'info' | 'warn' | 'error'

export interface FactLine {
  readonly level: FactLevel
  /** The fact's type, so that a log is searched by the same words as the journal. */
  readonly message: FactType
  readonly fields: Readonly<Record<string, unknown>>
}

interface Line {
  readonly level: FactLevel
  readonly fields: Readonly<Record<string, unknown>>
}
type LineOf<T extends FactType> = (fact: Fact<T>) => Line

const META: readonly string[] = ['type', 'id', 'at', 'seenAt', 'causedBy', 'correlationId', 'origin']

const bodyOf = (fact: Fact): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fact).filter(([name]) => !META.includes(name)))

/** A fact that is short enough to be shown whole. */
const whole =
  (level: FactLevel) =>
  (fact: Fact): Line => ({ level, fields: bodyOf(fact) })

const orderFields = ({ orderId, request, status, quantity, filled, limitPrice, triggerPrice, reason }: OrderView) => ({
  orderId,
  symbol: request.symbol,
  side: request.side,
  orderType: request.type,
  purpose: request.purpose,
  status,
  quantity,
  filled,
  price: limitPrice ?? triggerPrice,
  ...(reason === null ? {} : { reason }),
})

/** The order in short, and whatever else the fact carries. */
const ofOrder =
  (level: FactLevel) =>
  (fact: Fact & { readonly order: OrderView }): Line => {
    const { order, ...rest } = bodyOf(fact)
    return { level, fields: { ...orderFields(fact.order), ...rest } }
  }

/** An order that is not ours, in short. */
const ofExternal =
  (level: FactLevel) =>
  (fact: Fact & { readonly external: ExternalOrder }): Line => {
    const { external, ...rest } = bodyOf(fact)
    const { fills: _, ...fields } = fact.external
    return { level, fields: { ...fields, ...rest } }
  }

const positionFields = (position: PositionView) => ({
  positionId: position.positionId,
  symbol: position.symbol,
  side: position.side,
  phase: position.phase,
  quantity: position.quantity,
  entryPrice: position.entryPrice,
  stopLoss: position.stopLoss,
  takeProfit: position.takeProfit,
  ...(position.status === 'closed'
    ? { exitPrice: position.exitPrice, realisedGross: position.realisedGross, fees: position.fees }
    : {}),
  ...(position.closeReason === null ? {} : { closeReason: position.closeReason }),
})

/** The position in short, and whatever else the fact carries. */
const ofPosition =
  (level: FactLevel) =>
  (fact: Fact & { readonly position: PositionView }): Line => {
    const { position, ...rest } = bodyOf(fact)
    return { level, fields: { ...positionFields(fact.position), ...rest } }
  }

/** A plan's fact without the plan: its trades are counted. */
const ofPlan =
  (level: FactLevel) =>
  (fact: Fact & { readonly planId: PlanId }): Line => {
    const { plan: _, trades, ...rest } = bodyOf(fact)
    return { level, fields: Array.isArray(trades) ? { ...rest, trades: trades.length } : rest }
  }

const proposalFields = (proposal: Proposal) => ({
  proposalId: proposal.proposalId,
  action: proposal.action,
  confidence: proposal.confidence,
  entryPrice: proposal.entryPrice,
  stopLoss: proposal.stopLoss,
  takeProfit: proposal.takeProfit,
  model: proposal.model,
})

const MARKET_AND_VIEWS = {
  'market.started': (fact) => ({ level: fact.fallback ? 'warn' : 'info', fields: bodyOf(fact) }),
  'market.stale': whole('warn'),
  'market.fresh': whole('info'),
  'market.gapFound': whole('warn'),
  'candle.closed': ({ candle }) => ({ level: 'debug', fields: { ...candle } }),
  'connection.changed': (fact) => {
    const levels = { connecting: 'debug', live: 'info', reconnecting: 'warn', refused: 'error' } as const
    return { level: levels[fact.state], fields: bodyOf(fact) }
  },
  'ta.analysed': ({ symbol, view }) => ({
    level: 'debug',
    fields: { symbol, bias: view.bias, confidence: view.confidence, model: view.model },
  }),
  'regime.detected': ({ symbol, view, changedFrom }) => ({
    level: changedFrom === null ? 'debug' : 'info',
    fields: { symbol, regime: view.regime, changedFrom, confidence: view.confidence, model: view.model },
  }),
  'sentiment.scored': ({ symbol, view }) => ({
    level: 'debug',
    fields: { symbol, sentiment: view.label, score: view.score, confidence: view.confidence, model: view.model },
  }),
  'decision.proposed': ({ symbol, proposal }) => ({
    level: proposal.action === 'HOLD' ? 'debug' : 'info',
    fields: { symbol, ...proposalFields(proposal) },
  }),
  'signal.dropped': (fact) => ({ level: fact.reason === 'HOLD' ? 'debug' : 'info', fields: bodyOf(fact) }),
  'signal.accepted': whole('info'),
  'risk.approved': whole('info'),
  'risk.denied': whole('info'),
  'risk.breakerTripped': whole('error'),
  'risk.breakerAcknowledged': whole('info'),
  'risk.breakerLifted': whole('warn'),
  'risk.cooldownBegan': whole('info'),
  'risk.stateChanged': whole('debug'),
} satisfies { [T in FactType]?: LineOf<T> }

const MONEY = {
  'order.intended': ofOrder('debug'),
  'order.submitted': ofOrder('debug'),
  'order.opened': ofOrder('info'),
  'order.partiallyFilled': ofOrder('info'),
  'order.filled': ofOrder('info'),
  'order.amended': ofOrder('info'),
  'order.cancelling': ofOrder('debug'),
  'order.cancelled': ofOrder('info'),
  'order.expired': ofOrder('info'),
  'order.failed': ofOrder('warn'),
  'order.unknown': ofOrder('warn'),
  'order.settled': ofOrder('debug'),
  'order.postponed': ofOrder('warn'),
  'order.amendRefused': ofOrder('warn'),
  'order.invariantBroken': ofOrder('error'),
  'order.denied': whole('warn'),
  'order.filledLate': ofOrder('error'),
  'order.externalFound': ofExternal('warn'),
  'order.externalChanged': ofExternal('info'),
  'order.externalFilled': ofExternal('warn'),
  'order.externalEnded': ofExternal('info'),
  'position.unprotected': whole('error'),
  'position.opening': ofPosition('info'),
  'position.filled': ofPosition('info'),
  'position.protected': ofPosition('info'),
  'position.amended': ofPosition('info'),
  'position.closing': ofPosition('info'),
  'position.reducing': ofPosition('info'),
  'position.reduced': ofPosition('info'),
  'position.liquidated': ofPosition('error'),
  'position.emergency': ofPosition('error'),
  'position.closed': ofPosition('info'),
  'position.stopHit': ofPosition('info'),
  'position.targetHit': ofPosition('info'),
  'position.dustTransferred': ofPosition('info'),
  'position.denied': whole('warn'),
  'portfolio.valued': ({ allocation }) => ({
    level: allocation.staleMarks.length > 0 ? 'warn' : 'debug',
    fields: {
      equity: allocation.equity,
      maxDeviationPct: allocation.maxDeviationPct,
      staleMarks: allocation.staleMarks,
    },
  }),
  'account.opened': whole('info'),
  'account.periodBegan': whole('debug'),
  'account.financed': ({ flow, positionId, valueUsd }) => ({
    level: 'info',
    fields: { ...flow, positionId, valueUsd },
  }),
  'account.flowed': ({ flow, valueUsd }) => ({ level: 'warn', fields: { ...flow, valueUsd } }),
  'rebalance.checked': (fact) => ({ level: fact.action === 'no_action' ? 'debug' : 'info', fields: bodyOf(fact) }),
  'rebalance.planned': ofPlan('info'),
  'rebalance.batchStarted': ofPlan('info'),
  'rebalance.tradeExecuted': ofPlan('info'),
  'rebalance.tradeDropped': ofPlan('warn'),
  'rebalance.tradePostponed': ofPlan('info'),
  'rebalance.completed': ofPlan('info'),
  'rebalance.cancelled': ofPlan('info'),
  'account.drawdownWarned': whole('warn'),
  'hodl.accrued': whole('info'),
  'hodl.bought': whole('info'),
  'hodl.postponed': whole('info'),
  'hodl.balanceExceeded': whole('warn'),
} satisfies { [T in FactType]?: LineOf<T> }

const SYSTEM = {
  'system.started': whole('info'),
  'system.recovered': whole('info'),
  'system.draining': whole('info'),
  'system.stopped': whole('info'),
  'reconciliation.completed': (fact) => ({
    level: fact.unexplained.length > 0 ? 'warn' : 'info',
    fields: bodyOf(fact),
  }),
  'reconciliation.failed': whole('error'),
  'trading.paused': whole('warn'),
  'trading.resumed': whole('info'),
  'trading.halted': whole('error'),
  'trading.reset': whole('warn'),
  'trading.symbolHalted': whole('error'),
  'trading.symbolReset': whole('warn'),
  'degradation.changed': (fact) => ({ level: fact.recovered ? 'info' : 'warn', fields: bodyOf(fact) }),
  'task.late': whole('warn'),
  'task.failed': whole('warn'),
  'task.toggled': whole('info'),
  'agent.failed': whole('warn'),
  'actor.crashed': whole('error'),
  'actor.restarted': whole('warn'),
  'actor.gaveUp': whole('error'),
  'actor.unhandled': whole('warn'),
  'journal.away': whole('error'),
  'journal.back': whole('info'),
  'leadership.lost': whole('error'),
  'command.accepted': whole('info'),
  'command.refused': whole('warn'),
} satisfies { [T in FactType]?: LineOf<T> }

/** Every fact has its line: a new one does not compile without. */
const LINES: { readonly [T in FactType]: LineOf<T> } = { ...MARKET_AND_VIEWS, ...MONEY, ...SYSTEM }

const lineOf = <T extends FactType>(type: T, fact: Fact<T>): Line => LINES[type](fact)

/** The log line of a fact; null for one read back at boot, which was logged when it happened. */
export function factLine(fact: Fact): FactLine | null {
  if (fact.origin === 'replayed') return null
  const { level, fields } = lineOf(fact.type, fact)
  const origin = fact.origin === 'live' ? {} : { origin: fact.origin }
  return { level, message: fact.type, fields: { ...fields, ...origin, correlationId: fact.correlationId } }
}

/** Writes the fact's line, if it has one. */
export function logFact(log: Log, fact: Fact): void {
  const line = factLine(fact)
  if (line !== null) log[line.level](line.message, line.fields)
}
