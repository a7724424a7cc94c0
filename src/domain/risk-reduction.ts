/** What an order must be to reduce a position: an exit, of the other side, for no more than is held and not promised. */
import { isOnMargin } from './margin-lots.ts'
import type { OrderRequest, Purpose } from './order.ts'
import type { PositionSide } from './position.ts'
import { type Amount, maxOf, type Numeric, quantity, sumOf, ZERO } from './units.ts'

/** What the position holds now. */
export interface HeldPosition {
  readonly side: PositionSide
  /** Base units. */
  readonly quantity: Numeric
}

export type ReductionRefusal =
  | 'NOT_A_REDUCTION'
  | 'WRONG_SIDE'
  | 'MORE_THAN_HELD'
  | 'FIRST_EXIT_UNKNOWN'
  | 'INVALID_ORDER'

/** An exit order of the same position that may still fill. */
export interface LiveExit {
  readonly key: string
  /** Base units that it may still sell or buy. */
  readonly remaining: Numeric
  /** Its answer was lost: nobody knows whether it exists. */
  readonly unknown: boolean
  readonly purpose: Purpose
  /** Orders of one OCO pair share this and count once; null for an order of its own. */
  readonly ocoGroup: string | null
}

/** One leg of a pair: what another order is compared with. */
export type Leg = Pick<LiveExit, 'ocoGroup' | 'purpose'>

/**
 * The pair that an order belongs to: stop and target of one position on margin, where either fill cancels the other. Null
 * for an order of its own, as all are on spot.
 */
export const ocoGroupOf = (request: Pick<OrderRequest, 'purpose' | 'leverage' | 'positionId'>): string | null =>
  isOnMargin(request) && (request.purpose === 'stop' || request.purpose === 'target') ? request.positionId : null

const isPartner = (exit: Leg, leg: Leg | null): boolean =>
  leg !== null && leg.ocoGroup !== null && exit.ocoGroup === leg.ocoGroup && exit.purpose !== leg.purpose

/** Σ remaining of exits, an OCO pair counted once by its larger leg; partners of the leg `of` are left out. */
export function promisedExits(exits: readonly LiveExit[], of: Leg | null): Amount {
  const legs = new Map<string, Map<Purpose, Amount>>()
  for (const exit of exits) {
    if (isPartner(exit, of)) continue
    const group = exit.ocoGroup === null ? `order ${exit.key}` : `pair ${exit.ocoGroup}`
    const sums = legs.get(group) ?? new Map<Purpose, Amount>()
    legs.set(group, sums.set(exit.purpose, quantity(exit.remaining).plus(sums.get(exit.purpose) ?? ZERO)))
  }
  return sumOf([...legs.values()].map((sums) => [...sums.values()].reduce((most, sum) => maxOf(most, sum), ZERO)))
}

/** Why an order is no reduction that may pass; null when it may. @throws NotANumberError for bad numbers. */
export function reductionProblem(
  request: OrderRequest,
  held: HeldPosition,
  liveExits: readonly LiveExit[],
): { readonly code: ReductionRefusal; readonly message: string } | null {
  const isTarget = request.purpose === 'target'
  const isExit = request.purpose === 'stop' || request.purpose === 'exit' || isTarget
  const reduces = request.intent === 'reduce' || request.intent === 'close'
  if (!isExit || !reduces || request.book !== 'trading' || request.positionId === null)
    return { code: 'NOT_A_REDUCTION', message: `${request.purpose}/${request.intent} does not reduce a position` }
  if (isTarget && request.leverage === 1)
    return { code: 'NOT_A_REDUCTION', message: 'a target rests on margin alone: spot would hold the base twice' }
  if (request.side !== (held.side === 'long' ? 'sell' : 'buy'))
    return { code: 'WRONG_SIDE', message: `${request.side} does not reduce a ${held.side}` }
  if (request.reduceOnly !== request.leverage > 1)
    return { code: 'INVALID_ORDER', message: 'reduce-only belongs to margin orders, and to all that reduce there' }
  const others = liveExits.filter((exit) => exit.key !== request.key)
  const leg: Leg = { purpose: request.purpose, ocoGroup: ocoGroupOf(request) }
  const lost = others.find((exit) => exit.unknown && !isPartner(exit, leg))
  if (lost !== undefined) return { code: 'FIRST_EXIT_UNKNOWN', message: `${lost.key} has no known state` }
  const wanted = quantity(request.quantity)
  const free = quantity(held.quantity).minus(promisedExits(others, leg))
  if (wanted.lte(0)) return { code: 'INVALID_ORDER', message: 'quantity must be above zero' }
  if (wanted.gt(free)) return { code: 'MORE_THAN_HELD', message: `${wanted} asked, ${free} not yet promised` }
  return null
}
