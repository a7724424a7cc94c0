/**
 * A rebalance plan: its batches one after the other, each claimed before it executes, sells settled before buys start.
 */
import { assign, setup } from 'xstate'
import type { DeadlineReached } from '../src/domain/commands.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import type { Pair, PlanId } from '../src/domain/ids.ts'
import type { OrderView } from '../src/domain/order.ts'
import type { RebalanceTrade } from '../src/domain/portfolio.ts'
import * as batches from '../src/domain/rebalance-plan-batches.ts'
import * as record from '../src/domain/rebalance-plan-record.ts'
import * as story from '../src/domain/rebalance-plan-story.ts'
import type { Heard, OrdersReport } from '../src/domain/reports.ts'
import { hear, phrases, when } from './phrases.ts'
import { effect } from './step.ts'

export type PlanHears =
  | OrdersReport
  | DeadlineReached
  /** Nothing forbids the batch now. */
  | (Heard & { readonly type: 'batch.granted' })
  /** Paused, halted or reconciling: asked again at the coordinator's word, or at this time. */
  | (Heard & { readonly type: 'batch.held'; readonly retryAt: number })
  /** A trade of a granted batch may not go any more: a pause, a halt, a doubt or a missing price came first. */
  | (Heard & { readonly type: 'trade.held'; readonly key: string; readonly retryAt: number })
  /** Trading was resumed or reset, or the picture proved: what was held may go now. */
  | (Heard & { readonly type: 'trading.allowed' })
  | (Heard & { readonly type: 'cancel-plan'; readonly reason: string })

export type PlanContext = record.PlanRecord
type Orders = { readonly orders: readonly OrderView[] }

const parts = setup({
  types: { context: {} as PlanContext, events: {} as PlanHears, input: {} as record.PlanBirth },
  guards: {
    areEnded: ({ context }, p: { side: RebalanceTrade['side'] }) => record.areEnded(context, p.side),
    isAnyWaiting: ({ context }, p: { side: RebalanceTrade['side'] }) => record.isAnyWaiting(context, p.side),
    isNothingAsked: ({ context }) => record.isNothingAsked(context),
    isLastBatch: ({ context }) => batches.isLastBatch(context),
    /** By the time that it rang: one of older code rang later than this code would have set it. */
    isDue: ({ context }, p: { seenAt: number }) => p.seenAt >= context.dueAt,
    isHeld: ({ context }) => context.isHeld,
    isAnyUnborn: ({ context }, p: Orders) => record.isAnyUnborn(context, p.orders),
  },
  actions: {
    'claim-batch': effect<{ planId: PlanId; batch: number; symbols: readonly Pair[] }>(),
    'place-trades': effect<{ planId: PlanId; trades: readonly record.PlannedTrade[] }>(),
    'cancel-trades': effect<{ planId: PlanId; keys: readonly string[]; reason: string }>(),
    'set-deadline': effect<{ name: 'batch'; at: number | null }>(),
    'publish-facts': effect<{ facts: readonly FactDraft[] }>(),
    hear: assign((_, p: { seenAt: number }) => ({ updatedAt: p.seenAt, ends: [], asking: [] })),
    hold: assign((_, p: { retryAt: number }) => ({ dueAt: p.retryAt, isHeld: true })),
    startBatch: assign(({ context }) => batches.withBatchStarted(context)),
    nextBatch: assign(({ context }) => batches.withNextBatch(context)),
    ask: assign(({ context }, p: { side: RebalanceTrade['side'] }) => record.asked(context, p.side)),
    recordOrders: assign(({ context }, p: Orders) => record.withReported(context, p.orders)),
    endUnborn: assign(({ context }, p: { key: string; reason: string }) => record.withUnborn(context, p)),
    holdBack: assign(({ context }, p: { key: string }) => record.withHeldBack(context, p.key)),
    askUnbornAgain: assign(({ context }, p: Orders) => record.withRecovered(context, p.orders)),
    dropRest: assign(({ context }) => record.withRestDropped(context)),
    giveReason: assign((_, p: { reason: string }) => p),
  },
})

type On<T extends PlanHears['type']> = Extract<PlanHears, { type: T }>
const { call, publish, branches } = phrases<PlanContext, PlanHears>()
const { to, stay, ignore, ignoring } = branches(hear)

const setDeadline = call('set-deadline', ({ dueAt }) => ({ name: 'batch', at: dueAt }))
const due = call('isDue', (_, { seenAt }: On<'deadline.reached'>) => ({ seenAt }))
const hold = call('hold', (_, { retryAt }: On<'batch.held'>) => ({ retryAt }))
const claim = call('claim-batch', (plan) => ({
  ...{ planId: plan.planId, batch: plan.batch, symbols: batches.symbolsAhead(plan) },
}))
const begin = [publish((plan) => story.batchStartedFacts(plan)), 'startBatch' as const] as const
const place = (side: RebalanceTrade['side']) => [
  { type: 'ask' as const, params: { side } },
  call('place-trades', ({ planId, asking }) => ({ planId, trades: asking })),
]
const giveReason = call('giveReason', (_, { reason }: On<'cancel-plan'>) => ({ reason }))
const cancel = to('#rebalance-plan.withdrawing', giveReason)
const withdraw = call('cancel-trades', (plan) => story.withdrawalOf(plan))

