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
import type { OrderId } from '../src/domain/ids.ts'
import type { Fill, OrderPhase, OrderRequest, OrderStatus } from '../src/domain/order.ts'
import * as story from '../src/domain/order-story.ts'
import type { Report, VenueOrder } from '../src/domain/reports.ts'
import type { Numeric } from '../src/domain/units.ts'
import { hear, phrases, when } from './phrases.ts'
import { effect } from './step.ts'

export type OrderHears = Report | OrderCommand | DeadlineReached
type DeadlineName = 'acknowledge' | 'cancel' | 'lookUp' | 'expiry' | 'settle'

export interface OrderContext extends story.NewOrder {
  readonly cancelWanted: boolean
  /** The one deadline of the present state; an older one that still rings is ignored. */
  readonly deadline: { readonly name: DeadlineName; readonly at: number | null }
}

const parts = setup({
  types: { context: {} as OrderContext, events: {} as OrderHears, input: {} as story.OrderBirth },
  guards: {
    isDue: ({ context: { deadline } }, p: { name: DeadlineName; rang: string; dueAt: number }) =>
      p.rang === p.name && deadline.name === p.name && deadline.at === p.dueAt,
    isFresh: ({ context }, p: { fill: Fill }) => story.hasNewFills(context, [p.fill]),
    completesOrder: ({ context }, p: { fill: Fill }) => story.isCompletedBy(context, [p.fill]),
    isCompleteAtVenue: ({ context }, { order }: { order: VenueOrder }) =>
      story.isCompletedBy(context, order.fills, order.quantity),
    isStatus: (_, p: { order: VenueOrder; status: VenueOrder['status'] }) => p.order.status === p.status,
    hasFilled: (_, p: { order: VenueOrder }) => p.order.fills.length > 0,
    isPartlyFilled: ({ context }) => context.filled !== '0',
    isCancelWanted: ({ context }) => context.cancelWanted,
    neverArrived: ({ context }, p: { seenAt: number }) => story.hasNeverArrived(context, p.seenAt),
  },
  actions: {
    'submit-order': effect<{ orderId: OrderId; request: Approved<OrderRequest>; deadlineAt: number }>(),
    'amend-at-venue': effect<{ orderId: OrderId; quantity?: Numeric; limitPrice?: Numeric; triggerPrice?: Numeric }>(),
    'cancel-at-venue': effect<{ orderId: OrderId }>(),
    'look-up-order': effect<{ orderId: OrderId }>(),
    'set-deadline': effect<{ name: DeadlineName; at: number | null }>(),
    'publish-facts': effect<{ facts: readonly FactDraft[] }>(),
    hear: assign((_, p: { seenAt: number }) => ({ updatedAt: p.seenAt, freshFills: [] })),
    arm: assign((_, p: { name: DeadlineName; at: number | null }) => ({ deadline: p })),
    know: assign((_, p: { venueOrderId: VenueOrder['venueOrderId'] }) => p),
    countFill: assign(({ context }, p: { fill: Fill }) => story.withFills(context, [p.fill])),
    adopt: assign(({ context }, p: { order: VenueOrder }) => story.withVenueOrder(context, p.order)),
    recordAmend: assign((_, p: story.Terms) => p),
    startLookingUp: assign({ lookUps: 0, emptyAt: null }),
    countLookUp: assign(({ context }) => ({ lookUps: context.lookUps + 1 })),
    countEmpty: assign(({ context }, p: { seenAt: number }) => ({ emptyAt: story.emptySince(context, p.seenAt) })),
    wantCancel: assign((_, p: { reason: string }) => ({ cancelWanted: true, reason: p.reason })),
    explain: assign((_, p: { reason: string }) => p),
    conclude: assign((_, p: { outcome: OrderStatus }) => p),
  },
})

type On<T extends OrderHears['type']> = Extract<OrderHears, { type: T }>
const { call, publish, arm, due, branches } = phrases<OrderContext, OrderHears, DeadlineName>()
const { to, stay, ignore, ignoring } = branches(hear)

const tell = (type: Parameters<typeof story.orderFact>[0], phase: OrderPhase) =>
  publish((order) => [story.orderFact(type, order, phase)])
const refuse = (reason: string) => ({
  ...stay(publish((order) => [story.orderDenied(order, reason)])),
  description: `Refused: ${reason}.`,
})
const end = (outcome: OrderStatus) => ({ type: 'conclude' as const, params: { outcome } })
const stale = ignore('A deadline of an earlier state.')
const onDeadline = (name: DeadlineName, target: string) => [when(due(name), to(target)), stale]

