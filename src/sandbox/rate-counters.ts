/** The sandbox's rate counters: REST calls per key, order changes per pair. Charged by the arithmetic of the domain. */
import type { Pair } from '../domain/ids.ts'
import {
  type Counter,
  charged,
  counterAt,
  EMPTY_COUNTER,
  hasRoom,
  restPoints,
  TIER_LIMITS,
  type TierLimits,
  type VenueTier,
} from '../domain/venue-limits.ts'

/** What a request to the matching engine is charged. */
export interface EngineCharge {
  /** Charged when the request is there, even if it is refused. */
  readonly fixed: number
  /** Charged on top once it is obeyed. */
  readonly age: number
}

export class RateCounters {
  readonly limits: TierLimits
  /** Off for load tests: everything is counted and nothing refused. */
  readonly #enforced: boolean
  readonly #byKey = new Map<string, Counter>()
  readonly #byPair = new Map<Pair, Counter>()

  constructor(tier: VenueTier, enforced: boolean) {
    this.limits = TIER_LIMITS[tier]
    this.#enforced = enforced
  }

  /** Charges a REST call; false when it is one too many, which costs nothing. */
  call(key: string, method: string, at: number): boolean {
    const counter = this.#byKey.get(key) ?? EMPTY_COUNTER
    const points = restPoints(method)
    if (this.#enforced && points > 0 && !hasRoom(counter, this.limits.rest, points, at)) return false
    this.#byKey.set(key, charged(counter, this.limits.rest, points, at))
    return true
  }

  /** Charges a change of orders of one pair; false when it is one too many, which costs its fixed part. */
  change(symbol: Pair, { fixed, age }: EngineCharge, at: number): boolean {
    const counter = this.#byPair.get(symbol) ?? EMPTY_COUNTER
    const fits = !this.#enforced || hasRoom(counter, this.limits.engine, fixed + age, at)
    this.#byPair.set(symbol, charged(counter, this.limits.engine, fits ? fixed + age : fixed, at))
    return fits
  }

  /** Takes the age part back where the engine refused the change after all. */
  giveBack(symbol: Pair, points: number, at: number): void {
    const value = this.pair(symbol, at) - points
    this.#byPair.set(symbol, { value: Math.max(0, value), at })
  }

  pair(symbol: Pair, at: number): number {
    return counterAt(this.#byPair.get(symbol) ?? EMPTY_COUNTER, this.limits.engine, at)
  }

  key(key: string, at: number): number {
    return counterAt(this.#byKey.get(key) ?? EMPTY_COUNTER, this.limits.rest, at)
  }
}
