/**
 * A rebalance plan: its batches one after the other, each claimed before it executes, sells settled before buys start.
 */
import { assign, setup } from 'xstate'
import type { DeadlineReached } from '../src/domain/commands.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import type { PlanId } from '../src/domain/ids.ts'
import { isFinal, type OrderView } from '../src/domain/order.ts'
import type { RebalanceTrade } from '../src/domain/portfolio.ts'
import type { Heard, OrdersReport } from '../src/domain/reports.ts'
import { effect } from './step.ts'

export interface PlanBirth {
  readonly planId: PlanId
  readonly trades: readonly RebalanceTrade[]
  readonly usedFallbackStrategy: boolean
  /** Between two batches; a batch that went late moves the rest. */
  readonly intervalMs: number
  readonly seenAt: number
}

/** One trade of the plan with the key of its order. */
export interface PlannedTrade {
  readonly key: string
  readonly trade: RebalanceTrade
  readonly state: 'waiting' | 'asked' | 'ended'
}

export type PlanHears =
  | OrdersReport
  | DeadlineReached
  /** Nothing forbids the batch now. */
  | (Heard & { readonly type: 'batch.granted' })
  /** Paused, halted or reconciling: asked again later. */
  | (Heard & { readonly type: 'batch.held'; readonly retryAt: number })
  | (Heard & { readonly type: 'cancel-plan'; readonly reason: string })

export interface PlanContext {
  readonly planId: PlanId
  readonly trades: readonly PlannedTrade[]
  readonly usedFallbackStrategy: boolean
  readonly intervalMs: number
  readonly batch: number
  readonly updatedAt: number
  readonly dueAt: number
  readonly reason: string | null
  /** Orders that the last message told to have ended. */
  readonly ended: readonly OrderView[]
  /** Trades to be asked for now. */
  readonly asking: readonly PlannedTrade[]
}

const lastBatch = (context: PlanContext) => Math.max(...context.trades.map(({ trade }) => trade.batch))
const ofBatch = (context: PlanContext, side: RebalanceTrade['side']) =>
  context.trades.filter(({ trade }) => trade.batch === context.batch && trade.side === side)
const marked = (context: PlanContext, keys: readonly string[], state: PlannedTrade['state']) =>
  context.trades.map((planned) =>
    keys.includes(planned.key) && planned.state !== 'ended' ? { ...planned, state } : planned,
  )

const parts = setup({
  types: { context: {} as PlanContext, events: {} as PlanHears, input: {} as PlanBirth },
  actions: {
    'claim-batch': effect<{ planId: PlanId; batch: number }>(),
    'place-trades': effect<{ planId: PlanId; trades: readonly PlannedTrade[] }>(),
    'cancel-trades': effect<{ planId: PlanId; keys: readonly string[]; reason: string }>(),
    'set-deadline': effect<{ name: 'batch'; at: number | null }>(),
    'publish-facts': effect<{ facts: readonly FactDraft[] }>(),
    hear: assign((_, p: { seenAt: number }) => ({ updatedAt: p.seenAt, ended: [], asking: [] })),
    ask: assign(({ context }, p: { side: RebalanceTrade['side'] }) => {
      const asking = ofBatch(context, p.side).filter(({ state }) => state === 'waiting')
      return {
        asking,
        trades: marked(
          context,
          asking.map(({ key }) => key),
          'asked',
        ),
      }
    }),
    endOrders: assign(({ context }, p: { orders: readonly OrderView[] }) => {
      const asked = new Set(context.trades.filter(({ state }) => state === 'asked').map(({ key }) => key))
      const ended = p.orders.filter(({ request, status }) => isFinal(status) && asked.has(request.key))
      return {
        ended,
        trades: marked(
          context,
          ended.map(({ request }) => request.key),
          'ended',
        ),
      }
    }),
    endUnborn: assign(({ context }, p: { key: string }) => ({ trades: marked(context, [p.key], 'ended') })),
    askUnbornAgain: assign(({ context }, p: { orders: readonly OrderView[] }) => {
      const born = new Set(p.orders.map(({ request }) => request.key))
      const unborn = context.trades
        .filter(({ key, state }) => state === 'asked' && !born.has(key))
        .map(({ key }) => key)
      return { trades: marked(context, unborn, 'waiting') }
    }),
    nextBatch: assign(({ context }) => ({ batch: context.batch + 1 })),
    giveReason: assign((_, p: { reason: string }) => p),
    arm: assign((_, p: { at: number }) => ({ dueAt: p.at })),
  },
  guards: {
    areEnded: ({ context }, p: { side: RebalanceTrade['side'] }) =>
      ofBatch(context, p.side).every(({ state }) => state === 'ended'),
    isNothingAsked: ({ context }) => context.trades.every(({ state }) => state !== 'asked'),
    isLastBatch: ({ context }) => context.batch >= lastBatch(context),
    isDue: ({ context }, p: { dueAt: number }) => context.dueAt === p.dueAt,
  },
})

type C = { context: PlanContext }
type On<T extends PlanHears['type']> = { event: Extract<PlanHears, { type: T }> }

