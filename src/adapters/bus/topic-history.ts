/** What was lately said on one topic: the last messages in order, and the last word of every source on every symbol. */
import type { FactType } from '../../domain/facts.ts'
import type { Envelope, LatestQuery } from '../../ports/bus.ts'
import { Fifo } from './fifo.ts'
import type { Posted } from './posted.ts'

type BySymbol = Map<string | undefined, Posted>

const isWanted = ({ envelope }: Posted, query: LatestQuery, now: number): boolean =>
  (query.type === undefined || envelope.payload.type === query.type) &&
  (query.source === undefined || envelope.source === query.source) &&
  (query.symbol === undefined || envelope.symbol === query.symbol) &&
  (query.maxAgeMs === undefined || now - envelope.timestamp <= query.maxAgeMs)

/** The map's value under `key`, or all values where the query leaves the key open. */
function chosen<K, V>(map: ReadonlyMap<K, V>, key: K | undefined): Iterable<V> {
  if (key === undefined) return map.values()
  const value = map.get(key)
  return value === undefined ? [] : [value]
}

export class TopicHistory {
  readonly #limit: number
  readonly #recent = new Fifo<Posted>()
  /** Type → source → symbol: found without searching, and kept also where the list has forgotten it. */
  readonly #latest = new Map<FactType, Map<string, BySymbol>>()
  #indexed = 0
  #sweepFrom: number

  constructor(limit: number) {
    this.#limit = limit
    this.#sweepFrom = limit
  }

  add(posted: Posted, now: number): void {
    for (let oldest = this.#recent.at(0); oldest !== undefined && oldest.expiresAt < now; oldest = this.#recent.at(0)) {
      this.#recent.shift()
    }
    this.#recent.push(posted)
    if (this.#recent.size > this.#limit) this.#recent.shift()
    this.#index(posted, now)
  }

  /** The newest that has not expired and fits. */
  latest(query: LatestQuery, now: number): Envelope | null {
    let newest: Posted | null = null
    let someExpired = false
    for (const bySource of chosen(this.#latest, query.type)) {
      for (const bySymbol of chosen(bySource, query.source)) {
        for (const posted of chosen(bySymbol, query.symbol)) {
          if (posted.expiresAt < now) someExpired = true
          else if (isWanted(posted, query, now) && (newest === null || posted.sequence > newest.sequence)) {
            newest = posted
          }
        }
      }
    }
    // A last word with a short life may have covered an earlier one that still lives: that one is only in the list.
    return (someExpired ? this.#newestListed(query, now, newest) : newest)?.envelope ?? null
  }

  /** Oldest first; with a limit, the newest so many. */
  list(query: LatestQuery & { readonly limit?: number }, now: number): readonly Envelope[] {
    const limit = query.limit ?? Number.POSITIVE_INFINITY
    const found: Envelope[] = []
    for (let place = this.#recent.size - 1; place >= 0 && found.length < limit; place -= 1) {
      const posted = this.#recent.at(place)
      if (posted !== undefined && posted.expiresAt >= now && isWanted(posted, query, now)) found.push(posted.envelope)
    }
    return found.reverse()
  }

  #newestListed(query: LatestQuery, now: number, known: Posted | null): Posted | null {
    for (let place = this.#recent.size - 1; place >= 0; place -= 1) {
      const posted = this.#recent.at(place)
      if (posted === undefined || (known !== null && posted.sequence <= known.sequence)) return known
      if (posted.expiresAt >= now && isWanted(posted, query, now)) return posted
    }
    return known
  }

  #index(posted: Posted, now: number): void {
    const { payload, source, symbol } = posted.envelope
    let bySource = this.#latest.get(payload.type)
    if (bySource === undefined) {
      bySource = new Map()
      this.#latest.set(payload.type, bySource)
    }
    let bySymbol = bySource.get(source)
    if (bySymbol === undefined) {
      bySymbol = new Map()
      bySource.set(source, bySymbol)
    }
    const before = bySymbol.size
    bySymbol.set(symbol, posted)
    this.#indexed += bySymbol.size - before
    if (this.#indexed > this.#sweepFrom) this.#sweep(now)
  }

  /** Forgets last words that have expired; run so seldom that it costs nothing a message. */
  #sweep(now: number): void {
    for (const bySource of this.#latest.values()) {
      for (const [source, bySymbol] of bySource) {
        for (const [symbol, posted] of bySymbol) {
          if (posted.expiresAt >= now) continue
          bySymbol.delete(symbol)
          this.#indexed -= 1
        }
        if (bySymbol.size === 0) bySource.delete(source)
      }
    }
    this.#sweepFrom = Math.max(this.#limit, 2 * this.#indexed)
  }
}
