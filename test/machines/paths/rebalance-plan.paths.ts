/** The rebalance plan: two batches, the first sells and buys, the second only buys. */
import { type PlanContext, type PlanHears, rebalancePlanMachine } from '../../../machines/rebalance-plan.machine.ts'
import type { FactDraft } from '../../../src/domain/facts.ts'
import { pair, planId } from '../../../src/domain/ids.ts'
import { isFinal, type OrderStatus, type OrderView } from '../../../src/domain/order.ts'
import type { PlanView, RebalanceTrade } from '../../../src/domain/portfolio.ts'
import type { PlannedTrade } from '../../../src/domain/rebalance-plan-record.ts'
import { amount, sumOf, text } from '../../../src/domain/units.ts'
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

const part = ({ trade: { quantity } }: PlannedTrade, share: string): string => text(amount(quantity).times(share))

function planEvents({ trades, updatedAt, dueAt, batch }: PlanContext): readonly PlanHears[] {
  const seenAt = updatedAt + 100
  const asked = trades.filter(({ state }) => state === 'asked')
  const inBatch = trades.filter((planned) => planned.trade.batch === batch)
  return [
    ...inBatch.flatMap((planned) =>
      [
        viewOf(planned, 'OPEN', '0'),
        viewOf(planned, 'FILLED', planned.trade.quantity),
        viewOf(planned, 'CANCELLED', part(planned, '0.4')),
        viewOf(planned, 'EXPIRED', planned.trade.side === 'sell' ? part(planned, '0.4') : '0'),
        viewOf(planned, 'ERROR', '0'),
        { ...viewOf(planned, 'ERROR', '0'), reason: 'not-at-venue' },
      ].map((order) => ({ type: 'order.reported', order, seenAt }) as const),
    ),
    // Filled late, of what is to be tried again.
    ...trades
      .filter(({ isLeft }) => isLeft)
      .map(
        (planned) =>
          ({ type: 'order.reported', order: viewOf(planned, 'EXPIRED', part(planned, '0.7')), seenAt }) as const,
      ),
    ...inBatch.map(({ key }) => ({ type: 'order.turnedAway', key, reason: 'halted', seenAt }) as const),
    ...inBatch.map(({ key }) => ({ type: 'trade.held', key, retryAt: seenAt + 10_000, seenAt }) as const),
    { type: 'orders.recovered', orders: [], seenAt },
    { type: 'orders.recovered', orders: asked.map((planned) => viewOf(planned, 'OPEN', '0')), seenAt },
    {
      type: 'orders.recovered',
      orders: asked.map((planned) => viewOf(planned, 'FILLED', planned.trade.quantity)),
      seenAt,
    },
    { type: 'trading.allowed', seenAt },
    { type: 'batch.granted', seenAt },
    { type: 'batch.held', retryAt: seenAt + 60_000, seenAt },
    { type: 'cancel-plan', reason: 'the need is gone', seenAt },
    { type: 'deadline.reached', name: 'batch', dueAt: 1, seenAt: Math.min(seenAt, dueAt - 1) },
    { type: 'deadline.reached', name: 'batch', dueAt, seenAt: Math.max(seenAt, dueAt) },
    // Two hours late, as after a downtime.
    { type: 'deadline.reached', name: 'batch', dueAt, seenAt: dueAt + 7_200_000 },
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

const factsOf = ({ after: { effects } }: Taken<Plan>): readonly FactDraft[] =>
  effects.flatMap(({ type, params }) =>
    type === 'publish-facts' ? (params as { facts: readonly FactDraft[] }).facts : [],
  )

/** What orders brought is told to the last unit, whenever it is heard; an end without a fill once, as dropped. */
function endsAreTold(taken: Taken<Plan>): void {
  const { before, event, after } = taken
  if (before.status !== 'active') return
  const heard = event.type === 'order.reported' ? [event.order] : event.type === 'orders.recovered' ? event.orders : []
  const facts = factsOf(taken)
  for (const planned of before.context.trades) {
    const order = heard.find(({ request }) => request.key === planned.key)
    const told = facts.filter(({ type }) => type === 'rebalance.tradeExecuted')
    const isOlder = order !== undefined && amount(order.filled).lt(amount(planned.filled))
    if (order === undefined || isOlder || planned.state === 'waiting') continue
    const before = planned.state === 'ended' ? amount(planned.filled) : amount(0)
    const brought = isFinal(order.status) ? amount(order.filled).minus(before) : amount(0)
    const mine = told.flatMap((fact) =>
      fact.type === 'rebalance.tradeExecuted' && fact.orderId === order.orderId ? [amount(fact.quantity)] : [],
    )
    if (!sumOf(mine).eq(brought.gt(0) ? brought : 0)) throw new Error(`${order.orderId} brought ${brought}`)
  }
  // Of an order that was never written down while the plan was being withdrawn, the cancelled plan tells.
  const isUnborn = ({ key }: PlannedTrade) =>
    event.type === 'orders.recovered' && !heard.some(({ request }) => request.key === key)
  const isEmpty = (one: PlannedTrade) => one.state === 'ended' && !one.isLeft && one.filled === '0' && !isUnborn(one)
  const dropped = facts.filter(({ type }) => type === 'rebalance.tradeDropped').length
  // One whose second try is dropped with the plan itself has another key by then.
  const isNew = after.state.context.trades.filter((one) => {
    const earlier = before.context.trades.find(({ key }) => key === one.key)
    return isEmpty(one) && earlier?.state === 'asked'
  })
  if (dropped !== isNew.length) throw new Error(`${isNew.length} trades came to nothing, ${dropped} told`)
}

/** The plan as it is told is the plan as it is: no trade scheduled or at work once it is over. */
function theWholeIsTold(taken: Taken<Plan>): void {
  for (const fact of factsOf(taken)) {
    const plan: PlanView | undefined = 'plan' in fact ? fact.plan : undefined
    if (plan === undefined) throw new Error(`${fact.type} without its plan`)
    const { trades, planId: id } = taken.after.state.context
    if (plan.planId !== id || plan.trades.length !== trades.length) throw new Error('another plan was told')
    const isOver = plan.status === 'completed' || plan.status === 'cancelled'
    if (isOver && plan.trades.some(({ status }) => status === 'scheduled' || status === 'working'))
      throw new Error(`${plan.status} with trades to come`)
    const isAtWork = (status: string) => status === 'working' || status === 'scheduled'
    if (plan.trades.some(({ status, filled }) => (status === 'executed') !== (filled !== '0') && !isAtWork(status)))
      throw new Error('executed is what was filled, and nothing else')
  }
}

/** What expires goes over to later trades: nothing is planned twice, nothing is lost, and the last try is the last. */
function nothingIsPlannedTwice({ after: { state } }: Taken<Plan>): void {
  const { trades, batch } = state.context
  for (const [symbol, planned] of [['BTC/USDT', 10] as const, ['XRP/USDT', 20] as const]) {
    const own = trades.filter(({ trade: one }) => one.symbol === symbol)
    if (!sumOf(own.map(({ trade: one }) => amount(one.quantity))).eq(planned))
      throw new Error(`${symbol} is not ${planned}`)
    if (sumOf(own.map(({ filled }) => amount(filled))).gt(planned))
      throw new Error(`more of ${symbol} than was planned`)
  }
  if (!sumOf(trades.map(({ trade: one }) => amount(one.valueUsd))).eq(300))
    throw new Error('its value is not what was planned')
  if (batch > 3 || trades.some(({ isLeft, trade: one }) => isLeft && one.batch > 2))
    throw new Error('a try after the last')
  if (state.status === 'done' && trades.some(({ isLeft }) => isLeft))
    throw new Error('over, and something is to be tried')
}

/** Batches keep their distance to the one that goes now, and none is due before the one ahead of it. */
function timesAscend({ after: { state } }: Taken<Plan>): void {
  const times = state.context.trades.map(({ trade: one }) => one.dueAt)
  if (times.some((at, index) => at < (times[index - 1] ?? 0))) throw new Error(`times run back: ${times.join(' ')}`)
}

export const rebalancePlanPaths: PathModel<Plan> = {
  machine: rebalancePlanMachine,
  input: {
    ...{ planId: planId('plan-1'), executionStrategy: 'dca_24h', usedFallbackStrategy: true, seenAt: NOON },
    reasoning: 'largest deviation 20 %, threshold 5 %',
    trades: [trade('BTC/USDT', 'sell', 1), trade('XRP/USDT', 'buy', 1), trade('XRP/USDT', 'buy', 2)],
  },
  required: ['planned', 'claiming', 'active', 'active.selling', 'active.buying', 'completed', 'cancelled'],
  events: ({ context }) => planEvents(context),
  abstract: ({ trades, batch, isHeld }) => ({
    // How a batch that is over ended changes nothing any more, but for what it left.
    trades: trades
      .filter(({ isLeft, trade: one }) => isLeft || one.batch >= batch)
      .map(({ key, state, isLeft, filled }) => [key, state, isLeft, filled]),
    ...{ batch, isHeld },
  }),
  check: (taken) => {
    batchesKeepTheirTurn(taken)
    endsAreTold(taken)
    theWholeIsTold(taken)
    nothingIsPlannedTwice(taken)
    timesAscend(taken)
  },
}
