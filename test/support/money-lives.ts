/** Lives of positions, plans, hodl bags and the risk engine, as a journal gets them. */
import type { RiskRecord } from '../../src/domain/breakers.ts'
import type { FactDraft } from '../../src/domain/facts.ts'
import type { HodlBook } from '../../src/domain/hodl.ts'
import { asset, orderId, pair, planId, positionId, tradeId } from '../../src/domain/ids.ts'
import type { PlanTradeView, PlanView } from '../../src/domain/portfolio.ts'
import type { PositionView } from '../../src/domain/position.ts'
import { NOTHING_REMEMBERED } from '../../src/domain/risk-record.ts'
import type { JournalEntry } from '../../src/ports/journal.ts'

/** One entry that states these facts, `at` that moment. */
export function stated(at: number, stream: string, ...drafts: readonly FactDraft[]): JournalEntry {
  const id = `${stream} ${at}`
  const heard = { id, type: 'order.told', body: { seenAt: at }, correlationId: id, causationId: null, at }
  const facts = drafts.map((draft, index) => ({
    ...{ ...draft, id: `${id} ${index}`, at: draft.at ?? at, seenAt: at },
    ...{ causedBy: id, correlationId: id, origin: 'live' as const },
  }))
  return { stream, heard, facts }
}

export const positionView = (id: string, at: number, over: Partial<PositionView> = {}): PositionView => ({
  ...{ positionId: positionId(id), symbol: pair('BTC/USDT'), side: 'long', status: 'open', phase: 'opening' },
  ...{ leverage: 1, quantity: '0', entryPrice: '0', exitPrice: '0', stopLoss: '38500.5', takeProfit: '42000' },
  ...{ trailing: null, realisedGross: '0', fees: '0', financing: '0', closeReason: null },
  ...{ openedAt: at, updatedAt: at, closedAt: null },
  ...over,
})

/** Opened, filled, trailed and stopped out; four entries. */
export function positionLife(id: string, at: number, over: Partial<PositionView> = {}): readonly JournalEntry[] {
  const held = { quantity: '0.00012345', entryPrice: '40000.1', fees: '0.0395', phase: 'protected' } as const
  const trailing = { activationPct: '1', distancePct: '1.5', bestPrice: '41000' }
  const view = (updatedAt: number, more: Partial<PositionView>) => positionView(id, at, { ...over, ...more, updatedAt })
  const closed = view(at + 3, {
    ...{ ...held, phase: 'closed', status: 'closed', quantity: '0', exitPrice: '40385', trailing, closedAt: at + 3 },
    ...{ realisedGross: '0.0475', fees: '0.0794', closeReason: 'trailing_stop', stopLoss: '40385' },
  })
  const stream = `position:${id}`
  return [
    stated(at, stream, { type: 'position.opening', position: view(at, {}) }),
    stated(at + 1, stream, { type: 'position.protected', gapMs: 170, position: view(at + 1, held) }),
    stated(at + 2, stream, { type: 'position.amended', position: view(at + 2, { ...held, trailing }) }),
    stated(
      at + 3,
      stream,
      { type: 'position.stopHit', position: closed },
      { type: 'position.closed', position: closed },
    ),
  ]
}

/** A charge of margin, booked to its position; the same flow twice is one charge. */
export const charged = (id: string, flowId: string, cost: string, at: number): JournalEntry =>
  stated(at, 'account', {
    type: 'account.financed',
    flow: { flowId, kind: 'financing', asset: asset('USDT'), amount: `-${cost}`, fee: '0', at, tradeId: tradeId('t1') },
    ...{ positionId: positionId(id), usdRate: '1', valueUsd: `-${cost}` },
  })

const tradeOf = (plan: string, batch: number, side: 'buy' | 'sell', at: number): PlanTradeView => ({
  ...{ symbol: 'XRP/USDT', side, quantity: '100.5', valueUsd: '60.3', batch, dueAt: at },
  ...{ key: `${plan}/${batch}/${side}`, status: 'scheduled', orderId: null, filled: '0' },
})

export const planView = (id: string, at: number, over: Partial<PlanView> = {}): PlanView => ({
  ...{ planId: planId(id), status: 'planned', executionStrategy: 'dca_24h', usedFallbackStrategy: true },
  ...{ reasoning: 'largest deviation 7.2 %', batch: 1, plannedAt: at, updatedAt: at },
  trades: [tradeOf(id, 1, 'sell', at), tradeOf(id, 1, 'buy', at), tradeOf(id, 2, 'buy', at + 4 * 3_600_000)],
  ...over,
})

