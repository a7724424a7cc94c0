/**
 * One seed: the whole system walked through simulated days of market, signals, users' commands, faults and crashes, and
 * every invariant checked after every step. The same seed gives the same journal, byte for byte.
 */
import type { Settings } from '../../actors/house.ts'
import { Calm } from './calm.ts'
import { between, chance } from './draw.ts'
import type { FaultCounts } from './faults.ts'
import { Happenings } from './happenings.ts'
import { Invariants } from './invariants.ts'
import { Lives } from './lives.ts'
import { MarginCalls } from './margin-calls.ts'
import type { Sabotage } from './sabotage.ts'
import { Broken, type Scene } from './scene.ts'
import { settingsFor } from './seeded-settings.ts'
import { sha256 } from './start-life.ts'
import { peek } from './strangers.ts'
import { Ticker } from './ticker.ts'
import { Users } from './users.ts'
import { START, World } from './world.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Sessions of work in a walk; between two of them the machine sleeps, for minutes or overnight. */
const SESSIONS = 6
const SETTLING_MS = 20 * MINUTE
const SESSION_MS = { least: 10 * MINUTE, most: 30 * MINUTE }
const NAP_MS = { least: 5 * SECOND, most: 10 * MINUTE }
const NIGHT_MS = { least: 6 * HOUR, most: 24 * HOUR }

export interface WalkOptions {
  readonly seed: number
  readonly sabotage: Sabotage | null
  /** Keeps the whole story instead of its end. */
  readonly verbose?: boolean
}

export interface WalkResult {
  readonly seed: number
  readonly simulatedMs: number
  readonly steps: number
  readonly faults: FaultCounts
  readonly lives: number
  readonly orders: number
  readonly positions: number
  /** Looks at positions and at the account that the store was given. */
  readonly looks: { readonly position: number; readonly portfolio: number }
  /** Facts published, by what they say happened. */
  readonly told: Readonly<Record<string, number>>
  /** Of the journal: the same seed gives the same one. */
  readonly hash: string
  /** Everything that happened, where it was kept. */
  readonly story: readonly string[]
  readonly failure: {
    readonly invariant: string
    readonly detail: string
    readonly step: number
    readonly at: number
    readonly tail: readonly string[]
  } | null
}

/** Walks one seed to its end, or to the first invariant that does not hold. */
export function walk(options: WalkOptions): Promise<WalkResult> {
  return new Walk(options).run()
}

class Walk {
  readonly #options: WalkOptions
  readonly #world: World
  readonly #calm: Calm
  readonly #ticker: Ticker
  readonly #invariants: Invariants
  readonly #lives: Lives
  readonly #users: Users
  readonly #happenings: Happenings
  readonly #marginCalls: MarginCalls
  #steps = 0

