/**
 * An order's whole life.
 *
 * 1. A lost answer is not a rejection: it leads to `unknown`, never to a second placement. Only what was refused before
 *    the venue's engine is sent again, under the same id.
 * 2. `unknown` asks the venue by our client order id until it answers; a restarted order begins there.
 * 3. Fills count once per trade id, in any state that is not done; ended orders wait out a late-fill window.
 */
import { assign, setup } from 'xstate'
import type { DeadlineReached, OrderCommand } from '../src/domain/commands.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import type { OrderId } from '../src/domain/ids.ts'
import type { Fill, OrderPhase, OrderStatus } from '../src/domain/order.ts'
import * as change from '../src/domain/order-amendment.ts'
import * as story from '../src/domain/order-story.ts'
import type { Report, VenueOrder } from '../src/domain/reports.ts'
import type { Numeric } from '../src/domain/units.ts'
import { hear, phrases, when } from './phrases.ts'
import { effect } from './step.ts'

export type OrderHears = Report | OrderCommand | DeadlineReached
type DeadlineName = 'acknowledge' | 'retry' | 'cancel' | 'lookUp' | 'expiry' | 'settle'

export interface OrderContext extends story.NewOrder, change.Amendments {
  /** The one deadline of the present state; an older one that still rings is ignored. */
  readonly deadline: { readonly name: DeadlineName; readonly at: number | null }
}

const NO_DEADLINE = { name: 'acknowledge', at: null } as const

const parts = setup({
  types: { context: {} as OrderContext, events: {} as OrderHears, input: {} as story.OrderBirth },
  guards: {
    isDue: ({ context: { deadline } }, p: { name: DeadlineName; rang: string; dueAt: number }) =>
      p.rang === p.name && deadline.name === p.name && deadline.at === p.dueAt,
    isFresh: ({ context }, p: { fill: Fill }) => story.hasNewFills(context, [p.fill]),
    completesOrder: ({ context }, p: { fill: Fill }) => story.isCompletedBy(context, [p.fill]),
    isCompleteAtVenue: ({ context }, p: { order: VenueOrder }) => story.isCompleteAtVenue(context, p.order),
    isStatus: (_, p: { order: VenueOrder; status: VenueOrder['status'] }) => p.order.status === p.status,
    hasFilled: (_, p: { order: VenueOrder }) => p.order.fills.length > 0,
    isPartlyFilled: ({ context }) => context.filled !== '0',
    isCancelWanted: ({ context }) => context.cancelWanted,
    isMissingFills: ({ context }, p: { filled?: Numeric }) => story.isMissingFills(context, p.filled),
    mayRetry: ({ context }, p: { code: string; seenAt: number }) => story.mayRetry(context, p),
    isBeforeEngine: (_, p: { code: string }) => story.isBeforeEngine(p.code),
    mayAmend: ({ context }, p: change.Asked) => change.mayAmend(context, p),
    neverArrived: ({ context }, p: { seenAt: number }) => story.hasNeverArrived(context, p.seenAt),
  },
  actions: {
    'submit-order': effect<ReturnType<typeof story.submissionOf>>(),
    'amend-at-venue': effect<change.Change & { orderId: OrderId }>(),
    'cancel-at-venue': effect<{ orderId: OrderId }>(),
    'look-up-order': effect<ReturnType<typeof story.questionOf>>(),
    'set-deadline': effect<{ name: DeadlineName; at: number | null }>(),
    'publish-facts': effect<{ facts: readonly FactDraft[] }>(),
    hear: assign((_, p: { seenAt: number }) => ({ updatedAt: p.seenAt, freshFills: [], isRevised: false })),
    arm: assign((_, p: { name: DeadlineName; at: number | null }) => ({ deadline: p })),
    startTry: assign(({ context }) => ({ acceptBefore: story.acceptBeforeOf(context) })),
    countRetry: assign(({ context }) => ({ retries: context.retries + 1 })),
    know: assign((_, { venueOrderId }: Pick<VenueOrder, 'venueOrderId'>) => ({ venueOrderId })),
    countFill: assign(({ context }, p: { fill: Fill }) => story.withFills(context, [p.fill])),
    adopt: assign(({ context }, p: { order: VenueOrder }) => story.withVenueOrder(context, p.order)),
    startAmending: assign(({ context }, p: change.Asked) => change.amendingBy(context, p)),
    recordTerms: assign(({ context }, p: change.Terms) => change.withTerms(context, p)),
    recordAccepted: assign(({ context }, p: change.Change) => change.withAccepted(context, p)),
    endAmending: assign({ amending: null }),
    startLookingUp: assign({ lookUps: 0, emptyAt: null, amending: null }),
    countLookUp: assign(({ context }) => ({ lookUps: context.lookUps + 1 })),
    countEmpty: assign(({ context }, p: { seenAt: number }) => ({ emptyAt: story.emptySince(context, p.seenAt) })),
    wantCancel: assign((_, { reason }: { reason: string }) => ({ cancelWanted: true, reason })),
    explain: assign((_, { reason }: { reason: string }) => ({ reason })),
    explainRefusal: assign((_, p: { code: string; message: string }) => ({ reason: `${p.code}: ${p.message}` })),
    conclude: assign((_, p: { outcome: OrderStatus }) => p),
  },
})

