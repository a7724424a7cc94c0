/**
 * A position's life: never open without protection for longer than its deadline, and closed only by orders.
 *
 * Partial fills protect what is filled. The stop rests at the venue, on margin the target beside it; both are watched
 * locally too, and what rests at the venue is given a moment to answer before the local watch acts.
 */
import { assign, setup } from 'xstate'
import type { DeadlineReached, PositionCommand, TriggerCrossed, TriggerKind } from '../src/domain/commands.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import type { PositionId } from '../src/domain/ids.ts'
import type { OrderView } from '../src/domain/order.ts'
import type { CloseReason, PositionPhase } from '../src/domain/position.ts'
import { newPosition, type PositionBirth } from '../src/domain/position-birth.ts'
import * as cover from '../src/domain/position-cover.ts'
import * as tale from '../src/domain/position-facts.ts'
import * as plan from '../src/domain/position-plan.ts'
import * as reduce from '../src/domain/position-reduce.ts'
import * as story from '../src/domain/position-story.ts'
import { dustReason, isTargetResting } from '../src/domain/position-target.ts'
import * as trail from '../src/domain/position-trail.ts'
import type { ChargeReport, OrdersReport } from '../src/domain/reports.ts'
import { trailingProblem } from '../src/domain/trailing.ts'
import { amount, type Numeric, text } from '../src/domain/units.ts'
import { hear, phrases, when } from './phrases.ts'
import { effect } from './step.ts'

export type PositionHears = OrdersReport | ChargeReport | PositionCommand | TriggerCrossed | DeadlineReached
type DeadlineName = 'protect' | 'retry' | 'grace' | 'reach' | 'exit' | 'amend'

export interface PositionContext extends story.PositionRecord, cover.Exposure {
  readonly directives: readonly story.OrderDirective[]
  readonly deadlines: Readonly<Partial<Record<DeadlineName, number | null>>>
}
type Crossing = Readonly<Record<'of' | 'crossed', TriggerKind>>
type Reported = Omit<Extract<OrdersReport, { type: 'order.reported' }>, 'type' | 'seenAt'>
/** A deadline, and the one that rang. */
type Due = { readonly name: DeadlineName; readonly rang: string; readonly dueAt: number }
const isDue = ({ deadlines }: PositionContext, { name, rang, dueAt }: Due) => rang === name && deadlines[name] === dueAt

