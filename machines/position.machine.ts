/**
 * A position's life: never open without protection for longer than its deadline, and closed only by orders.
 *
 * Partial fills protect what is filled. The stop rests at the venue; the target is watched locally, and so is the stop,
 * as a second watch that acts only where the venue's own did not answer.
 */
import { assign, setup } from 'xstate'
import type { Approved } from '../src/domain/approved.ts'
import type { DeadlineReached, PositionCommand, TriggerCrossed } from '../src/domain/commands.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import type { PositionId } from '../src/domain/ids.ts'
import type { Instrument } from '../src/domain/instrument.ts'
import type { OrderRequest, OrderView } from '../src/domain/order.ts'
import type { CloseReason, PositionPhase, PositionSide } from '../src/domain/position.ts'
import {
  heldBy,
  hitFacts,
  isCovered,
  isDust,
  isFlat,
  isHolding,
  isStranded,
  type OrderDirective,
  type PositionRecord,
  planExit,
  planProtection,
  planWithdrawal,
  positionFact,
  positionView,
  stopProblem,
  withOrder,
  withOrders,
  withoutOrder,
} from '../src/domain/position-story.ts'
import type { OrdersReport } from '../src/domain/reports.ts'
import { amount, type Numeric, text } from '../src/domain/units.ts'
import { effect } from './step.ts'

export interface PositionPolicy {
  /** From the first unprotected unit to its live stop; past it the position is flattened. */
  readonly protectMs: number
  /** How long the venue's stop may take to answer a cross before the local watch acts. */
  readonly graceMs: number
  /** How long a closing may take before it becomes an emergency, and between two tries of one. */
  readonly exitMs: number
  readonly retryMs: number
}

/** The birth of a position: journaled as its first row. */
export interface PositionBirth {
  readonly positionId: PositionId
  readonly proposalId: string
  readonly side: PositionSide
  readonly leverage: number
  readonly instrument: Instrument
  readonly entry: Approved<OrderRequest>
  readonly stopLoss: Numeric
  readonly takeProfit: Numeric | null
  readonly policy: PositionPolicy
  readonly seenAt: number
}

export type PositionHears = OrdersReport | PositionCommand | TriggerCrossed | DeadlineReached
type DeadlineName = 'protect' | 'retry' | 'grace' | 'exit'

export interface PositionContext extends PositionRecord {
  readonly policy: PositionPolicy
  readonly directives: readonly OrderDirective[]
  /** Since when something held has had no stop; null while covered or flat. */
  readonly unprotectedSince: number | null
  /** How long the last stretch without a stop was. */
  readonly gapMs: number
  readonly deadlines: Readonly<Partial<Record<DeadlineName, number | null>>>
}

