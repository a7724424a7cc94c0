/**
 * An order's whole life.
 *
 * 1. A lost answer is not a rejection: it leads to `unknown`, never to a second placement.
 * 2. `unknown` asks the venue by our client order id until it answers; a restarted order begins there.
 * 3. Fills count once per trade id, in any state that is not done; ended orders wait out a late-fill window.
 */
import { assign, setup } from 'xstate'
import type { Approved } from '../src/domain/approved.ts'
import type { DeadlineReached, OrderCommand } from '../src/domain/commands.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import { countFills, isComplete, NO_FILLS, newFills } from '../src/domain/fills.ts'
import type { OrderId } from '../src/domain/ids.ts'
import type { Fill, OrderPhase, OrderRequest, OrderStatus } from '../src/domain/order.ts'
import { fillFacts, type OrderRecord, orderDenied, orderFact } from '../src/domain/order-story.ts'
import type { Report, VenueOrder } from '../src/domain/reports.ts'
import type { Numeric } from '../src/domain/units.ts'
import { effect } from './step.ts'

export interface OrderPolicy {
  /** How long the venue may take to acknowledge; also the deadline it is given to accept. */
  readonly acknowledgeMs: number
  readonly cancelMs: number
  /** How long fills may still arrive after the end. */
  readonly lateFillMs: number
  readonly lookUpFirstMs: number
  readonly lookUpMaxMs: number
}

/** The birth of an order: journaled as its first row. */
export interface OrderBirth {
  readonly orderId: OrderId
  readonly request: Approved<OrderRequest>
  readonly policy: OrderPolicy
  readonly seenAt: number
}

export type OrderHears = Report | OrderCommand | DeadlineReached
type DeadlineName = 'acknowledge' | 'cancel' | 'lookUp' | 'expiry' | 'settle'

export interface OrderContext extends OrderRecord {
  readonly request: Approved<OrderRequest>
  readonly policy: OrderPolicy
  /** Past this moment the venue refuses the placement, so an order that is not there never will be. */
  readonly acceptBefore: number
  readonly cancelWanted: boolean
  readonly lookUps: number
  /** When a look-up that counts first found nothing. */
  readonly emptyAt: number | null
  /** The one deadline of the present state; an older one that still rings is ignored. */
  readonly deadline: { readonly name: DeadlineName; readonly at: number | null }
}

/** Margin after the venue's own deadline before an empty look-up counts, and between two that count. */
const NOT_AT_VENUE_AFTER_MS = 5_000
const BETWEEN_LOOK_UPS_MS = 2_000