const endUnborn = call('endUnborn', (_, { key, reason }: On<'order.turnedAway'>) => ({ key, reason }))
const holdBack = call('holdBack', (_, { key }: On<'trade.held'>) => ({ key }))
const holdUntil = call('hold', (_, { retryAt }: On<'trade.held'>) => ({ retryAt }))
const giveUp = call('endUnborn', ({ reason }, { key }: On<'trade.held'>) => ({
  key,
  reason: reason ?? 'plan cancelled',
}))
const ordersOf = (_: PlanContext, { orders }: On<'orders.recovered'>) => ({ orders })
const tell = publish(story.endedFacts)
const report = call('recordOrders', (_, { order }: On<'order.reported'>) => ({ orders: [order] }))
const recover = [call('askUnbornAgain', ordersOf), call('recordOrders', ordersOf), tell] as const
/** What was asked for and never written down is claimed once more: at a restart nothing may go before it is compared. */
const claimAgain = when(
  call('isAnyUnborn', ordersOf),
  to(
    '#rebalance-plan.planned',
    ...recover,
    call('hold', (_, { seenAt }: On<'orders.recovered'>) => ({ retryAt: seenAt })),
  ),
)
/** What was lost on its way to the venue is claimed once more too. */
const askLostAgain = (side: RebalanceTrade['side']) => ({
  guard: { type: 'isAnyWaiting' as const, params: { side } },
  target: '#rebalance-plan.planned',
  actions: [call('hold', ({ updatedAt }) => ({ retryAt: updatedAt }))],
})
/** What is heard of the plan's orders, in every state. */
const onOrders = (here: string) => ({
  'order.reported': stay(report, tell),
  'order.turnedAway': stay(endUnborn, tell),
  /** Entered anew: what the state waits for is asked for again. */
  'orders.recovered': { ...to(`#rebalance-plan.${here}`, ...recover), reenter: true },
})
const noClaim = ignoring('No batch is being claimed.', 'batch.granted', 'batch.held')
const notHeld = ignoring('Nothing is held.', 'trading.allowed')
const stale = ignore('A deadline of an earlier state.')

export const rebalancePlanMachine = parts.createMachine({
  id: 'rebalance-plan',
  description:
    'One rebalance plan: batches in time, sells before buys; what expires or is taken back goes again with the next one.',
  options: { maxIterations: 100 },
  context: ({ input }) => record.newPlan(input),
  entry: publish((plan) => [story.plannedFact(plan)]),
  initial: 'planned',
  states: {
    planned: {
      description: 'Waiting until its next batch is due.',
      entry: setDeadline,
      on: {
        ...onOrders('planned'),
        'trade.held': stay(holdBack),
        ...noClaim,
        'deadline.reached': [when(due, to('claiming')), ignore('A deadline that was moved.')],
        'trading.allowed': [when('isHeld' as const, to('claiming')), ignore('The batch is not due yet.')],
        'cancel-plan': cancel,
      },
    },
    claiming: {
      description: 'The batch is claimed, so that it can go at most once.',
      entry: claim,
      on: {
        ...onOrders('claiming'),
        'trade.held': stay(holdBack),
        'batch.granted': to('active', ...begin),
        'batch.held': to('planned', hold),
        ...ignoring('The claim is being answered.', 'trading.allowed'),
        'deadline.reached': stale,
        'cancel-plan': cancel,
      },
    },
    active: {
      description: 'A batch is at work.',
      initial: 'selling',
      onDone: [
        { guard: 'isLastBatch', target: 'completed' },
        { target: 'planned', actions: 'nextBatch' },
      ],
      on: {
        ...onOrders('active'),
        'orders.recovered': [claimAgain, onOrders('active')['orders.recovered']],
        'trade.held': to('planned', holdBack, holdUntil),
        ...noClaim,
        ...notHeld,
        'deadline.reached': stale,
        'cancel-plan': cancel,
      },
      states: {
        selling: {
          description: 'Sells first: they bring the money that buys need.',
          entry: place('sell'),
          always: [{ guard: { type: 'areEnded', params: { side: 'sell' } }, target: 'buying' }, askLostAgain('sell')],
        },
        buying: {
          description: 'Buys, as far as the sells have paid for them.',
          entry: place('buy'),
          always: [{ guard: { type: 'areEnded', params: { side: 'buy' } }, target: 'settled' }, askLostAgain('buy')],
        },
        settled: { type: 'final', description: 'The batch has ended.' },
      },
    },
    completed: {
      type: 'final',
      description: 'Every batch went.',
      entry: publish((plan) => [story.completedFact(plan)]),
    },
    withdrawing: {
      description: 'No longer wanted: what still works is cancelled, what fills in the race is told.',
      entry: ['dropRest', withdraw],
      always: { guard: 'isNothingAsked', target: 'cancelled' },
      on: {
        ...onOrders('withdrawing'),
        'trade.held': stay(giveUp, tell),
        ...noClaim,
        ...notHeld,
        'deadline.reached': stale,
        'cancel-plan': ignore('Already being withdrawn.'),
      },
    },
    cancelled: {
      type: 'final',
      description: 'The need is gone, or a person stopped it.',
      entry: ['dropRest', publish((plan) => [story.cancelledFact(plan)])],
    },
  },
})