const parts = setup({
  types: { context: {} as PositionContext, events: {} as PositionHears, input: {} as PositionBirth },
  actions: {
    'direct-orders': effect<{ positionId: PositionId; directives: readonly OrderDirective[] }>(),
    'watch-triggers': effect<{
      positionId: PositionId
      symbol: string
      side: PositionSide
      stopLoss: Numeric | null
      takeProfit: Numeric | null
    }>(),
    'set-deadline': effect<{ name: DeadlineName; at: number | null }>(),
    'publish-facts': effect<{ facts: readonly FactDraft[] }>(),
    hear: assign((_, p: { seenAt: number }) => ({ updatedAt: p.seenAt, directives: [] })),
    recordOrder: assign(({ context }, p: { order: OrderView }) => withOrder(context, p.order)),
    recoverOrders: assign(({ context }, p: { orders: readonly OrderView[] }) => withOrders(context, p.orders)),
    dropOrder: assign(({ context }, p: { key: string }) => withoutOrder(context, p.key)),
    noteExposure: assign(({ context }) => {
      const since = context.unprotectedSince
      if (isHolding(context) && !isCovered(context)) return { unprotectedSince: since ?? context.updatedAt }
      return { unprotectedSince: null, gapMs: since === null ? context.gapMs : context.updatedAt - since }
    }),
    planProtection: assign(({ context }, p: { retry: boolean }) => planProtection(context, p.retry)),
    planExit: assign(({ context }, p: { retry: boolean }) => planExit(context, p.retry)),
    planWithdrawal: assign(({ context }) => planWithdrawal(context)),
    withdrawAgain: assign(({ context }) => (context.closeReason === null ? {} : planWithdrawal(context))),
    giveReason: assign(({ context }, p: { reason: CloseReason }) => ({ closeReason: context.closeReason ?? p.reason })),
    giveStopReason: assign(({ context }) => ({
      closeReason: context.closeReason ?? (heldBy(context).lte(0) ? ('stop_loss' as const) : null),
    })),
    giveUpDust: assign(({ context }) => ({ dust: text(amount(context.dust).plus(heldBy(context))) })),
    modify: assign(({ context }, p: { stopLoss?: Numeric; takeProfit?: Numeric | null }) => ({
      stopLoss: p.stopLoss ?? context.stopLoss,
      takeProfit: p.takeProfit === undefined ? context.takeProfit : p.takeProfit,
    })),
    arm: assign(({ context }, p: { name: DeadlineName; at: number | null }) => ({
      deadlines: { ...context.deadlines, [p.name]: p.at },
    })),
  },
  guards: {
    isFlat: ({ context }) => isFlat(context),
    isHolding: ({ context }) => isHolding(context),
    isCovered: ({ context }) => isCovered(context),
    isStoppedOut: ({ context }) => !isHolding(context) && !isFlat(context),
    isUncovered: ({ context }) => isHolding(context) && !isCovered(context),
    isCloseWanted: ({ context }) => context.closeReason !== null && isHolding(context),
    isStranded: ({ context }) => isStranded(context),
    isDue: ({ context }, p: { name: DeadlineName; dueAt: number }) => context.deadlines[p.name] === p.dueAt,
    isDueOnDust: ({ context }, p: { name: DeadlineName; dueAt: number }) =>
      context.deadlines[p.name] === p.dueAt && isDust(context),
    isDueWhileHolding: ({ context }, p: { name: DeadlineName; dueAt: number }) =>
      context.deadlines[p.name] === p.dueAt && isHolding(context),
    isTakeProfit: (_, p: { trigger: TriggerCrossed['trigger'] }) => p.trigger === 'takeProfit',
    isModifiable: ({ context }, p: { stopLoss?: Numeric; takeProfit?: Numeric | null }) =>
      stopProblem(
        context.side,
        p.stopLoss ?? context.stopLoss,
        p.takeProfit === undefined ? context.takeProfit : p.takeProfit,
      ) === null,
  },
})

type C = { context: PositionContext }
type On<T extends PositionHears['type']> = { event: Extract<PositionHears, { type: T }> }

const hear = { type: 'hear' as const, params: ({ event }: { event: PositionHears }) => ({ seenAt: event.seenAt }) }
const publish = (facts: (context: PositionContext) => readonly FactDraft[]) => ({
  type: 'publish-facts' as const,
  params: ({ context }: C) => ({ facts: facts(context) }),
})
const state = (type: Parameters<typeof positionFact>[0], phase: PositionPhase) =>
  publish((context) => [positionFact(type, context, phase)])
const direct = {
  type: 'direct-orders' as const,
  params: ({ context: { positionId, directives } }: C) => ({ positionId, directives }),
}
const watch = (watched: boolean) => ({
  type: 'watch-triggers' as const,
  params: ({ context: { positionId, instrument, side, stopLoss, takeProfit } }: C) => ({
    ...{ positionId, symbol: instrument.symbol, side },
    stopLoss: watched ? stopLoss : null,
    takeProfit: watched ? takeProfit : null,
  }),
})
const arm = (name: DeadlineName, at: (context: PositionContext) => number | null) => {
  const params = ({ context }: C) => ({ name, at: at(context) })
  return [
    { type: 'arm' as const, params },
    { type: 'set-deadline' as const, params },
  ]
}
const disarm = (name: DeadlineName) => arm(name, () => null)
const isDue = <G extends 'isDue' | 'isDueOnDust' | 'isDueWhileHolding' = 'isDue'>(name: DeadlineName, type?: G) => ({
  type: (type ?? 'isDue') as G,
  params: ({ event }: On<'deadline.reached'>) => ({ name, dueAt: event.dueAt }),
})
const because = (reason: CloseReason) => ({ type: 'giveReason' as const, params: { reason } })
const asAsked = { type: 'giveReason' as const, params: ({ event }: On<'close-position'>) => ({ reason: event.reason }) }
const ignore = (description: string) => ({ actions: [hear], description })
const stale = ignore('A deadline of an earlier state.')
const isTakeProfit = {
  type: 'isTakeProfit' as const,
  params: ({ event }: On<'trigger.crossed'>) => ({ trigger: event.trigger }),
}
const requested = ({ event }: On<'modify-position'>) => ({
  ...(event.stopLoss === undefined ? {} : { stopLoss: event.stopLoss }),
  ...(event.takeProfit === undefined ? {} : { takeProfit: event.takeProfit }),
})
const refuse = (reason: string) => ({
  actions: [
    hear,
    publish(({ positionId, instrument }) => [
      { type: 'position.denied', positionId, symbol: instrument.symbol, reason },
    ]),
  ],
  description: `Refused: ${reason}.`,
})