const armAcknowledge = arm('acknowledge', ({ acceptBefore }) => acceptBefore)
const armCancel = arm('cancel', ({ updatedAt, policy }) => updatedAt + policy.cancelMs)
const armExpiry = arm('expiry', (order) => story.expiryCheckAt(order, order.request.expiresAt))
const armSettle = arm('settle', ({ updatedAt, policy }) => updatedAt + policy.lateFillMs)

const idOf = ({ orderId }: OrderContext) => ({ orderId })
const submit = call('submit-order', ({ orderId, request, acceptBefore: deadlineAt }) => ({
  orderId,
  request,
  deadlineAt,
}))
const amend = call('amend-at-venue', (order, message: On<'amend-order'>) => story.amendmentOf(order, message))
const cancel = call('cancel-at-venue', idOf)
const lookUp = [call('look-up-order', idOf), ...arm('lookUp', story.nextLookUpAt), 'countLookUp' as const]

const know = call('know', (_, { venueOrderId }: Pick<VenueOrder, 'venueOrderId'>) => ({ venueOrderId }))
const acknowledged = [when('isCancelWanted', to('#order.cancelling', know)), to('#order.open', know)]
const explainRefusal = call('explain', (_, refusal: On<'venue.refused'>) => ({
  reason: `${refusal.code}: ${refusal.message}`,
}))
const explainCancel = call('explain', (_, { reason }: On<'venue.cancelled'>) => ({ reason }))
const explainAbsence = { type: 'explain' as const, params: { reason: 'not-at-venue' } }
const refused = to('#order.settling.failed', explainRefusal)
const cancelled = to('#order.settling.cancelled', explainCancel)
const recordAmend = call('recordAmend', (_, message: On<'venue.amended'>) => story.termsOf(message))
const tellAmended = publish((order) => [story.amendedFact(order)])
const wantCancel = call('wantCancel', (_, { reason }: On<'cancel-order'>) => ({ reason }))
const cancelLater = { ...stay(wantCancel), description: 'Cancelled as soon as it is known to be there.' }

/** One execution: counted once; ends the order when it completes it, else the order is partly filled. */
const fillOf = (_: OrderContext, { fill }: On<'venue.filled'>) => ({ fill })
const count = [know, call('countFill', fillOf), publish(story.fillFacts)]
const completed = when(call('completesOrder', fillOf), to('#order.settling.filled', ...count))
const isFresh = call('isFresh', fillOf)
const firstFill = [completed, when(isFresh, to('#order.partiallyFilled', ...count))]
const counted = ignore('A fill that was counted before changes nothing.')
const anotherFill = [completed, when(isFresh, stay(...count)), counted]

/** What a look-up found: its fills count, and its end is ours. */
const orderOf = (_: OrderContext, { order }: On<'venue.found'>) => ({ order })
const adopt = [call('adopt', orderOf), publish(story.fillFacts)]
const isFound = (status: VenueOrder['status']) =>
  call('isStatus', (_, { order }: On<'venue.found'>) => ({ order, status }))
const foundComplete = when(call('isCompleteAtVenue', orderOf), to('#order.settling.filled', ...adopt))
const foundEnded = [
  foundComplete,
  when(isFound('cancelled'), to('#order.settling.cancelled', ...adopt)),
  when(isFound('expired'), to('#order.settling.expired', ...adopt)),
]
const foundPartlyFilled = when(call('hasFilled', orderOf), to('#order.partiallyFilled', ...adopt))
const foundSame = { ...stay(...adopt), description: 'An earlier look-up answered late; its fills count.' }
const seenAt = (_: OrderContext, message: On<'venue.notFound'>) => ({ seenAt: message.seenAt })
const foundNothing = [
  when(call('neverArrived', seenAt), to('#order.settling.failed', explainAbsence)),
  stay(call('countEmpty', seenAt)),
]

/** What an order that rests at the venue answers, whether or not part of it is filled. */
const resting = {
  'cancel-order': to('#order.cancelling', wantCancel),
  'amend-order': stay(amend),
  'recover-order': to('#order.unknown'),
  'venue.cancelled': cancelled,
  'venue.expired': to('#order.settling.expired'),
  'venue.answerLost': to('#order.unknown'),
  'venue.acknowledged': ignore('The acknowledgement came after the opening report.'),
  'venue.opened': ignore('A repeated report.'),
  ...ignoring('An earlier look-up answered late.', 'venue.notFound', 'venue.lookupFailed'),
  'venue.amended': stay(recordAmend, tellAmended),
  'venue.amendRefused': refuse('the venue refused the amendment'),
}

