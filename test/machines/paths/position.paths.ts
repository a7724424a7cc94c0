/** The position machine: what tells two states apart, and what must hold in each: never naked, never oversold. */
import type { InputFrom, SnapshotFrom } from 'xstate'
import { type PositionContext, positionMachine } from '../../../machines/position.machine.ts'
import { stampApproved } from '../../../src/domain/approved.ts'
import type { FactDraft } from '../../../src/domain/facts.ts'
import { positionId } from '../../../src/domain/ids.ts'
import type { OrderRequest } from '../../../src/domain/order.ts'
import { isCovered, isDust } from '../../../src/domain/position-cover.ts'
import { isSlotLive } from '../../../src/domain/position-slot.ts'
import { heldBy, isEntryLive, liveStop, type OrderDirective, stopToBe } from '../../../src/domain/position-story.ts'
import { liveTarget, targetBarredUntil } from '../../../src/domain/position-target.ts'
import { type Amount, amount, maxOf, minOf, sumOf, text, ZERO } from '../../../src/domain/units.ts'
import type { PathModel, Taken } from './explore.ts'
import { entryRequest, NOON } from './order-events.ts'
import { forcedEvents, pairEvents, positionEvents, reducingEvents, trailingEvents, XRP } from './position-events.ts'

type Position = typeof positionMachine
type State = SnapshotFrom<Position>

const policy = {
  ...{ protectMs: 10_000, graceMs: 3_000, exitMs: 30_000, retryMs: 2_000 },
  ...{ trailing: null, trailSweepMs: 60_000 },
  ...{ amendMinChangePct: '0.1', amendMinIntervalMs: 5_000 },
}

const live = (context: PositionContext, purpose: OrderRequest['purpose']) =>
  context.slots.filter((slot) => slot.request.purpose === purpose && isSlotLive(slot))
const unfilled = ({ view, request }: PositionContext['slots'][number]) =>
  view === null ? amount(request.quantity) : amount(view.quantity).minus(amount(view.filled))

/**
 * What a leg of a pair may sell, once what was asked of it is done, a change or its end: until then the venue only reduces.
 * A refused change is asked for again.
 */
function meantFor(context: PositionContext, slot: PositionContext['slots'][number]): Amount {
  if (slot.isWithdrawn) return ZERO
  const isStuck = slot.refusedAt !== undefined || context.closeReason !== null
  const meant = amount(slot.asked?.quantity ?? slot.view?.quantity ?? slot.request.quantity)
  const left = meant.minus(amount(slot.view?.filled ?? 0))
  return context.leverage > 1 && isStuck ? minOf(left, heldBy(context)) : left
}

/** Σ remaining of live exits ≤ what is held, a pair once; one stop, one exit, never both. */
function exitsFit({ context }: State): void {
  const exits = [...live(context, 'stop'), ...live(context, 'exit')]
  const isPair = context.leverage > 1
  const ofPair = [...live(context, 'stop'), ...live(context, 'target')].map((slot) => meantFor(context, slot))
  const inPair = ofPair.reduce((most, leg) => maxOf(most, leg), amount(0))
  const promised = isPair ? sumOf(live(context, 'exit').map(unfilled)).plus(inPair) : sumOf(exits.map(unfilled))
  if (live(context, 'target').length > (isPair ? 1 : 0)) throw new Error('more targets rest than one of a pair')
  const held = heldBy(context)
  // What the venue sells by force it does not ask us for; there, what only reduces cannot sell more.
  if (context.slots.some(({ isForced }) => isForced) && held.gte(0)) return
  if (held.lt(0)) throw new Error(`${held} held: more was sold than bought`)
  if (promised.gt(held)) throw new Error(`${promised} promised to live exits, ${held} held`)
  const reducing = exits.filter(({ request }) => request.purpose === 'exit' && request.intent === 'reduce').length
  if (exits.length > 1 + reducing || reducing > 1) throw new Error(`${exits.length} live exits`)
}