/** Everything heard of an order updates its slot; each state then decides from what is held now. */
const learn = [
  hear,
  { type: 'recordOrder' as const, params: ({ event }: On<'order.reported'>) => ({ order: event.order }) },
  'noteExposure' as const,
]
const relearn = [
  hear,
  { type: 'recoverOrders' as const, params: ({ event }: On<'orders.recovered'>) => ({ orders: event.orders }) },
  'noteExposure' as const,
]
const forget = [
  hear,
  { type: 'dropOrder' as const, params: ({ event }: On<'order.turnedAway'>) => ({ key: event.key }) },
  'noteExposure' as const,
]
const protect = (retry: boolean) => [{ type: 'planProtection' as const, params: { retry } }, direct]
const exit = (retry: boolean) => [{ type: 'planExit' as const, params: { retry } }, direct]
const protectInTime = arm('protect', ({ updatedAt, policy }) => updatedAt + policy.protectMs)
const tryAgain = arm('retry', ({ updatedAt, policy }) => updatedAt + policy.retryMs)

/** The same three reports in every state, each followed by that state's own decision. */
const onOrders = <A>(here: PositionPhase, then: readonly A[]) => ({
  'order.reported': { actions: [...learn, ...then] },
  /** Entered anew: deadlines and triggers are registered again. */
  'orders.recovered': { target: `#position.${here}`, reenter: true, actions: relearn },
  'order.turnedAway': { actions: [...forget, ...then] },
})

