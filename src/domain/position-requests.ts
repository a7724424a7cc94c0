/** What a person may ask of a position: pure answers, before the position itself is told. Prices in quote units. */
import type { PositionId } from './ids.ts'
import { type Instrument, roundToTick } from './instrument.ts'
import type { PositionSide, PositionView } from './position.ts'
import { type ExitChange, stopProblem } from './position-story.ts'
import { stopBehind } from './trailing.ts'
import { type Amount, amount, type Numeric, text } from './units.ts'

export type RequestCode =
  | 'UNKNOWN_POSITION'
  | 'ALREADY_CLOSED'
  | 'ALREADY_CLOSING'
  | 'NOT_PROTECTED'
  | 'NOTHING_TO_CHANGE'
  | 'STOP_LOSS_REQUIRED'
  | 'INVALID_REQUEST'
  | 'INVALID_PRICE'
  | 'INVALID_REASON'
  | 'INVALID_DISTANCE'
  | 'WRONG_SIDE'
  /** The price is there already: it would act at once. */
  | 'BEYOND_MARKET'
  | 'STALE_MARK'
  | 'REFERENCE_AWAY'
  | 'UNAVAILABLE'

export interface Refusal {
  readonly code: RequestCode
  readonly message: string
}
/** What is asked, fit to be told, or why it is not. */
export type Judged<T> = { readonly refusal: Refusal } | { readonly asked: T }

const refuse = (code: RequestCode, message: string): { readonly refusal: Refusal } => ({ refusal: { code, message } })

/** Per cent of the mark that a reference price may be away from it. */
const MOST_AWAY_PCT = 5
const LONGEST_REASON = 200

/** A number above zero; null for what is none. Requests come from outside, whatever their types say. */
function above(zero: unknown): Amount | null {
  if (typeof zero !== 'string') return null
  try {
    const value = amount(zero)
    return value.gt(0) ? value : null
  } catch {
    return null
  }
}

const isLeaving = ({ phase }: PositionView): boolean => phase === 'closing' || phase === 'emergencyExit'

/** Why nothing more can be asked of a position; null when something can. */
export function lifeRefusal(position: PositionView): Refusal | null {
  if (position.status === 'closed') return { code: 'ALREADY_CLOSED', message: 'it is closed' }
  return isLeaving(position) ? { code: 'ALREADY_CLOSING', message: 'it is on its way out' } : null
}

/** The same, and it must be protected: before, its stop is on its way to the venue. */
function protectedRefusal(position: PositionView): Refusal | null {
  const refusal = lifeRefusal(position)
  if (refusal !== null || position.phase === 'protected') return refusal
  return { code: 'NOT_PROTECTED', message: `it is ${position.phase}: its stop is not live yet` }
}

/** What a price that is asked for is compared with; no mark where none is fresh. */
interface Market {
  readonly mark: Amount | null
  readonly instrument: Instrument
}

/** Above zero on the tick, or null. */
function onTick(value: unknown, instrument: Instrument): Numeric | null {
  const given = above(value)
  const rounded = given === null ? null : roundToTick(given, instrument)
  return rounded === null || rounded.lte(0) ? null : text(rounded)
}

/** Whether this price acts as soon as the position has it: the market is there, or past it. */
const isReached = (side: PositionSide, exit: 'stopLoss' | 'takeProfit', at: Numeric, mark: Amount): boolean =>
  (side === 'long') === (exit === 'stopLoss') ? mark.lte(at) : mark.gte(at)

/**
 * A change of stop or target, rounded to the tick: a target may be cleared, a stop only replaced, and both must be on
 * the right side of each other and of the mark.
 */
