/**
 * One seed: the whole system walked through simulated days of market, signals, users' commands, faults and crashes, and
 * every invariant checked after every step. The same seed gives the same journal, byte for byte.
 */
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { Books } from '../../actors/books.ts'
import type { Settings } from '../../actors/house.ts'
import { type RunningSystem, startSystem } from '../../actors/start.ts'
import { loadConfig } from '../../config/load.ts'
import { inMemoryBus } from '../../src/adapters/bus/in-memory-bus.ts'
import { seededIds, seededRandom } from '../../src/adapters/chance/seeded.ts'
import { simulatedClock } from '../../src/adapters/clock/simulated.ts'
import { simulatedExchange } from '../../src/adapters/exchange/simulated/exchange.ts'
import type { SimulatedExchange } from '../../src/adapters/exchange/simulated/paper-interface.ts'
import { paperExchangeOptions } from '../../src/assembly/paper-venue.ts'
import { settingsOf } from '../../src/assembly/settings.ts'
import { baseOf, quoteOf } from '../../src/domain/ids.ts'
import { BUILT_IN_INSTRUMENTS } from '../../src/domain/instrument.ts'
import { TOPICS } from '../../src/domain/topics.ts'
import { type Amount, amount, ZERO } from '../../src/domain/units.ts'
import type { RandomSource, SimulatedClock } from '../../src/ports/clock.ts'
import type { Log } from '../../src/ports/log.ts'
import type { MarketEvent, MarketFeed } from '../../src/ports/market-feed.ts'
import type { MemoryDisk } from '../support/memory-journal.ts'
import { between, chance, pick, waiting, whole } from './draw.ts'
import { EPISODE_KINDS, type FaultCounts, FaultScript } from './faults.ts'
import { Broken, Invariants, type Scene } from './invariants.ts'
import { CrashJournal, type DeathMoment } from './journal.ts'
import { Life } from './life.ts'
import { Line } from './line.ts'
import { SeededMarket, SYMBOLS } from './market.ts'
import { Remembering, strayMachine } from './remembering.ts'
import { doublesOf, type Sabotage } from './sabotage.ts'
import { peek, Strangers } from './strangers.ts'
import { Tape } from './tape.ts'
import { type TrueOrder, Truth } from './truth.ts'
import { Users } from './users.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** 2025-11-10T12:00:00Z, a Monday. */
const START = Date.UTC(2025, 10, 10, 12)
const CONFIG = loadConfig({ dir: resolve(import.meta.dirname, '../../config'), env: {} })
const BALANCES = { USDT: '10000', BTC: '0.1', XRP: '5000' } as const

/** Sessions of work in a walk; between two of them the machine sleeps, for minutes or overnight. */
const SESSIONS = 6
const SPOOLED_AFTER_MS = 5 * SECOND
const SETTLING_MS = 20 * MINUTE
const TICK_MS = { awake: 14 * SECOND, away: 5 * MINUTE }
const TROUBLE_MEAN_MS = 6 * MINUTE
const CRASH_MEAN_MS = 30 * MINUTE
const USER_MEAN_MS = 75 * SECOND
const SESSION_MS = { least: 10 * MINUTE, most: 30 * MINUTE }
/** How many of the fills in part somebody takes fright at. */
const CHASE = 0.5
const NAP_MS = { least: 5 * SECOND, most: 10 * MINUTE }
const NIGHT_MS = { least: 6 * HOUR, most: 24 * HOUR }