const parts = setup({
  types: { context: {} as PositionContext, events: {} as PositionHears, input: {} as PositionBirth },
  guards: {
    isFlat: ({ context }) => story.isFlat(context),
    isHolding: ({ context }) => story.isHolding(context),
    isCovered: ({ context }) => cover.isCovered(context),
    isStoppedOut: ({ context }) => !story.isHolding(context) && !story.isFlat(context),
    isUncovered: ({ context }) => story.isHolding(context) && !cover.isCovered(context),
    isCloseWanted: ({ context }) => context.closeReason !== null && story.isHolding(context),
    isStopFutile: ({ context }) => plan.isStopFutile(context),
    isStranded: ({ context }) => cover.isStranded(context),
    isDue: ({ context }, p: Due) => isDue(context, p),
    isDueOnDust: ({ context }, p: Due) => isDue(context, p) && cover.isDust(context),
    isDueWhileHolding: ({ context }, p: Due) => isDue(context, p) && story.isHolding(context),
    isCrossing: (_, p: Crossing) => p.crossed === p.of,
    isAnswerable: ({ context }, p: Crossing) => p.crossed === p.of && isTargetResting(context),
    isModifiable: ({ context }, change: story.ExitChange) => story.changeProblem(context, change) === null,
    closesWhole: ({ context }, wish: reduce.ReduceWish) => reduce.closesWhole(context, wish),
    isTrailable: ({ context }, change: trail.TrailingChange) =>
      trailingProblem(trail.trailingTerms(context, change)) === null,
    movesTriggers: ({ context }, p: Reported) =>
      tale.hasOtherTriggers(context, story.withOrder(context, p.order, p.amendRefused)),
  },
  actions: {
    'direct-orders': effect<{ positionId: PositionId; directives: readonly story.OrderDirective[] }>(),
    'watch-triggers': effect<tale.WatchedTriggers>(),
    'set-deadline': effect<{ name: DeadlineName; at: number | null }>(),
    'publish-facts': effect<{ facts: readonly FactDraft[] }>(),
    hear: assign((_, p: { seenAt: number }) => ({ updatedAt: p.seenAt, directives: [], news: [] })),
    arm: assign(({ context }, p: { name: DeadlineName; at: number | null }) => ({
      deadlines: { ...context.deadlines, [p.name]: p.at },
    })),
    recordOrder: assign(({ context }, p: Reported) => reduce.afterReport(context, p.order, p.amendRefused)),
    recoverOrders: assign(({ context }, p: { orders: readonly OrderView[] }) => reduce.afterReturn(context, p.orders)),
    dropOrder: assign(({ context }, p: { key: string }) => reduce.afterRefusal(context, p.key)),
    reduce: assign(({ context }, wish: reduce.ReduceWish) => reduce.withReduction(context, wish)),
    recordCharge: assign((_, { financing }: Pick<ChargeReport, 'financing'>) => ({ financing })),
    noteExposure: assign(({ context }) => cover.exposureOf(context)),
    planProtection: assign(({ context }, p: { retry: boolean }) => plan.planProtection(context, p.retry)),
    planExit: assign(({ context }, p: { retry: boolean }) => plan.planExit(context, p.retry)),
    planWithdrawal: assign(({ context }) => plan.planWithdrawal(context)),
    withdrawAgain: assign(({ context }) => (context.closeReason === null ? {} : plan.planWithdrawal(context))),
    giveReason: assign(({ context }, p: { reason: CloseReason; wish?: story.CloseWish }) =>
      context.closeReason === null ? { closeReason: p.reason, closeWish: p.wish ?? context.closeWish } : {},
    ),
    giveStopReason: assign(({ context }) => ({ closeReason: context.closeReason ?? trail.stopReason(context) })),
    follow: assign(({ context }, p: { price: Numeric }) => trail.withPrice(context, p.price)),
    followAgain: assign(({ context }) => trail.withTrailedStop(context)),
    enableTrailing: assign(({ context }, change: trail.TrailingChange) => trail.withTrailing(context, change)),
    giveUpDust: assign(({ context }) => ({ dust: text(amount(context.dust).plus(story.heldBy(context))) })),
    modify: assign(({ context }, change: story.ExitChange) => story.withExits(context, change)),
  },
})

type On<T extends PositionHears['type']> = Extract<PositionHears, { type: T }>
const { call, given, publish, arm, due, branches } = phrases<PositionContext, PositionHears, DeadlineName>()
const { to, stay, ignore, ignoring } = branches(hear)

const tell = (type: Parameters<typeof story.positionFact>[0], phase: PositionPhase) =>
  publish((position) => [story.positionFact(type, position, phase)])
const refuse = (reason: string) => ({
  ...stay(publish((position) => [tale.positionDenied(position, reason)])),
  description: `Refused: ${reason}.`,
})
const direct = call('direct-orders', ({ positionId, directives }) => ({ positionId, directives }))
const watch = (watched: boolean) => call('watch-triggers', (position) => tale.triggersOf(position, watched))

const disarm = (name: DeadlineName) => arm(name, () => null)
const armProtect = arm(
  'protect',
  (position) => (cover.unprotectedSince(position) ?? position.updatedAt) + position.policy.protectMs,
)
const armRetry = arm('retry', ({ updatedAt, policy }) => updatedAt + policy.retryMs)
const armExitRetry = arm('retry', plan.exitRetryAt)
const armGrace = arm('grace', ({ deadlines, updatedAt, policy }) => deadlines.grace ?? updatedAt + policy.graceMs)
const armReach = arm('reach', ({ deadlines, updatedAt, policy }) => deadlines.reach ?? updatedAt + policy.graceMs)
/** A wish that must wait is looked at again when its time has come. */
const armAmend = arm('amend', trail.nextAmendAt)
const armExit = arm('exit', ({ updatedAt, policy }) => updatedAt + policy.exitMs)
const dueOnDust = { ...due('protect'), type: 'isDueOnDust' as const }
const dueWhileHolding = { ...due('exit'), type: 'isDueWhileHolding' as const }
const stale = ignore('A deadline of an earlier state.')
const entryAwaited = { ...when(due('exit'), stay(...armExit)), description: 'The entry may bring more.' }