type On<T extends OrderHears['type']> = Extract<OrderHears, { type: T }>
const { call, given, publish, arm, due, branches } = phrases<OrderContext, OrderHears, DeadlineName>()
const { to, stay, ignore, ignoring } = branches(hear)

type PlainFact = Parameters<typeof story.orderFact>[0]
const tell = (type: PlainFact, phase: OrderPhase) => publish((order) => [story.orderFact(type, order, phase)])
const refuse = (reason: string) => ({
  ...stay(publish((order) => [story.orderDenied(order, reason)])),
  description: `Refused: ${reason}.`,
})
const ended = (outcome: OrderStatus, fact: PlainFact, description: string) => ({
  description,
  entry: [{ type: 'conclude' as const, params: { outcome } }, tell(fact, 'settling')],
})
const stale = ignore('A deadline of an earlier state.')
const onDeadline = (name: DeadlineName, target: string) => [when(due(name), to(target)), stale]

const armAcknowledge = arm('acknowledge', ({ acceptBefore }) => acceptBefore)
const armRetry = arm('retry', story.retryAt)
const armRetryAgain = arm('retry', ({ deadline }) => deadline.at)
const armCancel = arm('cancel', ({ updatedAt, policy }) => updatedAt + policy.cancelMs)
const armExpiry = arm('expiry', (order) => story.expiryCheckAt(order, order.request.expiresAt))
const armSettle = arm('settle', ({ updatedAt, policy }) => updatedAt + policy.lateFillMs)

const idOf = ({ orderId }: OrderContext) => ({ orderId })
const submit = call('submit-order', story.submissionOf)
const cancel = call('cancel-at-venue', idOf)
const armLookUp = arm('lookUp', story.nextLookUpAt)
const lookUp = [call('look-up-order', story.questionOf), ...armLookUp, 'countLookUp' as const]

const know = call('know', (_, { venueOrderId }: Pick<VenueOrder, 'venueOrderId'>) => ({ venueOrderId }))
const opened = to('#order.open', know)
const arrived = [when('isCancelWanted', to('#order.cancelling', know)), opened]
const explain = call('explain', (_, { reason }: { reason: string }) => ({ reason }))
const explainAbsence = { type: 'explain' as const, params: { reason: 'not-at-venue' } }
const explainRefusal = given('explainRefusal', 'venue.refused')
const mayRetry = given('mayRetry', 'venue.refused')
const refused = [when(mayRetry, to('#order.retrying', explainRefusal)), to('#order.settling.failed', explainRefusal)]
const cancelled = to('#order.settling.cancelled', explain)
const expired = to('#order.settling.expired')
const doubted = to('#order.unknown')
/** The venue's word that it is over there; what it filled unheard of is asked for before it is over here. */
const ends = {
  'venue.cancelled': [when(given('isMissingFills', 'venue.cancelled'), doubted), cancelled],
  'venue.expired': [when(given('isMissingFills', 'venue.expired'), doubted), expired],
}
const wantCancel = call('wantCancel', (_, { reason }: On<'cancel-order'>) => ({ reason }))
const cancelLater = { ...stay(wantCancel), description: 'Cancelled as soon as it is known to be there.' }

/** Changes: one at a time, and whoever asked hears what the venue made of each. */
const amend = call('amend-at-venue', (order, asked: On<'amend-order'>) => change.amendmentOf(order, asked))
const denyAmend = publish((order, asked: On<'amend-order'>) => [change.amendDenied(order, asked)])
const tellAmended = publish(change.amendedFacts)
const tellAmendRefused = publish((order, told: On<'venue.amendRefused'>) => [change.notAmendedFact(order, told)])
const amendments = {
  'amend-order': [
    when(given('mayAmend', 'amend-order'), stay(given('startAmending', 'amend-order'), amend)),
    { ...stay(denyAmend), description: 'Too little, too soon, or behind another.' },
  ],
  'venue.amended': stay(given('recordTerms', 'venue.amended'), tellAmended),
  'venue.amendAccepted': stay(given('recordAccepted', 'venue.amendAccepted'), tellAmended),
  'venue.amendRefused': stay('endAmending', tellAmendRefused),
}

