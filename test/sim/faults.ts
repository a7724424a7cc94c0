/** What goes wrong in a walk, by class; when, by a seeded script. */
import type { Clock, RandomSource } from '../../src/ports/clock.ts'
import { between, chance, pick } from './draw.ts'

export const FAULT_CLASSES = [
  'request-dropped',
  'request-delayed',
  'answer-dropped',
  'answer-late',
  'outage-after-accepting',
  'report-lost',
  'report-duplicated',
  'reports-reordered',
  'line-silent',
  'sequence-gap',
  'maintenance',
  'cancel-only',
  'post-only',
  'rate-refused',
  'nonce-refused',
  'stop-refused',
  'look-up-failing',
  'open-orders-stale',
  'balances-failing',
  'database-away',
  'crash-before-commit',
  'crash-after-commit',
  'crash-after-effects',
  'killed',
  'clock-jump',
  'external-order',
  'account-flow',
  'market-line-down',
  'liquidation',
  'snapshots-away',
  'snapshots-slow',
  'snapshots-answer-lost',
] as const
export type FaultClass = (typeof FAULT_CLASSES)[number]
export type FaultCounts = Readonly<Record<FaultClass, number>>

/** Faults that last: while one is on, everything it concerns meets it, with this chance. */
const EPISODES = {
  'request-dropped': { longestMs: 60_000, strikes: 0.4 },
  'request-delayed': { longestMs: 60_000, strikes: 0.4 },
  'answer-dropped': { longestMs: 60_000, strikes: 0.4 },
  'answer-late': { longestMs: 60_000, strikes: 0.4 },
  'outage-after-accepting': { longestMs: 60_000, strikes: 0.4 },
  'report-lost': { longestMs: 90_000, strikes: 0.4 },
  'report-duplicated': { longestMs: 300_000, strikes: 0.5 },
  'reports-reordered': { longestMs: 300_000, strikes: 0.5 },
  'line-silent': { longestMs: 60_000, strikes: 1 },
  maintenance: { longestMs: 240_000, strikes: 1 },
  'cancel-only': { longestMs: 120_000, strikes: 1 },
  'post-only': { longestMs: 120_000, strikes: 1 },
  'rate-refused': { longestMs: 45_000, strikes: 0.8 },
  'nonce-refused': { longestMs: 15_000, strikes: 0.7 },
  'stop-refused': { longestMs: 40_000, strikes: 1 },
  'look-up-failing': { longestMs: 60_000, strikes: 0.7 },
  'open-orders-stale': { longestMs: 180_000, strikes: 0.5 },
  'balances-failing': { longestMs: 120_000, strikes: 0.6 },
} as const satisfies Partial<Record<FaultClass, { readonly longestMs: number; readonly strikes: number }>>
export type Episode = keyof typeof EPISODES
export const EPISODE_KINDS = Object.keys(EPISODES) as readonly Episode[]

/** Faults that also strike out of the blue, now and then. */
const POINTS: ReadonlySet<FaultClass> = new Set([
  ...(['request-dropped', 'request-delayed', 'answer-dropped', 'answer-late', 'outage-after-accepting'] as const),
  ...(['report-duplicated', 'rate-refused', 'nonce-refused'] as const),
])
/** What is seldom asked or told fails on odds of its own. */
const ODDS: Partial<Record<FaultClass, number>> = {
  'look-up-failing': 0.08,
  'stop-refused': 0.02,
  'reports-reordered': 0.1,
  'report-lost': 0.03,
}

const SHORTEST_MS = 2_000

/** When each class strikes, and how often it did. */
export class FaultScript {
  readonly counts: Record<FaultClass, number>
  /** Until when each episode lasts. */
  readonly #until = new Map<Episode, number>()
  readonly #clock: Clock
  readonly #random: RandomSource
  readonly #pointChance: number
  #isOff = false
  #onStrike: (fault: FaultClass, what: string) => void = () => undefined

  constructor(clock: Clock, random: RandomSource) {
    this.#clock = clock
    this.#random = random
    this.counts = Object.fromEntries(FAULT_CLASSES.map((name) => [name, 0])) as Record<FaultClass, number>
    this.#pointChance = pick(random, [0, 0.002, 0.01, 0.03])
  }

  /** Hears of everything that struck. */
  onStrike(listener: (fault: FaultClass, what: string) => void): void {
    this.#onStrike = listener
  }

  /** Notes that a fault took effect. */
  count(fault: FaultClass, what: string): void {
    this.counts[fault] += 1
    this.#onStrike(fault, what)
  }

  /** Begins an episode, or makes it last longer; returns when it ends. */
  begin(kind: Episode): number {
    const now = this.#clock.now()
    const until = now + Math.round(between(this.#random, SHORTEST_MS, EPISODES[kind].longestMs))
    this.#until.set(kind, Math.max(until, this.#until.get(kind) ?? 0))
    return until
  }

  isOn(kind: Episode): boolean {
    return !this.#isOff && this.#clock.now() < (this.#until.get(kind) ?? 0)
  }

  /** Whether it strikes what is at hand; counted when it does. */
  strikes(kind: Episode, what: string): boolean {
    if (this.#isOff) return false
    const odds = this.isOn(kind) ? EPISODES[kind].strikes : this.#pointOdds(kind)
    if (odds === 0 || !chance(this.#random, odds)) return false
    this.count(kind, what)
    return true
  }

  #pointOdds(kind: Episode): number {
    return ODDS[kind] ?? (POINTS.has(kind) ? this.#pointChance / 4 : 0)
  }

  /** The venue answers everything and matches. */
  get isVenueOpen(): boolean {
    return !this.isOn('maintenance') && !this.isOn('cancel-only') && !this.isOn('post-only')
  }

  /** Nothing goes wrong any more. */
  end(): void {
    this.#isOff = true
    this.#until.clear()
  }
}