const because = (reason: CloseReason) => ({ type: 'giveReason' as const, params: { reason } })
const asDust = call('giveReason', (position) => ({ reason: dustReason(position) }))
const asAsked = call('giveReason', (_, { reason, reference, note }: On<'close-position'>) => ({
  reason,
  wish: { reference: reference ?? null, note: note ?? null },
}))
const asReduced = call('giveReason', (_, { reason }: On<'reduce-position'>) => ({ reason }))
const protect = (retry: boolean) => [{ type: 'planProtection' as const, params: { retry } }, direct, ...armAmend]
const amendDue = when(due('amend'), stay('followAgain', ...protect(true)))
const exit = (retry: boolean) => [{ type: 'planExit' as const, params: { retry } }, direct]
const amended = [given('modify', 'modify-position'), ...disarm('reach'), ...protect(true), watch(true)]
/** What the last message made of it, where no change of state would tell that. */
const tellNews = (here: PositionPhase) => publish((position) => tale.newsFacts(position, here))
const crossing = (of: TriggerKind) =>
  call('isCrossing', (_, { trigger }: On<'trigger.crossed'>) => ({ of, crossed: trigger }))
const targetReached = when(crossing('takeProfit'), to('closing', because('take_profit')))
const targetAwaited = when({ ...crossing('takeProfit'), type: 'isAnswerable' as const }, stay(...armReach))
const reachDue = when(due('reach'), to('closing', because('take_profit')))
const seen = call('follow', (_, { price }: On<'trigger.crossed'>) => ({ price }))
const trailReached = when(crossing('trail'), stay(seen, ...protect(false), watch(true)))
const asTrailed = given('enableTrailing', 'enable-trailing')
const trailingAsked = <A = never>(here: PositionPhase, then: readonly A[] = []) => [
  when(given('isTrailable', 'enable-trailing'), stay(asTrailed, ...then, tellNews(here))),
  refuse('the percentages of a stop that follows are above 0, its distance below 100'),
]

/** Everything heard of an order updates its slot; each state then decides from what is held now. */
const learn = given('recordOrder', 'order.reported')
const relearn = given('recoverOrders', 'orders.recovered')
const forget = given('dropOrder', 'order.turnedAway')
const note = 'noteExposure' as const
const onOrders = <A>(here: PositionPhase, then: readonly A[]) => ({
  'order.reported': stay(learn, note, tellNews(here), ...then),
  /** Entered anew: deadlines and triggers are registered again. */
  'orders.recovered': { ...to(`#position.${here}`, relearn, note, tellNews(here)), reenter: true },
  'order.turnedAway': stay(forget, note, tellNews(here), ...then),
  'position.financed': stay(given('recordCharge', 'position.financed')),
})
/** The same where a stop is held or sought, and what is watched may be another price now. */
const onStop = (here: PositionPhase, arms: readonly (typeof armProtect)[number][] = []) => ({
  ...onOrders(here, [...arms, ...protect(false)]),
  'order.reported': [
    when(
      given('movesTriggers', 'order.reported'),
      stay(learn, note, ...arms, tellNews(here), ...protect(false), watch(true)),
    ),
    stay(learn, note, ...arms, tellNews(here), ...protect(false)),
  ],
  'enable-trailing': trailingAsked(here, [...protect(false), watch(true)]),
  'reduce-position': [
    when(given('closesWhole', 'reduce-position'), to('#position.closing', asReduced)),
    stay(given('reduce', 'reduce-position'), ...protect(true), tellNews(here)),
  ],
})
/** Nothing is held any more: the stop sold it, unless another reason was given. */
const ended = [
  { guard: 'isFlat' as const, target: 'closed', actions: ['giveStopReason' as const] },
  { guard: 'isStoppedOut' as const, target: 'closing', actions: ['giveStopReason' as const] },
]
/** On the way out: sold, or nothing left that an order could sell. */
const soldOut = [
  { guard: 'isFlat' as const, target: 'closed' },
  { guard: 'isStranded' as const, target: 'closed', actions: ['giveUpDust' as const] },
]
/** What is no longer asked of a position on its way out. */
const leaving = {
  'trigger.crossed': ignore('Already on the way out.'),
  ...ignoring('Already on the way out.', 'close-position', 'reduce-position'),
  'modify-position': refuse('it is closing'),
  'enable-trailing': refuse('it is closing'),
}

