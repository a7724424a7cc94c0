/**
 * A rebalance plan: its batches one after the other, each claimed before it executes, sells settled before buys start.
 */
import { assign, setup } from 'xstate'
import type { DeadlineReached } from '../src/domain/commands.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import type { PlanId } from '../src/domain/ids.ts'
import type { OrderView } from '../src/domain/order.ts'
import type { RebalanceTrade } from '../src/domain/portfolio.ts'
import * as story from '../src/domain/rebalance-plan-story.ts'
import type { Heard, OrdersReport } from '../src/domain/reports.ts'
import { hear, phrases, when } from './phrases.ts'
import { effect } from './step.ts'

export type PlanHears =
  | OrdersReport
  | DeadlineReached
  /** Nothing forbids the batch now. */
  | (Heard & { readonly type: 'batch.granted' })
  /** Paused, halted or reconciling: asked again later. */
  | (Heard & { readonly type: 'batch.held'; readonly retryAt: number })
  | (Heard & { readonly type: 'cancel-plan'; readonly reason: string })

export type PlanContext = story.PlanRecord
type Orders = { readonly orders: readonly OrderView[] }

const parts = setup({
  types: { context: {} as PlanContext, events: {} as PlanHears, input: {} as story.PlanBirth },
  guards: {
    areEnded: ({ context }, p: { side: RebalanceTrade['side'] }) => story.areEnded(context, p.side),
    isNothingAsked: ({ context }) => story.isNothingAsked(context),
    isLastBatch: ({ context }) => story.isLastBatch(context),
    isDue: ({ context }, p: { dueAt: number }) => context.dueAt === p.dueAt,
  },
  actions: {
    'claim-batch': effect<{ planId: PlanId; batch: number }>(),
    'place-trades': effect<{ planId: PlanId; trades: readonly story.PlannedTrade[] }>(),
    'cancel-trades': effect<{ planId: PlanId; keys: readonly string[]; reason: string }>(),
    'set-deadline': effect<{ name: 'batch'; at: number | null }>(),
    'publish-facts': effect<{ facts: readonly FactDraft[] }>(),
    hear: assign((_, p: { seenAt: number }) => ({ updatedAt: p.seenAt, ended: [], asking: [] })),
    arm: assign((_, p: { at: number }) => ({ dueAt: p.at })),
    ask: assign(({ context }, p: { side: RebalanceTrade['side'] }) => story.asked(context, p.side)),
    endOrders: assign(({ context }, p: Orders) => story.withEnded(context, p.orders)),
    endUnborn: assign(({ context }, p: { key: string }) => story.withUnborn(context, p.key)),
    askUnbornAgain: assign(({ context }, p: Orders) => story.withRecovered(context, p.orders)),
    nextBatch: assign(({ context }) => ({ batch: context.batch + 1 })),
    giveReason: assign((_, p: { reason: string }) => p),
  },
})

type On<T extends PlanHears['type']> = Extract<PlanHears, { type: T }>
const { call, publish, arm, due, branches } = phrases<PlanContext, PlanHears, 'batch'>()
const { to, stay, ignore, ignoring } = branches(hear)

const setDeadline = call('set-deadline', ({ dueAt }) => ({ name: 'batch', at: dueAt }))
const armNext = arm('batch', ({ updatedAt, intervalMs }) => updatedAt + intervalMs)
const retryLater = call('arm', (_, { retryAt }: On<'batch.held'>) => ({ at: retryAt }))
const claim = call('claim-batch', ({ planId, batch }) => ({ planId, batch }))
const place = (side: RebalanceTrade['side']) => [
  { type: 'ask' as const, params: { side } },
  call('place-trades', ({ planId, asking }) => ({ planId, trades: asking })),
]
const giveReason = call('giveReason', (_, { reason }: On<'cancel-plan'>) => ({ reason }))
const cancel = to('#rebalance-plan.withdrawing', giveReason)
const withdraw = call('cancel-trades', (plan) => story.withdrawalOf(plan))

const endOrder = call('endOrders', (_, { order }: On<'order.reported'>) => ({ orders: [order] }))
const endUnborn = call('endUnborn', (_, { key }: On<'order.turnedAway'>) => ({ key }))
const ordersOf = (_: PlanContext, { orders }: On<'orders.recovered'>) => ({ orders })
const recover = [call('askUnbornAgain', ordersOf), call('endOrders', ordersOf)]
const executed = publish(story.executedFacts)
/** What is heard of the plan's orders, in every state. */
const onOrders = (here: string) => ({
  'order.reported': stay(endOrder, executed),
  'order.turnedAway': stay(endUnborn),
  /** Entered anew: what the state waits for is asked for again. */
  'orders.recovered': { ...to(`#rebalance-plan.${here}`, ...recover, executed), reenter: true },
})
const noClaim = ignoring('No batch is being claimed.', 'batch.granted', 'batch.held')
const stale = ignore('A deadline of an earlier state.')

export const rebalancePlanMachine = parts.createMachine({
  id: 'rebalance-plan',
  description: 'One rebalance plan: batches in time, sells before buys.',
  options: { maxIterations: 100 },
  context: ({ input }) => story.newPlan(input),
  entry: publish((plan) => [story.plannedFact(plan)]),
  initial: 'planned',
  states: {
    planned: {
      description: 'Waiting until its next batch is due.',
      entry: setDeadline,
      on: {
        ...onOrders('planned'),
        ...noClaim,
        'deadline.reached': [when(due('batch'), to('claiming')), ignore('A deadline that was moved.')],
        'cancel-plan': cancel,
      },
    },
    claiming: {
      description: 'The batch is claimed, so that it can go at most once.',
      entry: claim,
      on: {
        ...onOrders('claiming'),
        'batch.granted': to('active'),
        'batch.held': to('planned', retryLater),
        'deadline.reached': stale,
        'cancel-plan': cancel,
      },
    },
    active: {
      description: 'A batch is at work.',
      initial: 'selling',
      onDone: [
        { guard: 'isLastBatch', target: 'completed' },
        { target: 'planned', actions: ['nextBatch', ...armNext] },
      ],
      on: {
        ...onOrders('active'),
        ...noClaim,
        'deadline.reached': stale,
        'cancel-plan': cancel,
      },
      states: {
        selling: {
          description: 'Sells first: they bring the money that buys need.',
          entry: place('sell'),
          always: { guard: { type: 'areEnded', params: { side: 'sell' } }, target: 'buying' },
        },
        buying: {
          description: 'Buys, from what is free now.',
          entry: place('buy'),
          always: { guard: { type: 'areEnded', params: { side: 'buy' } }, target: 'settled' },
        },
        settled: { type: 'final', description: 'The batch has ended.' },
      },
    },
    completed: {
      type: 'final',
      description: 'Every batch went.',
      entry: publish(({ planId }) => [{ type: 'rebalance.completed', planId }]),
    },
    withdrawing: {
      description: 'No longer wanted: what still works is cancelled, what fills in the race is told.',
      entry: withdraw,
      always: { guard: 'isNothingAsked', target: 'cancelled' },
      on: {
        ...onOrders('withdrawing'),
        ...noClaim,
        'deadline.reached': stale,
        'cancel-plan': ignore('Already being withdrawn.'),
      },
    },
    cancelled: {
      type: 'final',
      description: 'The need is gone, or a person stopped it.',
      entry: publish((plan) => [{ type: 'rebalance.cancelled', planId: plan.planId, reason: story.reasonOf(plan) }]),
    },
  },
})
