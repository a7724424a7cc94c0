/** Whether an order may be born: a shape that the venue takes, and an intent that what is held bears out. Pure. */
import type { OrderRequest } from './order.ts'
import { type HeldPosition, type Leg, type LiveExit, promisedExits, reductionProblem } from './risk-reduction.ts'
import { amount, type Numeric } from './units.ts'

const LIMITED: readonly OrderRequest['type'][] = ['limit', 'stop-loss-limit', 'take-profit-limit']
const TRIGGERED: readonly OrderRequest['type'][] = ['stop-loss', 'take-profit', 'stop-loss-limit', 'take-profit-limit']

const isAbove = (value: Numeric | null): boolean => value !== null && amount(value).gt(0)

/** Whether it adds risk, or trades the core book: what a stop of trading takes back. */
export const addsRisk = ({ intent, book }: Pick<OrderRequest, 'intent' | 'book'>): boolean =>
  intent === 'open' || intent === 'increase' || book === 'core'

/** What the request lacks or has too much of; null when it is whole. @throws NotANumberError for bad numbers. */
export function shapeProblem(request: OrderRequest): string | null {
  const { type, timeInForce, expiresAt } = request
  if (!isAbove(request.quantity)) return 'the quantity must be above zero'
  if (LIMITED.includes(type) && !isAbove(request.limitPrice)) return `a ${type} needs a limit price`
  if (TRIGGERED.includes(type) && !isAbove(request.triggerPrice)) return `a ${type} needs a trigger price`
  if ((type === 'trailing-stop') !== (request.trailing !== undefined)) return 'a trailing stop, and only one, trails'
  if (request.trailing !== undefined && !isAbove(request.trailing.offset)) return 'it must trail by more than zero'
  if ((timeInForce === 'GTD') !== (expiresAt !== null)) return 'an order good till a date, and only one, has that date'
  if (request.postOnly && (type !== 'limit' || timeInForce === 'IOC')) return 'only a resting limit can be post-only'
  if (!(Number.isInteger(request.leverage) && request.leverage >= 1)) return 'leverage is a whole number from 1'
  if (type === 'market' && addsRisk(request)) return 'a market order that adds risk needs a limit at its slippage guard'
  return null
}

/** What is known where an order is born. */
export interface BirthPlace {
  /** What its position holds by its orders' fills; null where it has none. */
  readonly held: HeldPosition | null
  /** Exits of that position that may still fill. */
  readonly liveExits: readonly LiveExit[]
  /** Base units of the core book that no live sell of it has been promised; null where that cannot be said. */
  readonly coreBase: Numeric | null
  /** Whether an order on the symbol has no known state. */
  readonly isUnknownOnSymbol: boolean
}

/** A spot sell that says it opens would sell what is not there, or what belongs to something else. */
function intentProblem(request: OrderRequest, place: BirthPlace): string | null {
  const { side, leverage, book, intent } = request
  if (intent === 'open' || intent === 'increase')
    return side === 'sell' && leverage === 1 ? 'a spot sell opens nothing' : null
  if (book === 'trading') {
    const problem = reductionProblem(request, place.held ?? { side: 'long', quantity: '0' }, place.liveExits)
    return problem === null ? null : `${problem.code}: ${problem.message}`
  }
  if (side !== 'sell' || leverage !== 1) return 'the core book is reduced by a spot sell'
  if (place.coreBase === null) return 'what the core book holds is not known'
  return amount(request.quantity).gt(amount(place.coreBase))
    ? `${request.quantity} asked, ${place.coreBase} of the core book not yet promised`
    : null
}

/** Why an order may not be born; null when it may. A bad number is a reason too. */
export function birthProblem(request: OrderRequest, place: BirthPlace): string | null {
  try {
    const problem = shapeProblem(request) ?? intentProblem(request, place)
    if (problem !== null) return problem
    return addsRisk(request) && place.isUnknownOnSymbol ? 'UNKNOWN_ORDER_ON_SYMBOL: an order has no known state' : null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Why an exit may not be made as large as `quantity`; null when it may. `others` are the position's other live exits; `leg` is its own. */
export function growthProblem(
  quantity: Numeric,
  filled: Numeric,
  held: Numeric,
  others: readonly LiveExit[],
  leg: Leg,
): string | null {
  const wanted = amount(quantity).minus(amount(filled))
  const free = amount(held).minus(promisedExits(others, leg))
  return wanted.gt(free) ? `MORE_THAN_HELD: ${wanted} asked, ${free} not yet promised` : null
}

/**
 * The invariant of a position's exits: together they can sell no more than is held, a pair by its larger leg, and never
 * have. Null while it stands.
 */
export function exitsProblem(held: Numeric, exits: readonly LiveExit[]): string | null {
  if (amount(held).lt(0)) return `${amount(held).abs()} more was sold than had been bought`
  const promised = promisedExits(exits, null)
  return promised.gt(amount(held)) ? `exits may still sell ${promised}, ${held} is held` : null
}