export const positionMachine = parts.createMachine({
  id: 'position',
  description: 'One position: opened, protected, closed, and never naked for longer than its deadline.',
  options: { maxIterations: 100 },
  context: ({ input }) => ({ ...newPosition(input), ...cover.NO_EXPOSURE, deadlines: {} }),
  initial: 'opening',
  states: {
    opening: {
      description: 'The entry works; nothing is held yet.',
      entry: [tell('position.opening', 'opening'), 'withdrawAgain', direct],
      always: [
        { guard: 'isCloseWanted', target: 'closing' },
        { guard: 'isHolding', target: 'protecting' },
        { guard: 'isFlat', target: 'closed', actions: because('entry_unfilled') },
      ],
      on: {
        ...onOrders('opening', []),
        'close-position': { ...stay(asAsked, 'planWithdrawal', direct), description: 'A racing fill is sold.' },
        'reduce-position': { ...stay(asReduced, 'planWithdrawal', direct), description: 'Withdrawn whole.' },
        'modify-position': refuse('nothing is held yet'),
        'enable-trailing': trailingAsked('opening'),
        'deadline.reached': stale,
      },
    },
    protecting: {
      description: 'Something is held and its stop is not live for all of it yet.',
      entry: [tell('position.filled', 'protecting'), watch(true), ...armProtect, ...armRetry, ...protect(true)],
      exit: [...disarm('protect'), ...disarm('retry'), ...disarm('amend')],
      always: [
        ...ended,
        { guard: 'isCovered', target: 'protected' },
        { guard: 'isStopFutile', target: 'emergencyExit', actions: because('unprotected') },
        { guard: 'isStranded', target: 'closing', actions: asDust },
      ],
      on: {
        ...onStop('protecting', armProtect),
        'trigger.crossed': [
          targetReached,
          trailReached,
          { ...to('closing', 'giveStopReason'), description: 'No stop is live: the local watch acts at once.' },
        ],
        'deadline.reached': [
          {
            ...when(dueOnDust, stay(...armProtect)),
            description: 'Too little for any order: watched locally until the entry brings more or ends.',
          },
          when(due('protect'), to('emergencyExit', because('unprotected'))),
          when(due('retry'), stay(...protect(true), ...armRetry)),
          amendDue,
          stale,
        ],
        'close-position': to('closing', asAsked),
        'modify-position': refuse('its stop is not live yet'),
      },
    },
    protected: {
      description: 'A stop rests at the venue for all that is held.',
      entry: [publish(tale.protectedFacts), watch(true), ...protect(true)],
      exit: [...disarm('grace'), ...disarm('reach'), ...disarm('amend')],
      always: [...ended, { guard: 'isUncovered', target: 'protecting' }],
      on: {
        ...onStop('protected'),
        'trigger.crossed': [
          targetAwaited,
          targetReached,
          trailReached,
          { ...stay(...armGrace), description: 'The venue holds it: it is given a moment to answer.' },
        ],
        'deadline.reached': [when(due('grace'), to('closing', 'giveStopReason')), reachDue, amendDue, stale],
        'close-position': to('closing', asAsked),
        'modify-position': [
          when(given('isModifiable', 'modify-position'), stay(...amended, tellNews('protected'))),
          stay(publish((position, change: On<'modify-position'>) => tale.changeDenied(position, change))),
        ],
      },
    },
    closing: {
      description: 'Entry, stop and target are cancelled, then what is left is sold at market.',
      entry: [publish(tale.closingFacts), watch(false), ...armExit, ...exit(true)],
      exit: disarm('exit'),
      always: soldOut,
      on: {
        ...onOrders('closing', exit(false)),
        ...leaving,
        'deadline.reached': [when(dueWhileHolding, to('emergencyExit')), entryAwaited, stale],
      },
    },
    emergencyExit: {
      description: 'Protection or closing did not work in time: sold at market, tried again until it is flat.',
      entry: [publish(tale.emergencyFacts), watch(false), ...armExitRetry, ...exit(true)],
      exit: disarm('retry'),
      always: soldOut,
      on: {
        ...onOrders('emergencyExit', exit(false)),
        ...leaving,
        'deadline.reached': [when(due('retry'), stay(...exit(true), ...armExitRetry)), stale],
      },
    },
    closed: {
      type: 'final',
      description: 'Nothing is held and nothing is in flight.',
      entry: [watch(false), publish(tale.closedFacts)],
    },
  },
})