/** What each state says about itself is so. */
function statesMeanWhatTheySay({ value, context }: State): void {
  const held = heldBy(context)
  const isNaked = held.gt(0) && !isCovered(context)
  const waits = (name: 'protect' | 'exit' | 'retry') => (context.deadlines[name] ?? 0) >= context.updatedAt
  if (value === 'opening' && held.gt(0)) throw new Error(`opening with ${held} held`)
  if (value === 'protecting' && !isNaked) throw new Error('protecting without anything naked')
  if (value === 'protecting' && !waits('protect')) throw new Error('naked without a deadline')
  if (value === 'protected' && (isNaked || held.lte(0))) throw new Error('protected without cover')
  if (value === 'closing' && !waits('exit')) throw new Error('closing without a deadline')
  if (value === 'emergencyExit' && !waits('retry')) throw new Error('an emergency that is not tried again')
  if (value === 'closed' && !held.eq(0)) throw new Error(`closed with ${held} held`)
  if (value === 'closed' && context.slots.some(isSlotLive)) throw new Error('closed with an order in flight')
  const mayFill = context.slots.some(
    ({ view }) =>
      view?.request.purpose === 'entry' && view.phase !== 'done' && ['CANCELLED', 'EXPIRED'].includes(view.status),
  )
  if (value === 'closed' && mayFill) throw new Error('closed while the entry may still fill')
  if (value === 'closed' && amount(context.dust).gte(amount(XRP.orderMin))) throw new Error('more than dust given up')
}

/** On the way out nothing is bought or protected any more; orders are asked for only by `place`. */
function directivesFit({ before, after: { state, effects } }: Taken<Position>): void {
  const directives = effects.flatMap(({ type, params }) =>
    type === 'direct-orders' ? (params as { directives: readonly OrderDirective[] }).directives : [],
  )
  const placed = directives.flatMap((one) => (one.kind === 'place' ? [one.request.purpose] : []))
  const isLeaving = ['closing', 'emergencyExit', 'closed'].includes(state.value)
  if (isLeaving && before.value === state.value && placed.some((purpose) => purpose !== 'exit'))
    throw new Error(`${placed} placed on the way out`)
  const isSale = before.context.reduction !== null || state.context.reduction !== null
  if (!isLeaving && placed.includes('exit') && !isSale) throw new Error('an exit is placed while the position stays')
  if (placed.includes('entry')) throw new Error('the entry is placed a second time')
}

/** Whatever is sellable is on its way to a stop or out, unless the last try was refused and waits for the next one. */
function nobodyIsForgotten({ after: { state } }: Taken<Position>): void {
  const { value, context } = state
  if (heldBy(context).lt(amount(XRP.orderMin)) || context.slots.some(isSlotLive)) return
  const isRefused = (purpose: OrderRequest['purpose']) => {
    const last = context.slots.findLast(
      ({ request }) => request.purpose === purpose && (purpose === 'stop' || request.intent === 'close'),
    )
    if (last === undefined || last.dropped || last.view?.status === 'ERROR') return last !== undefined
    return last.view?.status === 'CANCELLED' && last.view.filled === '0'
  }
  if ((value === 'closing' || value === 'emergencyExit') && !isRefused('exit')) throw new Error('nobody sells')
  if (value === 'protecting' && !isRefused('stop')) throw new Error('nobody protects')
}

/** At every report, and after a restart: what was lost, or is not as it should be, is asked for again. */
function asksAgain({ event, after: { state, effects } }: Taken<Position>): void {
  if (event.type !== 'orders.recovered' && event.type !== 'order.reported') return
  const kinds = effects.flatMap(({ type, params }) =>
    type === 'direct-orders' ? (params as { directives: readonly OrderDirective[] }).directives : [],
  )
  const stop = liveStop(state.context)?.view
  const { stopLoss, stopWanted } = state.context
  const isStopElsewhere = stop?.phase === 'open' && stop.triggerPrice !== (stopWanted ?? stopLoss)
  const slot = liveStop(state.context)
  const isWaiting = slot?.asked !== undefined || typeof state.context.deadlines.amend === 'number'
  const isAskedFor = kinds.some(({ kind }) => kind === 'amend') || isWaiting
  if (state.value === 'protected' && isStopElsewhere && !isAskedFor)
    throw new Error('the stop rests at another price than the position says, and nobody amends it')
  const isWithdrawn = state.value === 'opening' && state.context.closeReason !== null && isEntryLive(state.context)
  if (event.type === 'orders.recovered' && isWithdrawn && !kinds.some(({ kind }) => kind === 'cancel'))
    throw new Error('a withdrawn entry is not cancelled again')
}