export const orderMachine = parts.createMachine({
  id: 'order',
  description: 'The whole life of one order at the venue.',
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    ...story.newOrder(input),
    cancelWanted: false,
    deadline: { name: 'acknowledge', at: null },
  }),
  initial: 'intended',
  states: {
    intended: {
      description: 'Written down; the request leaves once that is durable.',
      entry: [tell('order.intended', 'intended'), submit],
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
      entry: [tell('order.submitted', 'submitting'), ...armAcknowledge],
      on: {
        'venue.acknowledged': acknowledged,
        'venue.opened': acknowledged,
        'venue.filled': firstFill,
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
      entry: ['startLookingUp', tell('order.unknown', 'unknown'), ...lookUp],
      on: {
        'venue.found': [...foundEnded, when('isCancelWanted', to('cancelling', ...adopt)), to('open', ...adopt)],
        'venue.notFound': foundNothing,
        'venue.lookupFailed': ignore('Asked again at the next look-up.'),
        'deadline.reached': [when(due('lookUp'), stay(...lookUp)), stale],
        'venue.acknowledged': acknowledged,
        'venue.opened': acknowledged,
        'venue.filled': [...firstFill, counted],
        'venue.refused': refused,
        'venue.amended': stay(recordAmend),
        ...ignoring(
          'It is being looked up: what the venue holds counts.',
          ...(['venue.sent', 'venue.amendRefused', 'venue.cancelRefused'] as const),
        ),
        'venue.answerLost': ignore('Already being looked up.'),
        'venue.cancelled': cancelled,
        'venue.expired': to('#order.settling.expired'),
        'cancel-order': cancelLater,
        'amend-order': refuse('its state is unknown'),
        'recover-order': { ...to('unknown'), reenter: true },
      },
    },
    open: {
      description: 'Resting at the venue, nothing filled.',
      entry: [publish((order) => [story.orderFact('order.opened', order, story.restingPhase(order))]), ...armExpiry],
      always: { guard: 'isPartlyFilled', target: 'partiallyFilled' },
      on: {
        ...resting,
        'venue.filled': firstFill,
        'venue.found': [...foundEnded, foundPartlyFilled, foundSame],
        'deadline.reached': onDeadline('expiry', 'unknown'),
      },
    },
    partiallyFilled: {
      description: 'Partly filled, the rest still resting.',
      entry: armExpiry,
      always: { guard: 'isCancelWanted', target: 'cancelling' },
      on: {
        ...resting,
        'venue.filled': anotherFill,
        'venue.found': [...foundEnded, foundSame],
        'deadline.reached': onDeadline('expiry', 'unknown'),
      },
    },
    cancelling: {
      description: 'Asked to end; fills may still win the race.',
      entry: [tell('order.cancelling', 'cancelling'), cancel, ...armCancel],
      on: {
        ...resting,
        'venue.found': [...foundEnded, foundSame],
        'venue.filled': anotherFill,
        'venue.cancelRefused': to('unknown'),
        'deadline.reached': onDeadline('cancel', 'unknown'),
        'cancel-order': ignore('Already cancelling.'),
        'amend-order': refuse('it is being cancelled'),
      },
    },
    settling: {
      description: 'Ended at the venue; late fills are still counted.',
      entry: armSettle,
      initial: 'failed',
      states: {
        filled: { description: 'All of it was executed.', entry: end('FILLED') },
        cancelled: {
          description: 'Cancelled; what had been filled is kept.',
          entry: [end('CANCELLED'), tell('order.cancelled', 'settling')],
        },
        expired: {
          description: 'Its time ran out; what had been filled is kept.',
          entry: [end('EXPIRED'), tell('order.expired', 'settling')],
        },
        failed: {
          description: 'Refused by the venue, or it never arrived there.',
          entry: [end('ERROR'), tell('order.failed', 'settling')],
        },
      },
      on: {
        'venue.filled': anotherFill,
        'venue.found': [
          foundComplete,
          { ...stay(...adopt), description: 'A look-up answered late; only fills that are new count.' },
        ],
        ...ignoring(
          'The order had ended before this report.',
          ...(['venue.acknowledged', 'venue.opened', 'venue.answerLost', 'venue.refused', 'venue.cancelled'] as const),
          ...(['venue.expired', 'venue.cancelRefused', 'venue.notFound', 'venue.lookupFailed'] as const),
          ...(['venue.amended', 'venue.amendRefused'] as const),
        ),
        'deadline.reached': onDeadline('settle', 'done'),
        'cancel-order': refuse('it has ended'),
        'amend-order': refuse('it has ended'),
        'recover-order': {
          ...stay(...armSettle),
          description: 'The window begins again; reconciliation brings fills that were missed.',
        },
      },
    },
    done: { type: 'final', description: 'Nothing more can happen to it.', entry: tell('order.settled', 'done') },
  },
})