const parts = setup({
  types: { context: {} as OrderContext, events: {} as OrderHears, input: {} as OrderBirth },
  actions: {
    'submit-order': effect<{ orderId: OrderId; request: Approved<OrderRequest>; deadlineAt: number }>(),
    'amend-at-venue': effect<{ orderId: OrderId; quantity?: Numeric; limitPrice?: Numeric; triggerPrice?: Numeric }>(),
    'cancel-at-venue': effect<{ orderId: OrderId }>(),
    'look-up-order': effect<{ orderId: OrderId }>(),
    'set-deadline': effect<{ name: DeadlineName; at: number | null }>(),
    'publish-facts': effect<{ facts: readonly FactDraft[] }>(),
    hear: assign((_, p: { seenAt: number }) => ({ updatedAt: p.seenAt, freshFills: [] })),
    know: assign((_, p: { venueOrderId: VenueOrder['venueOrderId'] }) => p),
    explain: assign((_, p: { reason: string }) => p),
    wantCancel: assign((_, p: { reason: string }) => ({ cancelWanted: true, reason: p.reason })),
    recordFill: assign(({ context }, { fill }: { fill: Fill }) => ({
      ...countFills(context, [fill]),
      freshFills: newFills(context, [fill]),
    })),
    adopt: assign(({ context }, { order }: { order: VenueOrder }) => ({
      ...countFills(context, order.fills),
      freshFills: newFills(context, order.fills),
      venueOrderId: order.venueOrderId,
      quantity: order.quantity,
      limitPrice: order.limitPrice,
      triggerPrice: order.triggerPrice,
      reason: order.reason ?? context.reason,
    })),
    recordAmend: assign((_, p: Pick<OrderRecord, 'quantity' | 'limitPrice' | 'triggerPrice'>) => p),
    countLookUp: assign(({ context }) => ({ lookUps: context.lookUps + 1 })),
    countEmpty: assign(({ context }, { seenAt }: { seenAt: number }) => ({
      emptyAt: context.emptyAt ?? (seenAt >= context.acceptBefore + NOT_AT_VENUE_AFTER_MS ? seenAt : null),
    })),
    startLookingUp: assign({ lookUps: 0, emptyAt: null }),
    arm: assign((_, p: { name: DeadlineName; at: number | null }) => ({ deadline: p })),
    conclude: assign((_, p: { outcome: OrderStatus }) => p),
  },
  guards: {
    isDue: ({ context: { deadline } }, p: { name: DeadlineName; dueAt: number }) =>
      deadline.name === p.name && deadline.at === p.dueAt,
    completesOrder: ({ context }, p: { fills: readonly Fill[] }) =>
      newFills(context, p.fills).length > 0 && isComplete(countFills(context, p.fills).filled, context.quantity),
    isCompleteAtVenue: ({ context }, { order }: { order: VenueOrder }) =>
      newFills(context, order.fills).length > 0 && isComplete(countFills(context, order.fills).filled, order.quantity),
    isFresh: ({ context }, p: { fills: readonly Fill[] }) => newFills(context, p.fills).length > 0,
    isPartlyFilled: ({ context }) => context.filled !== '0',
    isCancelWanted: ({ context }) => context.cancelWanted,
    isStatus: (_, p: { order: VenueOrder; status: VenueOrder['status'] }) => p.order.status === p.status,
    hasFilled: (_, p: { order: VenueOrder }) => p.order.fills.length > 0,
    neverArrived: ({ context: { emptyAt } }, p: { seenAt: number }) =>
      emptyAt !== null && p.seenAt >= emptyAt + BETWEEN_LOOK_UPS_MS,
  },
})

type C = { context: OrderContext }
type On<T extends OrderHears['type']> = { event: Extract<OrderHears, { type: T }> }

const hear = { type: 'hear' as const, params: ({ event }: { event: OrderHears }) => ({ seenAt: event.seenAt }) }
const publish = (facts: (context: OrderContext) => readonly FactDraft[]) => ({
  type: 'publish-facts' as const,
  params: ({ context }: C) => ({ facts: facts(context) }),
})
const state = (type: Parameters<typeof orderFact>[0], phase: OrderPhase) =>
  publish((context) => [orderFact(type, context, phase)])
const refuse = (reason: string) => ({
  actions: [hear, publish((context) => [orderDenied(context, reason)])],
  description: `Refused: ${reason}.`,
})
const ignore = (description: string) => ({ actions: [hear], description })
const ignoring = <T extends OrderHears['type']>(description: string, types: readonly T[]) =>
  Object.fromEntries(types.map((type) => [type, ignore(description)])) as Record<T, ReturnType<typeof ignore>>
const to = (target: string) => ({ target, actions: [hear] })

/** Keeps a deadline in the context and asks the timer service for it. */
const arm = (name: DeadlineName, at: (context: OrderContext) => number | null) => {
  const params = ({ context }: C) => ({ name, at: at(context) })
  return [
    { type: 'arm' as const, params },
    { type: 'set-deadline' as const, params },
  ]
}
/** The venue ends a GTD order by itself; if it says nothing, it is asked, and again after a while. */
const armExpiry = arm('expiry', ({ request: { expiresAt }, policy, updatedAt }) =>
  expiresAt === null ? null : Math.max(expiresAt + policy.acknowledgeMs, updatedAt + policy.lookUpMaxMs),
)
const onDeadline = (name: DeadlineName, target: string) => [
  {
    guard: { type: 'isDue' as const, params: ({ event }: On<'deadline.reached'>) => ({ name, dueAt: event.dueAt }) },
    ...to(target),
  },
  ignore('A deadline of an earlier state.'),
]
const lookUp = [
  { type: 'look-up-order' as const, params: ({ context }: C) => ({ orderId: context.orderId }) },
  ...arm(
    'lookUp',
    ({ updatedAt, policy, lookUps }) => updatedAt + Math.min(policy.lookUpMaxMs, policy.lookUpFirstMs * 2 ** lookUps),
  ),
  'countLookUp' as const,
]