/** Planned, its first batch executed, its second dropped; five entries. */
export function planLife(id: string, at: number): readonly JournalEntry[] {
  const trades = planView(id, at).trades
  const withTrades = (updatedAt: number, over: Partial<PlanView>, changed: readonly Partial<PlanTradeView>[]) =>
    planView(id, at, {
      ...{ status: 'active', ...over, updatedAt },
      trades: trades.map((trade, index) => ({ ...trade, ...changed[index] })),
    })
  const [symbol, quantity, stream] = [pair('XRP/USDT'), '100.5', `plan:${id}`]
  const done = (index: number) =>
    ({ status: 'executed', orderId: orderId(`${id}-o${index}`), filled: quantity }) as const
  const ids = { planId: planId(id), symbol }
  const figures = { quantity, cost: '60.3', fees: '0.24' }
  const first = withTrades(at + 2, {}, [done(1), { status: 'working' }])
  const second = withTrades(at + 3, { batch: 2 }, [done(1), done(2)])
  const third = withTrades(at + 4, { batch: 2 }, [done(1), done(2), { status: 'dropped' }])
  const { trades: planned, executionStrategy, usedFallbackStrategy } = planView(id, at)
  return [
    stated(at, stream, {
      ...{ type: 'rebalance.planned', planId: planId(id), trades: planned, executionStrategy, usedFallbackStrategy },
      plan: planView(id, at),
    }),
    stated(at + 2, stream, {
      ...{ type: 'rebalance.tradeExecuted', ...ids, ...figures, side: 'sell', batch: 1 },
      ...{ orderId: orderId(`${id}-o1`), plan: first },
    }),
    stated(at + 3, stream, {
      ...{ type: 'rebalance.tradeExecuted', ...ids, ...figures, side: 'buy', batch: 1 },
      ...{ orderId: orderId(`${id}-o2`), plan: second },
    }),
    stated(at + 4, stream, {
      ...{ type: 'rebalance.tradeDropped', ...ids, side: 'buy', batch: 2, reason: 'no longer needed', plan: third },
    }),
    stated(at + 5, stream, {
      ...{
        type: 'rebalance.completed',
        planId: planId(id),
        plan: { ...third, status: 'completed', updatedAt: at + 5 },
      },
    }),
  ]
}

export const hodlBook = (pendingUsd: string, boughtBtc = '0'): HodlBook => ({
  highUsd: '120.5',
  bags: [
    { asset: asset('BTC'), quantity: boughtBtc, pendingUsd, spentUsd: boughtBtc === '0' ? '0' : '15.12' },
    { asset: asset('USDT'), quantity: '4.02', pendingUsd: '0', spentUsd: '4.02' },
  ],
})

/** Set aside twice, the second time by older code that did not say for which trade, then spent; three entries. */
export const hodlLife = (at: number): readonly JournalEntry[] => [
  stated(at, 'account', {
    ...{ type: 'hodl.accrued', profitUsd: '100', amountUsd: '10', hodl: hodlBook('10'), positionId: positionId('p1') },
  }),
  stated(at + 1, 'account', { type: 'hodl.accrued', profitUsd: '60', amountUsd: '6', hodl: hodlBook('16') }),
  stated(at + 2, 'account', {
    ...{ type: 'hodl.bought', asset: asset('BTC'), quantity: '0.000375', valueUsd: '15', fees: '0.12' },
    ...{ orderId: orderId('hodl-o1'), hodl: hodlBook('0.88', '0.000375') },
  }),
]

export const riskRecord = (over: Partial<RiskRecord> = {}): RiskRecord => ({
  ...NOTHING_REMEMBERED,
  peakEquityUsd: '1300',
  peakBaseUsd: '1300',
  ...over,
})

/** Before the first look, after it, and with a breaker that has tripped; three entries. */
export function riskLife(at: number): readonly JournalEntry[] {
  const period = { beganAt: at + 1, openingEquityUsd: '1300.10', tradingNet: '-3.5' }
  const looked = riskRecord({ day: period, week: period })
  const breaker = { name: 'daily_loss', trippedAt: at + 2, until: at + 3_600_000, acknowledged: false } as const
  const tripped = { ...looked, lossStreak: 3, cooldownUntil: { 'BTC/USDT': at + 9 }, breakers: [breaker] }
  return [riskRecord(), looked, tripped].map((risk, index) =>
    stated(at + index, 'account', { type: 'risk.stateChanged', risk }),
  )
}