/** What a position says of its stop is what rests at the venue. */
function stopIsTheVenues({ after: { state } }: Taken<Position>): void {
  const stop = liveStop(state.context)?.view
  if (stop?.phase !== 'open' || state.value !== 'protected') return
  if (stop.triggerPrice !== state.context.stopLoss)
    throw new Error(`a stop at ${state.context.stopLoss} is told, ${stop.triggerPrice} rests`)
}

/** The price alone never asks for a looser stop, neither than the one at the venue nor than the one that is wanted. */
function trailOnlyTightens({ before, event, after: { state } }: Taken<Position>): void {
  const isTrail = event.type === 'trigger.crossed' && event.trigger === 'trail'
  const isSweep = event.type === 'deadline.reached' && event.name === 'amend'
  if (!isTrail && !isSweep) return
  const wanted = amount(stopToBe(state.context))
  if (wanted.lt(stopToBe(before.context))) throw new Error(`the trail loosens its stop to ${wanted}`)
  const isMoved = state.context.stopWanted !== before.context.stopWanted
  if (isMoved && wanted.lt(before.context.stopLoss)) throw new Error(`the trail loosens what rests to ${wanted}`)
  const best = state.context.trailing?.bestPrice
  if (isMoved && (best === null || best === undefined || wanted.lt(amount(best).times('0.985'))))
    throw new Error(`a stop at ${wanted} is further behind ${best} than its distance`)
}

/** A target rests where one is wanted, or is asked for again in time; where none is wanted it is on its way out. */
function targetFits({ after: { state } }: Taken<Position>): void {
  const { context, value } = state
  if (context.leverage === 1 || value !== 'protected') return
  const target = liveTarget(context)
  if (context.takeProfit === null && target !== undefined && !target.isWithdrawn)
    throw new Error('a target rests that nobody wants')
  const isSelling = context.reduction !== null || live(context, 'exit').length > 0
  if (target !== undefined || context.takeProfit === null || isSelling || isDust(context)) return
  if (targetBarredUntil(context) === null) throw new Error('nobody asks for the target')
  if (typeof context.deadlines.amend !== 'number') throw new Error('nobody will ask for the target again')
}

/** No more is sold than the part that was asked for, whatever is lost, refused or found again. */
function reducesByItsPart({ before, after: { state } }: Taken<Position>): void {
  const { reduction } = state.context.reduction === null ? before.context : state.context
  if (reduction === null || state.context.closeReason !== null) return
  const own = state.context.slots.filter(({ request }) => request.purpose === 'exit').slice(reduction.from)
  const sold = sumOf(own.map(({ view }) => amount(view?.filled ?? 0)))
  const promised = sumOf(own.filter(isSlotLive).map(unfilled))
  if (sold.plus(promised).gt(reduction.quantity))
    throw new Error(`${sold} sold and ${promised} on its way of ${reduction.quantity}`)
}

/** A sale that ends, by whatever message, is told: done, or given up. */
function endOfReductionIsTold({ before, event, after: { state, effects } }: Taken<Position>): void {
  const { context } = state
  if (before.context.reduction === null || context.reduction !== null) return
  if (context.closeReason !== null || heldBy(context).lte(0)) return
  const told = effects.flatMap(({ type, params }) =>
    type === 'publish-facts' ? (params as { facts: readonly FactDraft[] }).facts : [],
  )
  if (!told.some(({ type }) => type === 'position.reduced' || type === 'position.denied'))
    throw new Error(`a reduction ends by ${event.type} and nobody is told`)
}