const fillsOf = ({ event }: On<'venue.filled'>) => ({ fills: [event.fill] })
const know = {
  type: 'know' as const,
  params: ({ event }: On<'venue.filled' | 'venue.opened' | 'venue.acknowledged'>) => ({
    venueOrderId: event.venueOrderId,
  }),
}
const count = [
  hear,
  know,
  { type: 'recordFill' as const, params: ({ event }: On<'venue.filled'>) => ({ fill: event.fill }) },
  publish(fillFacts),
]
/** One execution: counted once; ends the order when it completes it, else leads on to `partly`. */
const firstFill = (partly?: string) => [
  { guard: { type: 'completesOrder' as const, params: fillsOf }, target: '#order.settling.filled', actions: count },
  {
    guard: { type: 'isFresh' as const, params: fillsOf },
    ...(partly === undefined ? {} : { target: partly }),
    actions: count,
  },
]
const onFill = (partly?: string) => [...firstFill(partly), ignore('A fill that was counted before changes nothing.')]
const adopt = [
  hear,
  { type: 'adopt' as const, params: ({ event }: On<'venue.found'>) => ({ order: event.order }) },
  publish(fillFacts),
]
const found = (status: VenueOrder['status'], target: string) => ({
  guard: { type: 'isStatus' as const, params: ({ event }: On<'venue.found'>) => ({ order: event.order, status }) },
  target,
  actions: adopt,
})
const foundOrder = ({ event }: On<'venue.found'>) => ({ order: event.order })
const foundComplete = {
  guard: { type: 'isCompleteAtVenue' as const, params: foundOrder },
  target: '#order.settling.filled',
  actions: adopt,
}
const foundEnded = [
  foundComplete,
  found('cancelled', '#order.settling.cancelled'),
  found('expired', '#order.settling.expired'),
]
const refused = {
  target: '#order.settling.failed',
  actions: [
    hear,
    {
      type: 'explain' as const,
      params: ({ event }: On<'venue.refused'>) => ({ reason: `${event.code}: ${event.message}` }),
    },
  ],
}
const cancelled = {
  target: '#order.settling.cancelled',
  actions: [
    hear,
    { type: 'explain' as const, params: ({ event }: On<'venue.cancelled'>) => ({ reason: event.reason }) },
  ],
}
const wantCancel = {
  type: 'wantCancel' as const,
  params: ({ event }: On<'cancel-order'>) => ({ reason: event.reason }),
}
const cancelLater = { actions: [hear, wantCancel], description: 'Cancelled as soon as it is known to be there.' }
const acknowledged = [
  { guard: 'isCancelWanted' as const, target: '#order.cancelling', actions: [hear, know] },
  { target: '#order.open', actions: [hear, know] },
]
const amend = {
  type: 'amend-at-venue' as const,
  params: ({ context, event }: C & On<'amend-order'>) => ({
    orderId: context.orderId,
    ...(event.quantity === undefined ? {} : { quantity: event.quantity }),
    ...(event.limitPrice === undefined ? {} : { limitPrice: event.limitPrice }),
    ...(event.triggerPrice === undefined ? {} : { triggerPrice: event.triggerPrice }),
  }),
}
const recordAmend = {
  type: 'recordAmend' as const,
  params: ({ event: { quantity, limitPrice, triggerPrice } }: On<'venue.amended'>) => ({
    quantity,
    limitPrice,
    triggerPrice,
  }),
}
const foundMore = {
  guard: { type: 'hasFilled' as const, params: foundOrder },
  target: '#order.partiallyFilled',
  actions: adopt,
}
const foundSame = { actions: adopt, description: 'An earlier look-up answered late; its fills count.' }
/** What an order that rests at the venue answers, whether or not part of it is filled. */
const resting = {
  'cancel-order': { target: '#order.cancelling', actions: [hear, wantCancel] },
  'amend-order': { actions: [hear, amend] },
  'recover-order': to('#order.unknown'),
  'venue.cancelled': cancelled,
  'venue.expired': to('#order.settling.expired'),
  'venue.answerLost': to('#order.unknown'),
  'venue.acknowledged': ignore('The acknowledgement came after the opening report.'),
  'venue.opened': ignore('A repeated report.'),

  'venue.notFound': ignore('An earlier look-up answered late.'),
  'venue.lookupFailed': ignore('An earlier look-up answered late.'),
  'venue.amended': {
    actions: [
      hear,
      recordAmend,
      publish((context) => [orderFact('order.amended', context, context.filled === '0' ? 'open' : 'partiallyFilled')]),
    ],
  },
  'venue.amendRefused': refuse('the venue refused the amendment'),
}