const silent: Log = { debug: () => null, info: () => null, warn: () => null, error: () => null }
const sha256 = (given: string): string => createHash('sha256').update(given).digest('hex')
/** A continuation of everything that was promised. */
const turn = (): Promise<void> => new Promise((done) => setImmediate(done))

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
  readonly #random: RandomSource
  readonly #chance: RandomSource
  readonly #clock: SimulatedClock = simulatedClock(START)
  readonly #venue: SimulatedExchange
  readonly #truth = new Truth(BALANCES)
  readonly #script: FaultScript
  readonly #line: Line
  readonly #market: SeededMarket
  readonly #invariants: Invariants
  readonly #users: Users
  readonly #strangers: Strangers
  readonly #tape: Tape
  readonly #settings: Settings
  readonly #disk: MemoryDisk = { rows: [] }
  readonly #journals: CrashJournal[] = []
  readonly #remembering = new Remembering()
  /** Of the present life, or of the last one. */
  #books: Books | null = null
  #life: Life | null = null
  #lives = 0
  #system: RunningSystem | null = null
  #listener: ((event: MarketEvent) => void) | null = null
  #steps = 0
  /** What must be done between two steps. */
  #tasks: (() => Promise<void> | void)[] = []
  #fallen: DeathMoment | null = null
  #disturbedUntil = START
  #marketDownUntil = 0
  #offUntil = 0
  #isEnding = false

  constructor(options: WalkOptions) {
    this.#options = options
    this.#random = seededRandom(`walk ${options.seed}`)
    this.#chance = this.#random.stream('happenings')
    this.#tape = new Tape(options.verbose)
    this.#settings = settingsFor(this.#random.stream('settings'))
    this.#venue = simulatedExchange({
      ...paperExchangeOptions(CONFIG, BUILT_IN_INSTRUMENTS),
      startingBalances: BALANCES,
      ...{ clock: this.#clock, random: this.#random.stream('venue'), log: silent, store: null },
    })
    this.#script = new FaultScript(this.#clock, this.#random.stream('faults'))
    this.#script.onStrike((fault, what) => this.#note(`! ${fault}: ${what}`))
    this.#invariants = new Invariants(this.#scene())
    this.#line = new Line({
      ...{ venue: this.#venue, clock: this.#clock, random: this.#random.stream('line'), script: this.#script },
      ...{ truth: this.#truth, onPlace: (attempt) => this.#invariants.onPlace(attempt) },
      onStart: () => this.#checkMemory(),
    })
    this.#market = new SeededMarket(this.#random.stream('market'), START)
    this.#users = new Users({
      ...{ random: this.#random.stream('users'), market: this.#market, invariants: this.#invariants },
      note: (what) => this.#note(`> ${what}`),
    })
    this.#strangers = new Strangers({
      ...{ random: this.#random.stream('strangers'), venue: this.#venue, market: this.#market },
      ...{ clock: this.#clock, script: this.#script },
    })
  }

  async run(): Promise<WalkResult> {
    let failure: WalkResult['failure'] = null
    try {
      this.#truth.onFill = (order) => this.#chase(order)
      await this.#venue.start()
      this.#tick()
      await this.#boot()
      this.#schedule()
      for (let session = 1; session <= SESSIONS; session += 1) {
        if (session > 1) await this.#rest()
        await this.#playUntil(this.#clock.now() + this.#drawn(SESSION_MS))
      }
      await this.#end()
    } catch (error) {
      const { invariant, message } =
        error instanceof Broken ? error : { invariant: 'nothing throws', message: stackOf(error) }
      failure = { invariant, detail: message, step: this.#steps, at: this.#clock.now(), tail: this.#tape.last() }
    }
    this.#bury()
    return {
      ...{ seed: this.#options.seed, simulatedMs: this.#clock.now() - START, steps: this.#steps },
      ...{ faults: this.#script.counts, lives: this.#lives, failure },
      ...{ orders: this.#truth.orders.size, positions: this.#truth.positions.size },
      story: this.#options.verbose === true ? this.#tape.all() : [],
      hash: sha256(this.#disk.rows.map(({ bodyText }) => bodyText).join('\n')),
    }
  }

  /** A start of the process, on the same disk, before the same venue. */
  async #boot(): Promise<void> {
    this.#lives += 1
    this.#fallen = null
    const life = new Life(this.#lives, this.#clock)
    const journal = new CrashJournal(this.#lives, this.#disk, {
      onCommit: (entry) => {
        this.#invariants.onCommit(entry)
        this.#remembering.onCommit(entry)
      },
      onDeath: (moment) => {
        this.#script.count(moment, `life ${life.number}`)
        this.#fallen = moment
      },
    })
    this.#life = life
    this.#journals.push(journal)
    const doubles = doublesOf(this.#options.sabotage)
    const bus = inMemoryBus({ clock: life.clock })
    for (const topic of TOPICS)
      bus.subscribe('walk', topic, ({ payload }) => {
        if (life.isDead) return
        this.#tape.fact(this.#clock.now(), payload)
        this.#invariants.onPublish(payload)
        this.#remembering.onPublish(payload.id)
      })
    const random = this.#random.stream(`life ${this.#lives}`)
    const system = await startSystem(
      {
        ...{
          clock: life.clock,
          ids: seededIds(random.stream('ids')),
          random,
          bus,
          log: silent,
          feed: this.#feed(life),
        },
        exchange: doubles.exchange(this.#line.connect(life)),
        journal: doubles.journal(journal),
        candles: { save: async () => undefined, load: async () => [] },
        hash: sha256,
      },
      this.#settings,
      {
        ...{ epoch: this.#lives, incarnation: `life ${this.#lives}`, database: 'memory' },
        feed: { name: 'walk', fallback: false, reason: null },
        onEnd: (because, reason) => this.#tasks.push(() => this.#ended(life, because, reason)),
        onFeedEnded: () => undefined,
      },
      {
        ...doubles.makers,
        books: (...given) => {
          this.#books = doubles.makers.books(...given)
          return this.#books
        },
      },
    )
    if (life.isDead) return system.stop()
    this.#note(`# life ${this.#lives} began`)
    this.#system = system
    this.#disturb()
  }

  /** kill -9: every actor gone at once, nothing more written. */
  #bury(): void {
    const journal = this.#journals.at(-1)
    const isLocked = this.#fallen === null && journal?.pending === 0
    if (this.#system !== null && isLocked) {
      const stray = strayMachine(this.#system, this.#disk)
      if (stray !== null) this.#invariants.fail('a machine stands where its journal leads', stray)
    }
    if (this.#books !== null && this.#life !== null) this.#remembering.onDeath(this.#books, journal?.pending ?? 0)
    this.#life?.die()
    this.#journals.at(-1)?.die()
    this.#system?.stop()
    this.#system = null
    this.#life = null
    this.#listener = null
    this.#invariants.onDeath()
    this.#users.onDeath()
  }

  /** A new life has read its journal back. */
  #checkMemory(): void {
    const problem = this.#books === null ? null : this.#remembering.problem(this.#books)
    if (problem !== null) this.#invariants.fail('a boot remembers what the process knew', problem)
  }

  #ended(life: Life, because: string, reason: string): void {
    if (life.isDead) return
    if (because === 'gave-up' || because === 'fenced')
      throw new Broken('the process does not give up', `${because}: ${reason}`)
    this.#note(`# life ${life.number} ended: ${because}`)
    this.#bury()
    this.#bootAfter(this.#downMs())
  }

  /** How long a process stays away: mostly seconds, at times hours. */
  #downMs(): number {
    return chance(this.#chance, 0.8)
      ? Math.round(between(this.#chance, SECOND, 90 * SECOND))
      : Math.round(between(this.#chance, 90 * SECOND, 4 * HOUR))
  }

  #bootAfter(ms: number): void {
    this.#clock.at(this.#clock.now() + ms, () => this.#tasks.push(() => this.#bootIfDown()))
  }

  async #bootIfDown(): Promise<void> {
    if (this.#life !== null) return
    const offMs = this.#offUntil - this.#clock.now()
    if (offMs > 0) this.#bootAfter(offMs)
    else await this.#boot()
  }

  /** Everything that happens by itself, each thing by its own draw. */
  #schedule(): void {
    this.#repeat(USER_MEAN_MS, () => {
      if (this.#isUp) this.#users.act(this.#up)
    })
    this.#repeat(TROUBLE_MEAN_MS, () => this.#trouble())
    this.#repeat(CRASH_MEAN_MS, () => this.#crash())
  }

  /** Somebody takes back what has just begun to fill: the cancellation races the rest, and the report of what was. */
  #chase({ clientOrderId, isLive, request }: TrueOrder): void {
    if (this.#isEnding || !isLive || request.purpose === 'stop' || !chance(this.#chance, CHASE)) return
    this.#clock.at(this.#clock.now() + whole(this.#chance, 0, 3 * SECOND), () => {
      if (this.#isUp) this.#users.cancel(this.#up, clientOrderId)
    })
  }

  #repeat(meanMs: number, work: () => void): void {
    this.#clock.at(this.#clock.now() + waiting(this.#chance, meanMs), () => {
      if (this.#isEnding) return
      work()
      this.#repeat(meanMs, work)
    })
  }

  get #isUp(): boolean {
    return this.#system !== null && this.#life !== null && !this.#life.isAsleep
  }
  get #up(): RunningSystem {
    if (this.#system === null) throw new Error('no system runs')
    return this.#system
  }

  #trouble(): void {
    if (!this.#isUp) return
    const kind = pick(this.#chance, [...EPISODE_KINDS, ...OTHER_TROUBLE, ...OTHER_TROUBLE])
    switch (kind) {
      case 'database-away':
        return this.#databaseAway()
      case 'sequence-gap':
        this.#script.begin('report-lost')
        this.#script.count('sequence-gap', 'the line')
        return this.#line.bounce('a gap in the sequence', whole(this.#chance, 50, 3_000))
      case 'market-line-down':
        return this.#marketLineDown()
      case 'external-order':
        return this.#strangers.act()
      case 'jump':
        for (const symbol of SYMBOLS) if (chance(this.#chance, 0.6)) this.#market.jump(symbol)
        return
      case 'line-silent': {
        const until = this.#script.begin(kind)
        this.#note(`! the line is silent for ${until - this.#clock.now()} ms`)
        this.#clock.at(until, () => this.#line.bounce('no sign of life', whole(this.#chance, 100, 20_000)))
        return
      }
      default: {
        const until = this.#script.begin(kind)
        this.#note(`! ${kind} for ${until - this.#clock.now()} ms`)
      }
    }
  }

  /** Rows wait at first, and are then written beside the database; or the process dies before either. */
  #databaseAway(): void {
    const journal = this.#journals.at(-1)
    if (journal === undefined || journal.health().state !== 'durable') return
    const since = this.#clock.now()
    const problem = 'the database does not answer'
    const ms = chance(this.#chance, 0.6) ? between(this.#chance, 200, 8_000) : between(this.#chance, 8_000, 90_000)
    this.#script.count('database-away', `for ${Math.round(ms)} ms`)
    journal.goAway(problem, since)
    if (ms > SPOOLED_AFTER_MS) this.#clock.at(since + SPOOLED_AFTER_MS, () => journal.spool(problem, since))
    this.#clock.at(since + Math.round(ms), () => journal.release())
  }

  #marketLineDown(): void {
    const now = this.#clock.now()
    if (now < this.#marketDownUntil) return
    this.#script.count('market-line-down', 'the feed')
    this.#marketDownUntil = now + Math.round(between(this.#chance, 3 * SECOND, 200 * SECOND))
    this.#tell({ kind: 'line', up: false, reason: 'the socket closed', at: now })
    this.#clock.at(this.#marketDownUntil, () =>
      this.#tell({ kind: 'line', up: true, reason: null, at: this.#clock.now() }),
    )
  }

  #crash(): void {
    if (!this.#isUp) return
    const moment = pick(this.#chance, [
      'crash-before-commit',
      'crash-after-commit',
      'crash-after-effects',
      'killed',
    ] as const)
    if (moment !== 'killed') return this.#journals.at(-1)?.dieAt(moment, whole(this.#chance, 1, 25))
    this.#script.count('killed', `life ${this.#lives}`)
    this.#fall('killed')
  }

  #fall(moment: string): void {
    this.#note(`# life ${this.#lives} died: ${moment}`)
    this.#bury()
    this.#bootAfter(this.#downMs())
  }

  #drawn({ least, most }: { readonly least: number; readonly most: number }): number {
    return Math.round(between(this.#chance, least, most))
  }

  /** The machine sleeps, or the process that is down stays down: the clock jumps by minutes or a night. */
  async #rest(): Promise<void> {
    const until = this.#clock.now() + this.#drawn(chance(this.#chance, 0.35) ? NAP_MS : NIGHT_MS)
    const life = this.#life
    if (life === null) this.#offUntil = until
    else {
      this.#script.count('clock-jump', `${Math.round((until - this.#clock.now()) / SECOND)} s`)
      life.sleep()
    }
    await this.#playUntil(until)
    if (life !== null) await this.#wake(life)
    await this.#settled()
  }

  async #wake(life: Life): Promise<void> {
    if (life.isDead || !life.isAsleep) return
    this.#note('# the machine wakes')
    this.#disturb()
    const next = life.wake()
    while (next()) await this.#settled()
    await this.#settled()
    if (this.#system === null || life.isDead) return
    // As the real clock's alarm does within a second.
    life.clock.at(life.clock.now() + whole(this.#chance, 0, SECOND), () =>
      this.#system?.house.addresses.tell('system', {
        type: 'picture.doubted',
        reason: 'the clock went forward',
        stopTrading: true,
        seenAt: life.clock.now(),
      }),
    )
  }

  /** The market trades; the venue sees it first. */
  #tick(): void {
    const isAway = this.#life === null ? this.#clock.now() < this.#offUntil : this.#life.isAsleep
    const at = this.#clock.now()
    for (const symbol of SYMBOLS) {
      const trade = this.#market.trade(symbol, at)
      if (trade === null) continue
      if (this.#script.isVenueOpen) this.#venue.onMarket(trade)
      if (at >= this.#marketDownUntil) this.#tell(trade)
    }
    const meanMs = isAway ? TICK_MS.away : TICK_MS.awake
    this.#clock.at(at + Math.round(between(this.#chance, meanMs / 3, (5 * meanMs) / 3)), () => this.#tick())
  }

  #tell(event: MarketEvent): void {
    const life = this.#life
    // What a sleeping machine missed of the market is gone.
    if (life !== null && !life.isAsleep) this.#listener?.(event)
  }

  async #playUntil(limit: number, isOver: () => boolean = () => false): Promise<void> {
    while (!isOver()) {
      const dueAt = this.#clock.nextDueAt()
      if (dueAt === null || dueAt > limit) break
      this.#clock.fireNext()
      await this.#settled()
      this.#steps += 1
      this.#watchDisturbances()
      this.#invariants.check()
    }
  }

  async #settled(): Promise<void> {
    await turn()
    for (;;) {
      if (this.#fallen !== null && this.#life !== null) this.#fall(this.#fallen)
      const task = this.#tasks.shift()
      if (task === undefined) return
      await task()
      await turn()
    }
  }

  #disturb(): void {
    this.#disturbedUntil = this.#clock.now()
  }

  #watchDisturbances(): void {
    const { script } = { script: this.#script }
    const isDurable = this.#journals.at(-1)?.isWriting ?? false
    const isQuietWorld = script.isVenueOpen && GLOBAL_EPISODES.every((kind) => !script.isOn(kind))
    if (!this.#isUp || !isDurable || !isQuietWorld) this.#disturb()
  }

  /** Faults off, everything put right by hand where a hand is needed, time to settle; then the accounts are made up. */
  async #end(): Promise<void> {
    this.#isEnding = true
    this.#script.end()
    this.#journals.at(-1)?.spare()
    this.#journals.at(-1)?.release()
    this.#marketDownUntil = 0
    const life = this.#life
    if (life === null) await this.#boot()
    else if (life.isAsleep) await this.#wake(life)
    await this.#playUntil(this.#clock.now() + MINUTE)
    if (this.#life === null) await this.#boot()
    this.#users.putRight(this.#up)
    this.#strangers.leave()
    await this.#playUntil(this.#clock.now() + SETTLING_MS)
    this.#invariants.conclude(this.#up)
    let hasEnded = false
    this.#up.drain('the walk is over')
    await this.#playUntil(this.#clock.now() + MINUTE, () => {
      hasEnded = this.#system === null
      return hasEnded
    })
    if (!hasEnded) throw new Broken('an orderly stop ends', 'still running a minute later')
  }

  /** What other hands did to the account. */
  #foreign(): ReadonlyMap<string, Amount> {
    const moved = new Map(this.#strangers.flows)
    const add = (asset: string, by: Amount): void => void moved.set(asset, (moved.get(asset) ?? ZERO).plus(by))
    for (const { symbol, side, quantity, cost, fee, feeAsset, venueOrderId } of peek(this.#venue, (engine) =>
      engine.trades(),
    )) {
      if (peek(this.#venue, (engine) => engine.find(venueOrderId))?.clientOrderId !== null) continue
      const sign = side === 'buy' ? 1 : -1
      add(baseOf(symbol), amount(quantity).times(sign))
      add(quoteOf(symbol), amount(cost).times(-sign))
      add(feeAsset, amount(fee).negated())
    }
    return moved
  }

  #feed(life: Life): MarketFeed {
    return {
      name: 'walk',
      history: async () => [],
      start: async (_symbols, listener) => {
        if (!life.isDead) this.#listener = listener
      },
      stop: async () => undefined,
    }
  }

  #note(what: string): void {
    this.#tape.note(this.#clock.now(), what)
  }

  #scene(): Scene {
    const { maxPositions, maxPositionsPerSymbol } = this.#settings.limits
    return {
      truth: this.#truth,
      now: () => this.#clock.now(),
      system: () => (this.#isUp ? this.#system : null),
      undisturbedSince: (owner) =>
        Math.max(this.#disturbedUntil, this.#line.touched.get(owner) ?? 0, this.#line.touched.get('') ?? 0),
      balances: () => peek(this.#venue, (engine) => engine.balances()),
      foreign: () => this.#foreign(),
      isDatabaseAway: () => this.#journals.at(-1)?.health().state === 'away',
      limits: { maxPositions, maxPositionsPerSymbol },
    }
  }
}

const OTHER_TROUBLE = ['database-away', 'sequence-gap', 'market-line-down', 'external-order', 'jump'] as const
/** While one of these lasts nobody can be blamed for a stop that is late. */
const GLOBAL_EPISODES = ['line-silent', 'rate-refused', 'nonce-refused'] as const

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))

