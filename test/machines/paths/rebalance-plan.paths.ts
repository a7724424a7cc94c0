/** The rebalance plan: two batches, the first sells and buys, the second only buys. */
import { type PlanContext, type PlanHears, rebalancePlanMachine } from '../../../machines/rebalance-plan.machine.ts'
import type { FactDraft } from '../../../src/domain/facts.ts'
import { pair, planId } from '../../../src/domain/ids.ts'
import { isFinal, type OrderStatus, type OrderView } from '../../../src/domain/order.ts'
import type { RebalanceTrade } from '../../../src/domain/portfolio.ts'
import type { PlannedTrade } from '../../../src/domain/rebalance-plan-story.ts'
import type { PathModel, Taken } from './explore.ts'
import { entryRequest, NOON } from './order-events.ts'
import { unheard } from './position-events.ts'

type Plan = typeof rebalancePlanMachine

const trade = (symbol: string, side: RebalanceTrade['side'], batch: number): RebalanceTrade => ({
  ...{ symbol, side, quantity: '10', valueUsd: '100', batch, dueAt: NOON + batch * 1_000 },
})

function viewOf({ key, trade: { symbol, side } }: PlannedTrade, status: OrderStatus, filled: string): OrderView {
  const request = { ...entryRequest, key, symbol: pair(symbol), side, purpose: 'rebalance', book: 'core' } as const
  return { ...unheard(request, NOON), status, phase: 'settling', filled, cost: filled, fees: '0' }
}

function planEvents({ trades, updatedAt, dueAt, batch }: PlanContext): readonly PlanHears[] {
  const seenAt = updatedAt + 100
  const asked = trades.filter(({ state }) => state === 'asked')
  const inBatch = trades.filter((planned) => planned.trade.batch === batch)
  return [
    ...inBatch.flatMap((planned) =>
      [
        viewOf(planned, 'OPEN', '0'),
        viewOf(planned, 'FILLED', '10'),
        viewOf(planned, 'CANCELLED', '4'),
        viewOf(planned, 'ERROR', '0'),
      ].map((order) => ({ type: 'order.reported', order, seenAt }) as const),
    ),
    ...inBatch.map(({ key }) => ({ type: 'order.turnedAway', key, reason: 'halted', seenAt }) as const),
    { type: 'orders.recovered', orders: [], seenAt },
    { type: 'orders.recovered', orders: asked.map((planned) => viewOf(planned, 'OPEN', '0')), seenAt },
    { type: 'orders.recovered', orders: asked.map((planned) => viewOf(planned, 'FILLED', '10')), seenAt },
    { type: 'batch.granted', seenAt },
    { type: 'batch.held', retryAt: seenAt + 60_000, seenAt },
    { type: 'cancel-plan', reason: 'the need is gone', seenAt },
    { type: 'deadline.reached', name: 'batch', dueAt: 1, seenAt },
    { type: 'deadline.reached', name: 'batch', dueAt, seenAt: Math.max(seenAt, dueAt) },
  ]
}

const ofBatch = ({ trades, batch }: PlanContext, side: RebalanceTrade['side']) =>
  trades.filter(({ trade: one }) => one.batch === batch && one.side === side)

function batchesKeepTheirTurn({ before, event, after: { state, effects } }: Taken<Plan>): void {
  const { context } = state
  const placed = effects.flatMap(({ type, params }) =>
    type === 'place-trades' ? (params as { trades: readonly PlannedTrade[] }).trades : [],
  )
  if (placed.some(({ trade: one }) => one.batch !== before.context.batch))
    throw new Error('a batch went before its turn')
  const isSelling = ofBatch(context, 'sell').some((one) => one.state !== 'ended')
  if (placed.some(({ trade: one }) => one.side === 'buy') && isSelling)
    throw new Error('a buy went before its sells had ended')
  if (placed.length > 0 && before.value === 'claiming' && event.type !== 'batch.granted')
    throw new Error('a batch went that nobody granted')
  if (state.value === 'completed' && context.trades.some((one) => one.state !== 'ended'))
    throw new Error('completed with trades left')
}

/** Each trade that ended with something filled is told once, when it is heard, also after a restart. */
function fillsAreTold({ before, event, after: { effects } }: Taken<Plan>): void {
  if (before.status !== 'active') return
  const heard = event.type === 'order.reported' ? [event.order] : event.type === 'orders.recovered' ? event.orders : []
  const isAsked = (key: string) => before.context.trades.some((one) => one.key === key && one.state === 'asked')
  const ended = heard.filter((order) => isFinal(order.status) && order.filled !== '0' && isAsked(order.request.key))
  const told = effects
    .flatMap(({ type, params }) => (type === 'publish-facts' ? (params as { facts: readonly FactDraft[] }).facts : []))
    .filter(({ type }) => type === 'rebalance.tradeExecuted')
  if (told.length !== ended.length) throw new Error(`${ended.length} trades ended with fills, ${told.length} told`)
}

export const rebalancePlanPaths: PathModel<Plan> = {
  machine: rebalancePlanMachine,
  input: {
    ...{ planId: planId('plan-1'), usedFallbackStrategy: false, intervalMs: 14_400_000, seenAt: NOON },
    trades: [trade('BTC/USDT', 'sell', 1), trade('XRP/USDT', 'buy', 1), trade('XRP/USDT', 'buy', 2)],
  },
  required: ['planned', 'claiming', 'active', 'active.selling', 'active.buying', 'completed', 'cancelled'],
  events: ({ context }) => planEvents(context),
  abstract: ({ trades, batch }) => ({ trades: trades.map(({ state }) => state), batch }),
  check: (taken) => {
    batchesKeepTheirTurn(taken)
    fillsAreTold(taken)
  },
}