export function judgeChange(
  position: PositionView,
  given: { readonly stopLoss?: unknown; readonly takeProfit?: unknown },
  { mark, instrument }: Market,
): Judged<ExitChange> {
  const refusal = protectedRefusal(position)
  if (refusal !== null) return { refusal }
  if (given.stopLoss === undefined && given.takeProfit === undefined)
    return refuse('NOTHING_TO_CHANGE', 'neither a stop nor a target is named')
  if (given.stopLoss === null) return refuse('STOP_LOSS_REQUIRED', 'a stop can be replaced, never taken away')
  const change: { stopLoss?: Numeric; takeProfit?: Numeric | null } = {}
  for (const name of ['stopLoss', 'takeProfit'] as const) {
    const value = given[name]
    if (value === undefined) continue
    const at = value === null ? null : onTick(value, instrument)
    if (value !== null && at === null) return refuse('INVALID_PRICE', `${name} must be a price above zero, as text`)
    if (name === 'takeProfit') change.takeProfit = at
    else if (at !== null) change.stopLoss = at
  }
  const { side } = position
  const target = change.takeProfit === undefined ? position.takeProfit : change.takeProfit
  const problem = stopProblem(side, change.stopLoss ?? position.stopLoss, target)
  if (problem !== null) return refuse('WRONG_SIDE', problem)
  for (const name of ['stopLoss', 'takeProfit'] as const) {
    const at = change[name]
    if (at === undefined || at === null) continue
    if (mark === null) return refuse('STALE_MARK', `there is no fresh price of ${position.symbol} to compare it with`)
    if (isReached(side, name, at, mark))
      return refuse('BEYOND_MARKET', `${name} ${at} would act at once: the market is at ${mark}`)
  }
  return { asked: change }
}

/** How a close is asked for: what whoever asked had in mind, which is recorded and sells nothing. */
export interface CloseWish {
  readonly reference: Numeric | null
  readonly note: string | null
}

/** A close, with its reference price no further from the mark than 5 %. Without one no mark is needed. */
export function judgeClose(
  position: PositionView,
  given: { readonly exitPrice?: unknown; readonly reason?: unknown },
  mark: Amount | null,
): Judged<CloseWish> {
  const refusal = lifeRefusal(position)
  if (refusal !== null) return { refusal }
  const { reason = null, exitPrice = null } = given
  if (reason !== null && !(typeof reason === 'string' && reason.length <= LONGEST_REASON))
    return refuse('INVALID_REASON', `a reason is a text of at most ${LONGEST_REASON} characters`)
  if (exitPrice === null) return { asked: { reference: null, note: reason } }
  const reference = above(exitPrice)
  if (reference === null) return refuse('INVALID_PRICE', 'the reference must be a price above zero, as text')
  if (mark === null) return refuse('STALE_MARK', `there is no fresh price of ${position.symbol} to compare it with`)
  if (reference.minus(mark).abs().times(100).gt(mark.times(MOST_AWAY_PCT)))
    return refuse('REFERENCE_AWAY', `${text(reference)} is more than ${MOST_AWAY_PCT} % from the mark ${mark}`)
  return { asked: { reference: text(reference), note: reason } }
}

/**
 * A trailing stop's distance in per cent, above 0 and below 100. It is behind the best price so far, so that one by which
 * the price has come back already would sell at once: that is a close, and asked for as one.
 */
export function judgeDistance(position: PositionView, distancePct: unknown, market: Market): Judged<Numeric> {
  const refusal = lifeRefusal(position)
  if (refusal !== null) return { refusal }
  const distance = above(distancePct)
  if (distance === null || distance.gte(100))
    return refuse('INVALID_DISTANCE', 'the distance must be above 0 % and below 100 %, as text')
  const best = position.trailing?.bestPrice ?? null
  if (best === null) return { asked: text(distance) }
  const { mark, instrument } = market
  if (mark === null) return refuse('STALE_MARK', `there is no fresh price of ${position.symbol} to compare it with`)
  const stop = text(stopBehind({ side: position.side, instrument }, amount(best), text(distance)))
  return isReached(position.side, 'stopLoss', stop, mark)
    ? refuse('BEYOND_MARKET', `the stop, at ${stop}, would act at once: the market is at ${mark}`)
    : { asked: text(distance) }
}

/** An exit that a price would set off. */
export interface Crossing {
  readonly positionId: PositionId
  readonly trigger: 'stopLoss' | 'takeProfit'
  /** Where the exit is, and the price that is there or past it. */
  readonly at: Numeric
  readonly price: Numeric
}

/** Which exits these prices would set off; a price that is none sets off nothing. Asks, and does not act. */
export function crossedBy(positions: Iterable<PositionView>, prices: Readonly<Record<string, Numeric>>): Crossing[] {
  const crossings: Crossing[] = []
  for (const position of positions) {
    const { positionId, symbol, side, quantity, stopLoss, takeProfit } = position
    const price = above(prices[symbol])
    if (price === null || quantity === '0' || lifeRefusal(position) !== null) continue
    const reached = (trigger: Crossing['trigger'], at: Numeric | null): void => {
      if (at !== null && isReached(side, trigger, at, price))
        crossings.push({ positionId, trigger, at, price: text(price) })
    }
    reached('stopLoss', stopLoss)
    reached('takeProfit', takeProfit)
  }
  return crossings
}
