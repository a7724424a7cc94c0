/** What a REST method is made of. */
import type { ApiKeys } from '../api-keys.ts'
import { KrakenRefusal } from '../refusal.ts'
import type { Origin, Refused, SandboxVenue } from '../venue.ts'
import { isRefused } from '../venue.ts'
import type { Fields } from './fields.ts'
import type { Reading } from './order-fields.ts'

/** Answers what becomes `result`. @throws KrakenRefusal for what becomes `error`. */
export type PublicMethod = (fields: Fields, venue: SandboxVenue) => unknown

/** A call whose key, signature and nonce have been accepted. */
export interface PrivateCall {
  readonly venue: SandboxVenue
  readonly keys: ApiKeys
  readonly key: string
  readonly origin: Origin
}

export type PrivateMethod = (fields: Fields, call: PrivateCall) => unknown

/** What was done. @throws KrakenRefusal where nothing was. */
export function done<T extends object>(outcome: T | Refused): T {
  if (isRefused(outcome)) throw new KrakenRefusal(...outcome.errors)
  return outcome
}

export const readingOf = (venue: SandboxVenue): Reading => ({
  now: venue.now(),
  lastPrice: ({ symbol }) => venue.market.last(symbol),
})