/** One execution: counted once; ends the order when it completes it, else the order is partly filled. */
const count = [know, given('countFill', 'venue.filled'), publish(story.fillFacts)]
const completed = when(given('completesOrder', 'venue.filled'), to('#order.settling.filled', ...count))
const isFresh = given('isFresh', 'venue.filled')
const firstFill = [completed, when(isFresh, to('#order.partiallyFilled', ...count))]
const counted = ignore('A fill that was counted before changes nothing.')
const anotherFill = [completed, when(isFresh, stay(...count)), counted]

/** What a look-up found: its fills count, and its end is ours. */
const adopt = [given('adopt', 'venue.found'), publish(story.fillFacts)]
const isFound = (status: VenueOrder['status']) =>
  call('isStatus', (_, { order }: On<'venue.found'>) => ({ order, status }))
const foundComplete = when(given('isCompleteAtVenue', 'venue.found'), to('#order.settling.filled', ...adopt))
const foundEnded = [
  foundComplete,
  when(isFound('cancelled'), to('#order.settling.cancelled', ...adopt)),
  when(isFound('expired'), to('#order.settling.expired', ...adopt)),
]
const foundOpen = to('#order.open', ...adopt)
const foundThere = [...foundEnded, when('isCancelWanted', to('#order.cancelling', ...adopt)), foundOpen]
const foundPartlyFilled = when(given('hasFilled', 'venue.found'), to('#order.partiallyFilled', ...adopt))
const recordFound = call('recordTerms', (_, { order }: On<'venue.found'>) => order)
const foundSame = { ...stay(recordFound, tellAmended, ...adopt), description: 'What the venue holds counts.' }
const foundNothing = [
  when(given('neverArrived', 'venue.notFound'), to('#order.settling.failed', explainAbsence)),
  stay(given('countEmpty', 'venue.notFound'), ...armLookUp),
]
const putOff = ignore('The venue is too busy: asked again after its deadline.')
const asking = ignore('It is being looked up, with what it filled.')

/** What an order that has been sent and not answered may hear of its arrival. */
const arriving = { ...ends, 'venue.acknowledged': arrived, 'venue.opened': arrived, 'venue.filled': firstFill }
/** What is said of it before it is known to be there. */
const early = { 'cancel-order': cancelLater, 'amend-order': refuse('it is not open yet'), 'recover-order': doubted }
/** What an order that rests at the venue answers, whether or not part of it is filled. */
const resting = {
  ...amendments,
  ...ends,
  'cancel-order': to('#order.cancelling', wantCancel),
  'recover-order': doubted,
  'venue.refused': { ...to('#order.unknown', explainRefusal), description: 'It had been there: it is looked up.' },
  'venue.answerLost': doubted,
  'venue.acknowledged': ignore('The acknowledgement came after the opening report.'),
  'venue.opened': ignore('A repeated report.'),
  ...ignoring('An earlier look-up answered late.', 'venue.notFound', 'venue.lookupFailed'),
  'deadline.reached': onDeadline('expiry', '#order.unknown'),
}

