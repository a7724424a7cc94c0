/** Kraken's error strings in the classes that call for different conduct. Suffixes vary, so prefixes decide. */
import type { VenueErrorClass } from '../../ports/exchange.ts'

/** The longer prefix before the shorter: the first that fits counts. */
const CLASSES: readonly (readonly [prefix: string, VenueErrorClass])[] = [
  ['EAPI:Invalid nonce', 'nonce'],
  ['EAPI:Rate limit exceeded', 'rate'],
  ['EAPI:Invalid key', 'auth'],
  ['EAPI:Invalid signature', 'auth'],
  ['EAuth:', 'auth'],
  ['EAccount:', 'auth'],
  ['EGeneral:Permission denied', 'auth'],
  ['EGeneral:Temporary lockout', 'auth'],
  ['EGeneral:Too many requests', 'rate'],
  ['EGeneral:Invalid arguments', 'validation'],
  ['EGeneral:Unknown method', 'validation'],
  ['EService: Throttled', 'rate'],
  ['EService:Throttled', 'rate'],
  ['EService:Deadline elapsed', 'deadline'],
  ['EService:Market in', 'mode'],
  ['EOrder:Rate limit exceeded', 'rate'],
  ['EOrder:Domain rate limit exceeded', 'rate'],
  ['EOrder:Insufficient', 'funds'],
  ['EOrder:Margin', 'funds'],
  ['EOrder:Orders limit exceeded', 'limits'],
  ['EOrder:Positions limit exceeded', 'limits'],
  ['EOrder:Scheduled orders limit exceeded', 'limits'],
  ['EOrder:Unknown order', 'gone'],
  ['EOrder:Invalid order', 'gone'],
  ['EOrder:', 'validation'],
  ['EQuery:', 'validation'],
  ['EAPI:', 'validation'],
]

/**
 * The class of one error string. `outage`: Kraken does not know what became of the call, and nobody else does. A string
 * that is in no list counts as that too, since asking again by client id is always safe.
 */
export function classOf(error: string): VenueErrorClass {
  return CLASSES.find(([prefix]) => error.startsWith(prefix))?.[1] ?? 'outage'
}

/** From when the call may be sent again, milliseconds UTC: `EService: Throttled: 1700000000`. Null for other errors. */
export function throttledUntil(error: string): number | null {
  const seconds = /^EService: ?Throttled: ?\[?(\d{9,12})/.exec(error)?.[1]
  return seconds === undefined ? null : Number(seconds) * 1000
}