/** Each seed trades by other rules: entries at a limit or at market, plans at once or in batches, short cooldowns. */
function settingsFor(random: RandomSource): Settings {
  const base = settingsOf({ config: CONFIG, mode: 'paper', symbols: SYMBOLS, instruments: BUILT_IN_INSTRUMENTS })
  const tasks = Object.fromEntries(
    Object.entries(base.tasks).map(([name, task]) => [name, { ...task, enabled: false }]),
  ) as Settings['tasks']
  const { limits, portfolio } = base
  return {
    ...base,
    tasks,
    // Half of the seeds keep the venue's dead-man switch, as live does.
    deadMan: pick(random, [null, { timeoutMs: 60_000, rearmMs: 20_000, askAgainMs: 1_000 }]),
    limits: {
      ...limits,
      entry: { ...limits.entry, type: pick(random, ['limit', 'limit', 'market'] as const) },
      cooldownMinutes: { ...limits.cooldownMinutes, afterTrade: 0, afterLoss: 1, byLosses: [] },
      breakers: { dailyLossPct: 50, weeklyLossPct: 60, drawdownPct: 70 },
      maxOpenRiskPct: 50,
      floorByLosses: [],
      sizeByLosses: [],
    },
    portfolio: {
      ...portfolio,
      orderType: pick(random, ['limit', 'market'] as const),
      minBetweenPlansMs: 2 * HOUR,
      dca: {
        ...portfolio.dca,
        thresholdUsd: pick(random, [200, 500, 5_000]),
        intervalMs: pick(random, [10, 40]) * MINUTE,
      },
    },
  }
}