export const orderMachine = parts.createMachine({
  id: 'order',
  description: 'The whole life of one order at the venue.',
  options: { maxIterations: 100 },
  context: ({ input: { orderId, request, policy, seenAt } }) => ({
    ...NO_FILLS,
    ...{ orderId, request, policy, venueOrderId: null, reason: null, outcome: null, freshFills: [] },
    ...{ quantity: request.quantity, limitPrice: request.limitPrice, triggerPrice: request.triggerPrice },
    ...{ createdAt: seenAt, updatedAt: seenAt, acceptBefore: seenAt + policy.acknowledgeMs },
    ...{ cancelWanted: false, lookUps: 0, emptyAt: null, deadline: { name: 'acknowledge', at: null } },
  }),
  initial: 'intended',
  states: {
    intended: {
      description: 'Written down; the request leaves once that is durable.',
      entry: [
        state('order.intended', 'intended'),
        {
          type: 'submit-order',
          params: ({ context: { orderId, request, acceptBefore } }) => ({ orderId, request, deadlineAt: acceptBefore }),
        },
      ],
      on: {
        'venue.sent': to('submitting'),
        'venue.refused': refused,
        'cancel-order': cancelLater,
        'amend-order': refuse('it is not open yet'),
        'recover-order': to('unknown'),
      },
    },
    submitting: {
      description: 'Sent, no answer yet.',
      entry: [state('order.submitted', 'submitting'), ...arm('acknowledge', ({ acceptBefore }) => acceptBefore)],
      on: {
        'venue.acknowledged': acknowledged,
        'venue.opened': acknowledged,
        'venue.filled': firstFill('#order.partiallyFilled'),
        'venue.refused': refused,
        'venue.answerLost': to('unknown'),
        'venue.cancelled': cancelled,
        'venue.expired': to('#order.settling.expired'),
        'deadline.reached': onDeadline('acknowledge', 'unknown'),
        'cancel-order': cancelLater,
        'amend-order': refuse('it is not open yet'),
        'recover-order': to('unknown'),
      },
    },
    unknown: {
      description: 'The answer is lost: the venue is asked by client order id, nothing is assumed.',
      entry: ['startLookingUp', state('order.unknown', 'unknown'), ...lookUp],
      on: {
        'venue.found': [
          ...foundEnded,
          { guard: 'isCancelWanted', target: 'cancelling', actions: adopt },
          {
            guard: { type: 'hasFilled', params: ({ event }) => ({ order: event.order }) },
            target: 'partiallyFilled',
            actions: adopt,
          },
          { target: 'open', actions: adopt },
        ],
        'venue.notFound': [
          {
            guard: { type: 'neverArrived', params: ({ event }) => ({ seenAt: event.seenAt }) },
            target: 'settling.failed',
            actions: [hear, { type: 'explain', params: { reason: 'not-at-venue' } }],
          },
          { actions: [hear, { type: 'countEmpty', params: ({ event }) => ({ seenAt: event.seenAt }) }] },
        ],
        'venue.lookupFailed': ignore('Asked again at the next look-up.'),
        'deadline.reached': [
          {
            guard: { type: 'isDue', params: ({ event }) => ({ name: 'lookUp', dueAt: event.dueAt }) },
            actions: [hear, ...lookUp],
          },
          ignore('A deadline of an earlier state.'),
        ],
        'venue.acknowledged': acknowledged,
        'venue.opened': acknowledged,
        'venue.filled': onFill('#order.partiallyFilled'),
        'venue.refused': refused,
        'venue.amended': { actions: [hear, recordAmend] },
        ...ignoring('It is being looked up: what the venue holds counts.', [
          'venue.sent',
          'venue.amendRefused',
          'venue.cancelRefused',
        ]),
        'venue.answerLost': ignore('Already being looked up.'),
        'venue.cancelled': cancelled,
        'venue.expired': to('#order.settling.expired'),
        'cancel-order': cancelLater,
        'amend-order': refuse('its state is unknown'),
        'recover-order': { target: 'unknown', reenter: true, actions: [hear] },
      },
    },
    open: {
      description: 'Resting at the venue, nothing filled.',
      entry: [state('order.opened', 'open'), ...armExpiry],
      always: { guard: 'isPartlyFilled', target: 'partiallyFilled' },
      on: {
        ...resting,
        'venue.filled': firstFill('#order.partiallyFilled'),
        'venue.found': [...foundEnded, foundMore, foundSame],
        'deadline.reached': onDeadline('expiry', 'unknown'),
      },
    },
    partiallyFilled: {
      description: 'Partly filled, the rest still resting.',
      entry: armExpiry,
      always: { guard: 'isCancelWanted', target: 'cancelling' },
      on: {
        ...resting,
        'venue.filled': onFill(),
        'venue.found': [...foundEnded, foundSame],
        'deadline.reached': onDeadline('expiry', 'unknown'),
      },
    },
    cancelling: {
      description: 'Asked to end; fills may still win the race.',
      entry: [
        state('order.cancelling', 'cancelling'),
        { type: 'cancel-at-venue', params: ({ context }) => ({ orderId: context.orderId }) },
        ...arm('cancel', ({ updatedAt, policy }) => updatedAt + policy.cancelMs),
      ],
      on: {
        ...resting,
        'venue.found': [...foundEnded, foundSame],
        'venue.filled': onFill(),
        'venue.cancelRefused': to('unknown'),
        'deadline.reached': onDeadline('cancel', 'unknown'),
        'cancel-order': ignore('Already cancelling.'),
        'amend-order': refuse('it is being cancelled'),
      },
    },
    settling: {
      description: 'Ended at the venue; late fills are still counted.',
      entry: arm('settle', ({ updatedAt, policy }) => updatedAt + policy.lateFillMs),
      initial: 'failed',
      states: {
        filled: {
          description: 'All of it was executed.',
          entry: { type: 'conclude', params: { outcome: 'FILLED' } },
        },
        cancelled: {
          description: 'Cancelled; what had been filled is kept.',
          entry: [{ type: 'conclude', params: { outcome: 'CANCELLED' } }, state('order.cancelled', 'settling')],
        },
        expired: {
          description: 'Its time ran out; what had been filled is kept.',
          entry: [{ type: 'conclude', params: { outcome: 'EXPIRED' } }, state('order.expired', 'settling')],
        },
        failed: {
          description: 'Refused by the venue, or it never arrived there.',
          entry: [{ type: 'conclude', params: { outcome: 'ERROR' } }, state('order.failed', 'settling')],
        },
      },
      on: {
        'venue.filled': onFill(),
        'venue.found': [
          foundComplete,
          { actions: adopt, description: 'A look-up answered late; only fills that are new count.' },
        ],
        ...ignoring('The order had ended before this report.', [
          ...(['venue.acknowledged', 'venue.opened', 'venue.answerLost', 'venue.refused', 'venue.cancelled'] as const),
          ...(['venue.expired', 'venue.cancelRefused', 'venue.notFound', 'venue.lookupFailed'] as const),
          ...(['venue.amended', 'venue.amendRefused'] as const),
        ]),
        'deadline.reached': onDeadline('settle', 'done'),
        'cancel-order': refuse('it has ended'),
        'amend-order': refuse('it has ended'),
        'recover-order': {
          actions: [hear, ...arm('settle', ({ updatedAt, policy }) => updatedAt + policy.lateFillMs)],
          description: 'The window begins again; reconciliation brings fills that were missed.',
        },
      },
    },
    done: { type: 'final', description: 'Nothing more can happen to it.', entry: state('order.settled', 'done') },
  },
})