export const orderMachine = parts.createMachine({
  id: 'order',
  description: 'The whole life of one order at the venue.',
  options: { maxIterations: 100 },
  context: ({ input }) => ({ ...story.newOrder(input), ...change.NO_AMENDMENT, deadline: NO_DEADLINE }),
  entry: tell('order.intended', 'intended'),
  initial: 'intended',
  states: {
    intended: {
      description: 'Written down; the request leaves once that is durable.',
      entry: ['startTry', submit],
      on: { ...early, 'venue.sent': to('submitting'), 'venue.refused': refused },
    },
    submitting: {
      description: 'Sent, no answer yet.',
      entry: [tell('order.submitted', 'submitting'), ...armAcknowledge],
      on: {
        ...arriving,
        ...early,
        'venue.refused': refused,
        'venue.answerLost': to('unknown'),
        'deadline.reached': onDeadline('acknowledge', 'unknown'),
      },
    },
    retrying: {
      description: 'Refused before the engine: sent again after a while, under the same id.',
      entry: [...armRetry, 'countRetry', publish((order) => [story.postponedFact(order, order.deadline.at)])],
      on: {
        ...{ ...arriving, ...early, 'venue.acknowledged': opened, 'venue.opened': opened },
        'venue.found': [...foundEnded, foundOpen],
        'deadline.reached': onDeadline('retry', 'intended'),
        'cancel-order': to('#order.settling.cancelled', explain),
        'recover-order': { ...stay(...armRetryAgain), description: 'Nothing of it was on its way.' },
        ...ignoring('It is known not to be there.', 'venue.notFound', 'venue.answerLost', 'venue.refused'),
        'venue.lookupFailed': ignore('It is sent again anyway.'),
      },
    },
    unknown: {
      description: 'The answer is lost: the venue is asked by client order id, nothing is assumed.',
      entry: ['startLookingUp', tell('order.unknown', 'unknown'), ...lookUp],
      on: {
        ...arriving,
        'venue.found': foundThere,
        'venue.notFound': foundNothing,
        'venue.lookupFailed': ignore('Asked again at the next look-up.'),
        'deadline.reached': [when(due('lookUp'), stay(...lookUp)), stale],
        'venue.filled': [...firstFill, counted],
        'venue.cancelled': [when(given('isMissingFills', 'venue.cancelled'), asking), cancelled],
        'venue.expired': [when(given('isMissingFills', 'venue.expired'), asking), expired],
        'venue.refused': [when('isPartlyFilled', ignore('Its fills say otherwise: it is looked up.')), ...refused],
        'venue.amended': stay(given('recordTerms', 'venue.amended')),
        ...ignoring('What the venue holds counts.', 'venue.sent', 'venue.amendAccepted', 'venue.amendRefused'),
        ...ignoring('It is being looked up already.', 'venue.cancelRefused', 'venue.answerLost'),
        'cancel-order': cancelLater,
        'amend-order': refuse('its state is unknown'),
        'recover-order': { ...to('unknown'), reenter: true },
      },
    },
    open: {
      description: 'Resting at the venue, nothing filled.',
      entry: [publish((order) => [story.orderFact('order.opened', order, story.restingPhase(order))]), ...armExpiry],
      always: { guard: 'isPartlyFilled', target: 'partiallyFilled' },
      on: { ...resting, 'venue.filled': firstFill, 'venue.found': [...foundEnded, foundPartlyFilled, foundSame] },
    },
    partiallyFilled: {
      description: 'Partly filled, the rest still resting.',
      entry: armExpiry,
      always: { guard: 'isCancelWanted', target: 'cancelling' },
      on: { ...resting, 'venue.filled': anotherFill, 'venue.found': [...foundEnded, foundSame] },
    },
    cancelling: {
      description: 'Asked to end; fills may still win the race.',
      entry: [tell('order.cancelling', 'cancelling'), cancel, ...armCancel],
      on: {
        ...resting,
        'venue.found': [...foundEnded, foundSame],
        'venue.filled': anotherFill,
        'venue.cancelRefused': [when(given('isBeforeEngine', 'venue.cancelRefused'), putOff), to('unknown')],
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
        filled: { description: 'All of it was executed.', entry: { type: 'conclude', params: { outcome: 'FILLED' } } },
        cancelled: ended('CANCELLED', 'order.cancelled', 'Cancelled; what had been filled is kept.'),
        expired: ended('EXPIRED', 'order.expired', 'Its time ran out; what had been filled is kept.'),
        failed: ended('ERROR', 'order.failed', 'Refused by the venue, or it never arrived there.'),
      },
      on: {
        'venue.filled': anotherFill,
        'venue.found': [foundComplete, { ...stay(...adopt), description: 'Only fills that are new count.' }],
        ...ignoring(
          'The order had ended before this report.',
          ...(['venue.acknowledged', 'venue.opened', 'venue.answerLost', 'venue.refused', 'venue.cancelled'] as const),
          ...(['venue.expired', 'venue.cancelRefused', 'venue.notFound', 'venue.lookupFailed'] as const),
          ...(['venue.amended', 'venue.amendAccepted', 'venue.amendRefused'] as const),
        ),
        'deadline.reached': onDeadline('settle', 'done'),
        'cancel-order': refuse('it has ended'),
        'amend-order': refuse('it has ended'),
        'recover-order': { ...stay(...armSettle), description: 'The window for late fills begins again.' },
      },
    },
    done: { type: 'final', description: 'Nothing more can happen to it.', entry: tell('order.settled', 'done') },
  },
})