  constructor(options: WalkOptions) {
    this.#options = options
    const world = new World({
      ...{ seed: options.seed, keepsAll: options.verbose === true },
      onPlace: (attempt) => this.#invariants.onPlace(attempt),
      onStart: () => this.#lives.checkMemory(),
    })
    this.#world = world
    const settings = settingsFor(world.random.stream('settings'), world.config)
    const invariants = new Invariants(this.#scene(settings))
    this.#invariants = invariants
    world.looks.onRow = (row) => {
      if (this.#isAbout('snapshot-stops-trading')) invariants.minutes.onRow(row)
    }
    world.looks.onSave = (looks, underWay) => invariants.minutes.onSave(looks, underWay)
    this.#calm = new Calm(world)
    this.#ticker = new Ticker(world)
    this.#lives = new Lives({
      ...{ world, invariants, settings, calm: this.#calm, ticker: this.#ticker, sabotage: options.sabotage },
    })
    this.#users = new Users({
      ...{ random: world.random.stream('users'), market: world.market, invariants },
      isMarginOn: settings.limits.margin.enabled,
      note: (what) => world.note(`> ${what}`),
    })
    this.#happenings = new Happenings({ world, ticker: this.#ticker, lives: this.#lives, users: this.#users })
    this.#marginCalls = new MarginCalls({ world, ticker: this.#ticker, lives: this.#lives })
  }

  async run(): Promise<WalkResult> {
    const { clock, script, tape, truth } = this.#world
    let failure: WalkResult['failure'] = null
    try {
      await this.#play()
    } catch (error) {
      const { invariant, message } =
        error instanceof Broken ? error : { invariant: 'nothing throws', message: stackOf(error) }
      failure = { invariant, detail: message, step: this.#steps, at: clock.now(), tail: tape.last() }
    }
    this.#lives.bury()
    return {
      ...{ seed: this.#options.seed, simulatedMs: clock.now() - START, steps: this.#steps },
      ...{ faults: script.counts, lives: this.#lives.count, failure },
      ...{ orders: truth.orders.size, positions: truth.positions.size },
      looks: this.#world.looks.counts,
      told: Object.fromEntries(this.#invariants.told),
      story: this.#options.verbose === true ? tape.all() : [],
      hash: sha256(this.#lives.disk.rows.map(({ bodyText }) => bodyText).join('\n')),
    }
  }

  async #play(): Promise<void> {
    const { clock, truth, venue } = this.#world
    truth.onFill = (order) => this.#happenings.chase(order)
    await venue.start()
    this.#ticker.run(() => this.#lives.isAway)
    await this.#lives.boot()
    this.#happenings.schedule()
    if (this.#isAbout('forget-liquidation')) this.#marginCalls.schedule()
    if (this.#isAbout('snapshot-stops-trading')) this.#world.looks.schedule()
    for (let session = 1; session <= SESSIONS; session += 1) {
      if (session > 1) await this.#rest()
      await this.#playUntil(clock.now() + this.#drawn(SESSION_MS))
    }
    await this.#end()
  }

  /** Where another deliberate fault is looked for, what this one is about stays out of its way. */
  #isAbout(own: Sabotage): boolean {
    const { sabotage } = this.#options
    return sabotage === null || sabotage === own
  }

  #drawn({ least, most }: { readonly least: number; readonly most: number }): number {
    return Math.round(between(this.#world.chance, least, most))
  }

  /** The machine sleeps, or the process that is down stays down: the clock jumps by minutes or a night. */
  async #rest(): Promise<void> {
    const { clock, script } = this.#world
    const until = clock.now() + this.#drawn(chance(this.#world.chance, 0.35) ? NAP_MS : NIGHT_MS)
    const { life } = this.#lives
    if (life === null) this.#lives.stayOff(until)
    else {
      script.count('clock-jump', `${Math.round((until - clock.now()) / SECOND)} s`)
      life.sleep()
    }
    await this.#playUntil(until)
    if (life !== null) await this.#lives.wake(life)
    await this.#lives.settled()
  }

  async #playUntil(limit: number, isOver: () => boolean = () => false): Promise<void> {
    const { clock } = this.#world
    while (!isOver()) {
      const dueAt = clock.nextDueAt()
      if (dueAt === null || dueAt > limit) break
      clock.fireNext()
      await this.#lives.settled()
      this.#steps += 1
      this.#world.seeForced()
      this.#calm.watch(this.#lives.isUp && this.#lives.journal?.isWriting === true)
      this.#invariants.check()
    }
  }

  /** Faults off, everything put right by hand where a hand is needed, time to settle; then the accounts are made up. */
  async #end(): Promise<void> {
    const { clock, script, strangers } = this.#world
    const lives = this.#lives
    this.#happenings.end()
    this.#marginCalls.end()
    this.#world.looks.end()
    script.end()
    lives.journal?.spare()
    lives.journal?.release()
    this.#ticker.mend()
    const { life } = lives
    if (life === null) await lives.boot()
    else if (life.isAsleep) await lives.wake(life)
    await this.#playUntil(clock.now() + MINUTE)
    if (lives.life === null) await lives.boot()
    this.#users.putRight(lives.up)
    strangers.leave()
    await this.#playUntil(clock.now() + SETTLING_MS)
    this.#invariants.conclude(lives.up)
    lives.up.drain('the walk is over')
    await this.#playUntil(clock.now() + MINUTE, () => lives.system === null)
    if (lives.system !== null) throw new Broken('an orderly stop ends', 'still running a minute later')
  }

  #scene({ limits: { maxPositions, maxPositionsPerSymbol } }: Settings): Scene {
    return {
      truth: this.#world.truth,
      now: () => this.#world.clock.now(),
      system: () => (this.#lives.isUp ? this.#lives.system : null),
      undisturbedSince: (owner) => this.#calm.since(owner),
      balances: () => peek(this.#world.venue, (engine) => engine.balances()),
      venue: () => peek(this.#world.venue, (engine) => engine),
      rows: () => this.#lives.disk.rows,
      foreign: () => this.#world.strangers.moved(),
      heardAt: (symbol) => this.#ticker.heardAt.get(symbol) ?? null,
      storeSoundSince: () => (this.#isAbout('snapshot-stops-trading') ? this.#world.looks.soundSince : null),
      isDatabaseAway: () => this.#lives.journal?.health().state === 'away',
      limits: { maxPositions, maxPositionsPerSymbol },
    }
  }
}

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