export const positionMachine = parts.createMachine({
  id: 'position',
  description: 'One position: opened, protected, closed, and never naked for longer than its deadline.',
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    ...{ positionId: input.positionId, proposalId: input.proposalId, side: input.side, leverage: input.leverage },
    ...{ instrument: input.instrument, stopLoss: input.stopLoss, takeProfit: input.takeProfit, policy: input.policy },
    slots: [{ request: input.entry, view: null, dropped: false }],
    ...{ closeReason: null, dust: '0', openedAt: input.seenAt, updatedAt: input.seenAt, closedAt: null },
    directives: [{ kind: 'place', request: input.entry }],
    ...{ unprotectedSince: null, gapMs: 0, deadlines: {} },
  }),
  initial: 'opening',
  states: {
    opening: {
      description: 'The entry works; nothing is held yet.',
      entry: [state('position.opening', 'opening'), 'withdrawAgain', direct],
      always: [
        { guard: 'isCloseWanted', target: 'closing' },
        { guard: 'isHolding', target: 'protecting' },
        { guard: 'isFlat', target: 'closed', actions: [because('entry_unfilled')] },
      ],
      on: {
        ...onOrders('opening', []),
        'close-position': {
          actions: [hear, asAsked, 'planWithdrawal', direct],
          description: 'The entry is withdrawn; what fills in the race is sold.',
        },
        'modify-position': refuse('nothing is held yet'),
        'deadline.reached': stale,
      },
    },
    protecting: {
      description: 'Something is held and its stop is not live for all of it yet.',
      entry: [
        state('position.filled', 'protecting'),
        watch(true),
        ...arm(
          'protect',
          ({ unprotectedSince, updatedAt, policy }) => (unprotectedSince ?? updatedAt) + policy.protectMs,
        ),
        ...tryAgain,
        ...protect(true),
      ],
      exit: [...disarm('protect'), ...disarm('retry')],
      always: [
        { guard: 'isFlat', target: 'closed', actions: ['giveStopReason'] },
        { guard: 'isStoppedOut', target: 'closing', actions: ['giveStopReason'] },
        { guard: 'isCovered', target: 'protected' },
        { guard: 'isStranded', target: 'closing', actions: [because('dust')] },
      ],
      on: {
        ...onOrders('protecting', protect(false)),
        'trigger.crossed': [
          { guard: isTakeProfit, target: 'closing', actions: [hear, because('take_profit')] },
          {
            target: 'closing',
            actions: [hear, because('stop_loss')],
            description: 'No stop is live: the local watch acts at once.',
          },
        ],
        'deadline.reached': [
          {
            guard: isDue('protect', 'isDueOnDust'),
            actions: [hear, ...protectInTime],
            description: 'Too little for any order: watched locally until the entry brings more or ends.',
          },
          { guard: isDue('protect'), target: 'emergencyExit', actions: [hear, because('unprotected')] },
          { guard: isDue('retry'), actions: [hear, ...protect(true), ...tryAgain] },
          stale,
        ],
        'close-position': { target: 'closing', actions: [hear, asAsked] },
        'modify-position': refuse('its stop is not live yet'),
      },
    },
    protected: {
      description: 'A stop rests at the venue for all that is held.',
      entry: [
        publish((context) => [
          { type: 'position.protected', position: positionView(context, 'protected'), gapMs: context.gapMs },
        ]),
        watch(true),
        ...protect(true),
      ],
      exit: [...disarm('grace')],
      always: [
        { guard: 'isFlat', target: 'closed', actions: ['giveStopReason'] },
        { guard: 'isStoppedOut', target: 'closing', actions: ['giveStopReason'] },
        { guard: 'isUncovered', target: 'protecting' },
      ],
      on: {
        ...onOrders('protected', protect(false)),
        'trigger.crossed': [
          { guard: isTakeProfit, target: 'closing', actions: [hear, because('take_profit')] },
          {
            actions: [hear, ...arm('grace', ({ updatedAt, policy }) => updatedAt + policy.graceMs)],
            description: 'The venue holds the stop: it is given a moment to answer.',
          },
        ],
        'deadline.reached': [
          { guard: isDue('grace'), target: 'closing', actions: [hear, because('stop_loss')] },
          stale,
        ],
        'close-position': { target: 'closing', actions: [hear, asAsked] },
        'modify-position': [
          {
            guard: { type: 'isModifiable', params: requested },
            actions: [
              hear,
              { type: 'modify', params: requested },
              ...protect(true),
              watch(true),
              state('position.amended', 'protected'),
            ],
          },
          refuse('the stop or target is on the wrong side'),
        ],
      },
    },
    closing: {
      description: 'Entry and stop are cancelled, then what is left is sold at market.',
      entry: [
        publish((context) => [
          {
            type: 'position.closing',
            position: positionView(context, 'closing'),
            reason: context.closeReason ?? 'api',
          },
        ]),
        watch(false),
        ...arm('exit', ({ updatedAt, policy }) => updatedAt + policy.exitMs),
        ...exit(true),
      ],
      exit: [...disarm('exit')],
      always: [
        { guard: 'isFlat', target: 'closed' },
        { guard: 'isStranded', target: 'closed', actions: ['giveUpDust'] },
      ],
      on: {
        ...onOrders('closing', exit(false)),
        'trigger.crossed': ignore('Already on the way out.'),
        'deadline.reached': [
          { guard: isDue('exit', 'isDueWhileHolding'), target: 'emergencyExit', actions: [hear] },
          stale,
        ],
        'close-position': ignore('Already on the way out.'),
        'modify-position': refuse('it is closing'),
      },
    },
    emergencyExit: {
      description: 'Protection or closing did not work in time: sold at market, tried again until it is flat.',
      entry: [
        publish((context) => [
          {
            type: 'position.emergency',
            position: positionView(context, 'emergencyExit'),
            problem: context.closeReason ?? 'exit overdue',
          },
          ...(isCovered(context)
            ? []
            : [
                {
                  type: 'position.unprotected' as const,
                  positionId: context.positionId,
                  symbol: context.instrument.symbol,
                  sinceAt: context.unprotectedSince ?? context.updatedAt,
                },
              ]),
        ]),
        watch(false),
        ...tryAgain,
        ...exit(true),
      ],
      exit: [...disarm('retry')],
      always: [
        { guard: 'isFlat', target: 'closed' },
        { guard: 'isStranded', target: 'closed', actions: ['giveUpDust'] },
      ],
      on: {
        ...onOrders('emergencyExit', exit(false)),
        'trigger.crossed': ignore('Already on the way out.'),
        'deadline.reached': [{ guard: isDue('retry'), actions: [hear, ...exit(true), ...tryAgain] }, stale],
        'close-position': ignore('Already on the way out.'),
        'modify-position': refuse('it is closing'),
      },
    },
    closed: {
      type: 'final',
      description: 'Nothing is held and nothing is in flight.',
      entry: [
        watch(false),
        publish((context) => [
          ...(context.dust === '0'
            ? []
            : [
                {
                  type: 'position.dustTransferred' as const,
                  position: positionView(context, 'closed'),
                  quantity: context.dust,
                },
              ]),
          ...hitFacts(context),
          positionFact('position.closed', context, 'closed'),
        ]),
      ],
    },
  },
})