export function checkPosition(taken: Taken<Position>): void {
  exitsFit(taken.after.state)
  statesMeanWhatTheySay(taken.after.state)
  directivesFit(taken)
  asksAgain(taken)
  stopIsTheVenues(taken)
  trailOnlyTightens(taken)
  targetFits(taken)
  reducesByItsPart(taken)
  endOfReductionIsTold(taken)
  nobodyIsForgotten(taken)
}

/** A position whose stop stands still until it is told to follow. */
export const positionInput: InputFrom<Position> = {
  ...{ positionId: positionId('p-1'), proposalId: 'one', side: 'long', leverage: 1, instrument: XRP },
  ...{ entry: stampApproved(entryRequest), stopLoss: '95', takeProfit: '115', policy, seenAt: NOON },
}
/** One whose stop follows the price from its birth on. */
export const trailingInput: InputFrom<Position> = {
  ...positionInput,
  policy: { ...policy, trailing: { activationPct: '1', distancePct: '1.5' } },
}

/** The last order of a purpose says it all: earlier ones are over. */
const lastOf = (context: PositionContext, purpose: OrderRequest['purpose']) => {
  const slot = context.slots.findLast(({ request }) => request.purpose === purpose)
  if (slot === undefined) return null
  if (slot.dropped) return 'dropped'
  if (slot.view === null) return slot.request.quantity
  const { status, phase, filled, quantity, triggerPrice } = slot.view
  return isSlotLive(slot) ? [phase, filled, quantity, triggerPrice] : [status === 'ERROR', phase === 'done']
}

/** Stops that the venue took back one after the other before the one that lives, up to what is too many. */
const takenBack = ({ slots }: PositionContext): number => {
  const ended = slots.filter((slot) => slot.request.purpose === 'stop' && !isSlotLive(slot))
  const others = ended.findLastIndex(({ view }) => view?.status !== 'CANCELLED' || view.filled !== '0')
  return Math.min(3, ended.length - 1 - others)
}

export const positionPaths: PathModel<Position> = {
  machine: positionMachine,
  input: positionInput,
  required: ['opening', 'protecting', 'protected', 'closing', 'closed', 'emergencyExit'],
  events: ({ context }) => positionEvents(context),
  abstract: (context) => ({
    orders: (['entry', 'stop', 'target', 'exit'] as const).map((purpose) => lastOf(context, purpose)),
    held: text(heldBy(context)),
    takenBack: takenBack(context),
    stopLoss: [context.stopLoss, context.stopWanted, context.trailing?.bestPrice],
    asked: liveStop(context)?.asked !== undefined,
    isLeaving: context.closeReason !== null,
    reduction: context.reduction?.quantity,
    waits: Object.entries(context.deadlines).flatMap(([name, at]) => (at === null ? [] : [name])),
  }),
  check: checkPosition,
}

/** A part is sold, in a life where the entry is filled at once. */
export const reducingPaths: PathModel<Position> = { ...positionPaths, events: ({ context }) => reducingEvents(context) }
/** The venue sells by force all of it, or a part. */
export const forcedPaths: PathModel<Position> = { ...positionPaths, events: ({ context }) => forcedEvents(context) }

/** On margin the target rests beside the stop, in a life where the entry is filled at once. */
export const pairPaths: PathModel<Position> = {
  ...positionPaths,
  input: { ...positionInput, leverage: 2, entry: stampApproved({ ...entryRequest, leverage: 2 }) },
  events: ({ context }) => pairEvents(context),
  abstract: (context) => [
    positionPaths.abstract(context),
    context.takeProfit,
    context.slots.findLast(({ request }) => request.purpose === 'target')?.isWithdrawn,
  ],
}

/** A stop that follows, in a life with whole fills and known answers: what else may befall it, the other paths tell. */
export const trailingPaths: PathModel<Position> = {
  ...positionPaths,
  input: trailingInput,
  events: ({ context }) => trailingEvents(context),
}