const hear = { type: 'hear' as const, params: ({ event }: { event: PlanHears }) => ({ seenAt: event.seenAt }) }
const publish = (facts: (context: PlanContext) => readonly FactDraft[]) => ({
  type: 'publish-facts' as const,
  params: ({ context }: C) => ({ facts: facts(context) }),
})
const ignore = (description: string) => ({ actions: [hear], description })
const arm = (at: (context: PlanContext) => number) => [
  { type: 'arm' as const, params: ({ context }: C) => ({ at: at(context) }) },
  { type: 'set-deadline' as const, params: ({ context }: C) => ({ name: 'batch' as const, at: context.dueAt }) },
]
const executed = publish(({ ended, planId, batch }) =>
  ended
    .filter(({ filled }) => filled !== '0')
    .map(({ request, filled, cost, fees }) => ({
      type: 'rebalance.tradeExecuted',
      planId,
      symbol: request.symbol,
      side: request.side,
      quantity: filled,
      cost,
      fees,
      batch,
    })),
)
const recovered = ({ event }: On<'orders.recovered'>) => ({ orders: event.orders })
/** What is heard of the plan's orders, in every state. */
const onOrders = (here: string) => ({
  'order.reported': {
    actions: [
      hear,
      { type: 'endOrders' as const, params: ({ event }: On<'order.reported'>) => ({ orders: [event.order] }) },
      executed,
    ],
  },
  'order.turnedAway': {
    actions: [
      hear,
      { type: 'endUnborn' as const, params: ({ event }: On<'order.turnedAway'>) => ({ key: event.key }) },
    ],
  },
  /** Entered anew: what the state waits for is asked for again. */
  'orders.recovered': {
    target: `#rebalance-plan.${here}`,
    reenter: true,
    actions: [
      hear,
      { type: 'askUnbornAgain' as const, params: recovered },
      { type: 'endOrders' as const, params: recovered },
      executed,
    ],
  },
})
const cancel = {
  target: '#rebalance-plan.withdrawing',
  actions: [
    hear,
    { type: 'giveReason' as const, params: ({ event }: On<'cancel-plan'>) => ({ reason: event.reason }) },
  ],
}
const noClaim = {
  'batch.granted': ignore('No batch is being claimed.'),
  'batch.held': ignore('No batch is being claimed.'),
}
const place = (side: RebalanceTrade['side']) => [
  { type: 'ask' as const, params: { side } },
  {
    type: 'place-trades' as const,
    params: ({ context }: C) => ({ planId: context.planId, trades: context.asking }),
  },
]

export const rebalancePlanMachine = parts.createMachine({
  id: 'rebalance-plan',
  description: 'One rebalance plan: batches in time, sells before buys.',
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    planId: input.planId,
    trades: input.trades.map((trade, index) => ({
      key: `${input.planId}/rebalance/${index + 1}`,
      trade,
      state: 'waiting' as const,
    })),
    usedFallbackStrategy: input.usedFallbackStrategy,
    intervalMs: input.intervalMs,
    batch: 1,
    updatedAt: input.seenAt,
    dueAt: Math.max(input.seenAt, input.trades[0]?.dueAt ?? input.seenAt),
    reason: null,
    ended: [],
    asking: [],
  }),
  entry: publish(({ planId, trades, usedFallbackStrategy }) => [
    {
      type: 'rebalance.planned',
      planId,
      trades: trades.map(({ trade }) => trade),
      executionStrategy: trades.some(({ trade }) => trade.batch > 1) ? 'dca_24h' : 'limit_orders',
      usedFallbackStrategy,
    },
  ]),
  initial: 'planned',
  states: {
    planned: {
      description: 'Waiting until its next batch is due.',
      entry: { type: 'set-deadline', params: ({ context }) => ({ name: 'batch', at: context.dueAt }) },
      on: {
        ...onOrders('planned'),
        ...noClaim,
        'deadline.reached': [
          {
            guard: { type: 'isDue', params: ({ event }) => ({ dueAt: event.dueAt }) },
            target: 'claiming',
            actions: [hear],
          },
          ignore('A deadline that was moved.'),
        ],
        'cancel-plan': cancel,
      },
    },
    claiming: {
      description: 'The batch is claimed, so that it can go at most once.',
      entry: { type: 'claim-batch', params: ({ context }) => ({ planId: context.planId, batch: context.batch }) },
      on: {
        ...onOrders('claiming'),
        'batch.granted': { target: 'active', actions: [hear] },
        'batch.held': {
          target: 'planned',
          actions: [hear, { type: 'arm', params: ({ event }) => ({ at: event.retryAt }) }],
        },
        'deadline.reached': ignore('A deadline of an earlier state.'),
        'cancel-plan': cancel,
      },
    },
    active: {
      description: 'A batch is at work.',
      initial: 'selling',
      onDone: [
        { guard: 'isLastBatch', target: 'completed' },
        { target: 'planned', actions: ['nextBatch', ...arm(({ updatedAt, intervalMs }) => updatedAt + intervalMs)] },
      ],
      on: {
        ...onOrders('active'),
        ...noClaim,
        'deadline.reached': ignore('A deadline of an earlier state.'),
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
      entry: {
        type: 'cancel-trades',
        params: ({ context }) => ({
          planId: context.planId,
          keys: context.trades.filter(({ state }) => state === 'asked').map(({ key }) => key),
          reason: context.reason ?? 'plan cancelled',
        }),
      },
      always: { guard: 'isNothingAsked', target: 'cancelled' },
      on: {
        ...onOrders('withdrawing'),
        ...noClaim,
        'deadline.reached': ignore('A deadline of an earlier state.'),
        'cancel-plan': ignore('Already being withdrawn.'),
      },
    },
    cancelled: {
      type: 'final',
      description: 'The need is gone, or a person stopped it.',
      entry: publish(({ planId, reason }) => [
        { type: 'rebalance.cancelled', planId, reason: reason ?? 'plan cancelled' },
      ]),
    },
  },
})
