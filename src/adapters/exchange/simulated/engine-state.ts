/** The saved form of the paper venue, and the check that what was loaded is one. */
import type { Numeric } from '../../../domain/units.ts'
import type { AmendRequest } from '../../../ports/exchange.ts'
import type { MarketRow } from './symbol-market.ts'
import type { NewOrder, OrderRow } from './venue-order.ts'

export const STATE_VERSION = 1

/** A request on its way to the book. */
export type Command = { readonly ticket: number; readonly at: number } & (
  | { readonly kind: 'submit'; readonly order: NewOrder }
  | { readonly kind: 'cancel'; readonly id: string }
  | { readonly kind: 'amend'; readonly change: AmendRequest }
)

/** Plain JSON. A type rather than an interface, so that it is a `Record<string, unknown>` to the store. */
export type EngineState = {
  readonly version: number
  readonly series: string
  readonly now: number
  /** How many of each were numbered so far. */
  readonly orders: number
  readonly trades: number
  readonly tickets: number
  readonly queue: readonly Command[]
  readonly totals: Readonly<Record<string, Numeric>>
  readonly open: readonly OrderRow[]
  readonly closed: readonly OrderRow[]
  readonly markets: Readonly<Record<string, MarketRow>>
}

/** The saved paper account cannot be used: written by newer code, damaged, or for pairs that are not listed now. */
export class StateError extends Error {
  override readonly name = 'StateError'
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function hasForm(state: Readonly<Record<string, unknown>>): state is EngineState {
  return (
    typeof state.series === 'string' &&
    ['now', 'orders', 'trades', 'tickets'].every((key) => typeof state[key] === 'number') &&
    ['queue', 'open', 'closed'].every((key) => Array.isArray(state[key])) &&
    isRecord(state.totals) &&
    isRecord(state.markets)
  )
}

/** @throws StateError when the version or form is not this one's, or an open order's pair is not in `listed`. */
export function readState(saved: Readonly<Record<string, unknown>>, listed: ReadonlySet<string>): EngineState {
  if (saved.version !== STATE_VERSION)
    throw new StateError(`the saved paper account has version ${saved.version}; this build reads ${STATE_VERSION}`)
  if (!hasForm(saved)) throw new StateError('the saved paper account is damaged: parts of it are missing')
  const foreign = saved.open.find((order) => !listed.has(order.symbol))
  if (foreign !== undefined)
    throw new StateError(`the saved paper account has an open order for ${foreign.symbol}, which is not listed now`)
  return saved
}
