/** What one run is to meet: the same for the same seed, though real time and real sockets make another run of it. */
import { seededRandom } from '../../src/adapters/chance/seeded.ts'
import { realClock } from '../../src/adapters/clock/real.ts'
import { simulatedFeed } from '../../src/adapters/market/simulated/simulated-feed.ts'
import { TIMEFRAME_MS } from '../../src/domain/candle.ts'
import type { Request } from '../../src/domain/commands.ts'
import { pair } from '../../src/domain/ids.ts'
import { TIER_LIMITS, type VenueTier } from '../../src/domain/venue-limits.ts'
import type { RandomSource } from '../../src/ports/clock.ts'
import type { Log } from '../../src/ports/log.ts'
import type { Fault } from '../../src/sandbox/fault-schema.ts'

/** `atMs` after the first life was ready. */
export type Happening = { readonly atMs: number } & (
  | { readonly kind: 'ask'; readonly what: Request | 'flatten' }
  | { readonly kind: 'faults'; readonly faults: readonly Fault[] }
  | { readonly kind: 'kill' }
  /** The market trades so much lower, per cent, and comes back: stops are reached. */
  | { readonly kind: 'fall'; readonly pct: number }
)

export interface Plan {
  readonly marketSeed: string
  readonly tier: VenueTier
  readonly margin: boolean
  /** A life before the others is asked to end so soon after it was started; null for none. */
  readonly endsEarlyMs: number | null
  readonly tradesMs: number
  readonly happenings: readonly Happening[]
  readonly signal: 'SIGINT' | 'SIGTERM'
  /** The faults go on while it ends; without them it is started and ended once more. */
  readonly faultsStand: boolean
}

const [ASKS_AT_MOST, FAULTS_AT_MOST, MARKETS_TRIED] = [4, 3, 8]
const ORDERS = ['AddOrder', 'AmendOrder', 'CancelOrder']
const silent: Log = { debug: () => null, info: () => null, warn: () => null, error: () => null }

/** @throws RangeError of an empty list */
function one<T>(random: RandomSource, of: readonly T[]): T {
  const drawn = of[Math.floor(random.next() * of.length)]
  if (drawn === undefined) throw new RangeError('there is nothing to draw from')
  return drawn
}
const between = (random: RandomSource, least: number, most: number): number =>
  Math.round(least + random.next() * (most - least))
const has = (happenings: readonly Happening[], kind: Happening['kind']): boolean =>
  happenings.some((one) => one.kind === kind)
const isSo = (random: RandomSource, chance: number): boolean => random.next() < chance

const FAULTS: readonly ((random: RandomSource) => Fault)[] = [
  () => ({ kind: 'drop-answer', match: { method: ORDERS }, probability: 0.3 }),
  () => ({ kind: 'drop-request', match: { method: ORDERS }, probability: 0.3 }),
  () => ({ kind: 'drop-request', probability: 0.2 }),
  (random) => ({ kind: 'delay-answer', match: { method: ORDERS }, count: 3, delayMs: between(random, 500, 8_000) }),
  (random) => ({ kind: 'delay', match: { method: ORDERS }, count: 3, delayMs: between(random, 500, 8_000) }),
  (random) => ({ kind: 'server-error', probability: 0.25, status: one(random, [502, 503, 520]) }),
  () => ({ kind: 'rate-limit', probability: 0.3 }),
  (random) => ({ kind: 'drop-socket', count: between(random, 1, 4) }),
  () => ({ kind: 'silent-socket', count: 1 }),
  () => ({ kind: 'sequence-gap', probability: 0.2 }),
  () => ({ kind: 'duplicate-frame', probability: 0.2 }),
  () => ({ kind: 'reorder-frame', probability: 0.2 }),
  () => ({ kind: 'bad-checksum', count: 2 }),
  () => ({ kind: 'token-expiry', count: 1 }),
  (random) => ({
    ...{ kind: 'mode', count: 1, forMs: between(random, 500, 5_000) },
    mode: one(random, ['cancel_only', 'post_only', 'limit_only', 'maintenance']),
  }),
]

/** A market that rose for days, so that there is something to buy; the one of the seed where none is found soon. */
async function risingMarket(seed: string): Promise<string> {
  const clock = realClock()
  for (let tried = 0; tried < MARKETS_TRIED; tried += 1) {
    const marketSeed = `${seed}-${tried}`
    const feed = simulatedFeed({ clock, random: seededRandom(marketSeed).stream('market'), log: silent })
    const closes = async (timeframe: '1h' | '4h', bars: number): Promise<readonly number[]> => {
      const now = clock.now()
      const from = now - bars * TIMEFRAME_MS[timeframe]
      return (await feed.history({ symbol: pair('BTC/USDT'), timeframe, from, to: now })).map(({ close }) =>
        Number(close),
      )
    }
    const rises = (all: readonly number[]): boolean => (all.at(-1) ?? 0) > (all[0] ?? 0)
    const rose = [await closes('1h', 24), await closes('4h', 24)]
    if (rose.every(rises)) return marketSeed
  }
  return `${seed}-0`
}

function asks(random: RandomSource, tradesMs: number): Happening[] {
  const of = ['pause', 'resume', 'halt', 'reset', 'flatten'] as const
  const times = Array.from({ length: between(random, 1, ASKS_AT_MOST) }, () => between(random, 500, tradesMs))
  return times.map((atMs) => ({ atMs, kind: 'ask', what: one(random, of) }))
}

function faults(random: RandomSource, tradesMs: number): Happening[] {
  const drawn = Array.from({ length: between(random, 1, FAULTS_AT_MOST) }, () => one(random, FAULTS)(random))
  return [{ atMs: between(random, 0, tradesMs * 0.7), kind: 'faults', faults: drawn }]
}

/** The plan of a seed. */
export async function draw(seed: number): Promise<Plan> {
  const random = seededRandom(seed).stream('soak')
  const tradesMs = between(random, 2_000, 20_000)
  const margin = isSo(random, 0.25)
  const hasFaults = isSo(random, 0.5)
  const happenings = [
    ...(hasFaults ? faults(random, tradesMs) : []),
    ...(isSo(random, 0.35) ? asks(random, tradesMs) : []),
    ...(isSo(random, 0.25) ? [{ atMs: between(random, 0, tradesMs), kind: 'kill' } as const] : []),
    ...(isSo(random, 0.3)
      ? [{ atMs: between(random, 1_000, tradesMs), kind: 'fall', pct: between(random, 1, 8) } as const]
      : []),
  ]
  const faultsStand = hasFaults && isSo(random, 0.3)
  const endsEarlyMs = isSo(random, 0.15) ? between(random, 300, 4_000) : null
  const tier = one(random, Object.keys(TIER_LIMITS) as VenueTier[])
  return {
    marketSeed: margin ? String(seed) : await risingMarket(String(seed)),
    // Two starts within seconds use up what a starter's key may ask for in a minute.
    tier: endsEarlyMs !== null || faultsStand || has(happenings, 'kill') ? 'pro' : tier,
    ...{ margin, tradesMs, faultsStand, endsEarlyMs },
    happenings: happenings.sort((first, second) => first.atMs - second.atMs),
    signal: one(random, ['SIGINT', 'SIGTERM']),
  }
}
