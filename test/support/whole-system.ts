/**
 * The whole system on a simulated clock, through `startSystem`: a paper venue that outlives the process, a disk that does
 * too, and a market that says what a test tells it to. What is handed in differs from a real start; what runs does not.
 */
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { Settings } from '../../actors/house.ts'
import { type RunningSystem, startSystem } from '../../actors/start.ts'
import { loadConfig } from '../../config/load.ts'
import type { ExitReason } from '../../machines/system.machine.ts'
import { type InMemoryBus, inMemoryBus } from '../../src/adapters/bus/in-memory-bus.ts'
import { seededIds, seededRandom } from '../../src/adapters/chance/seeded.ts'
import { simulatedClock } from '../../src/adapters/clock/simulated.ts'
import { simulatedExchange } from '../../src/adapters/exchange/simulated/exchange.ts'
import type { SimulatedExchange } from '../../src/adapters/exchange/simulated/paper-interface.ts'
import { paperExchangeOptions } from '../../src/assembly/paper-venue.ts'
import { settingsOf } from '../../src/assembly/settings.ts'
import type { Candle } from '../../src/domain/candle.ts'
import type { CoordinatorCommand } from '../../src/domain/commands.ts'
import type { Fact, FactType } from '../../src/domain/facts.ts'
import { type Pair, pair } from '../../src/domain/ids.ts'
import { BUILT_IN_INSTRUMENTS } from '../../src/domain/instrument.ts'
import type { OrderView, Purpose } from '../../src/domain/order.ts'
import type { Balance } from '../../src/domain/portfolio.ts'
import type { PositionView } from '../../src/domain/position.ts'
import { TOPICS } from '../../src/domain/topics.ts'
import type { Proposal } from '../../src/domain/views.ts'
import type { SimulatedClock } from '../../src/ports/clock.ts'
import type { VenueAnswer, VenueOrderRow } from '../../src/ports/exchange.ts'
import type { Journal } from '../../src/ports/journal.ts'
import type { Log } from '../../src/ports/log.ts'
import type { HistoryQuery, MarketEvent, MarketFeed } from '../../src/ports/market-feed.ts'
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts'
import { type FaultyExchange, faultyExchange } from './faulty-exchange.ts'
import type { MemoryDisk } from './memory-journal.ts'
import { type Death, MortalJournal } from './mortal-journal.ts'
import { speak } from './speak.ts'

export const BTC = pair('BTC/USDT')
export const XRP = pair('XRP/USDT')
/** 2025-11-10T12:00:00Z, a Monday, the first moment of a minute. */
export const NOON = Date.UTC(2025, 10, 10, 12)
export const SECOND = 1_000
export const MINUTE = 60 * SECOND

/** How often the market repeats its last price, so that no mark goes stale while a story pauses. */
const REPEAT_MS = 10 * SECOND
const silent: Log = { debug: () => null, info: () => null, warn: () => null, error: () => null }
const CONFIG = loadConfig({ dir: resolve(import.meta.dirname, '../../config'), env: {} })

/** As `execution.margin.enabled` has it: read by the venue, and by the risk engine. */
const withMargin = (enabled: boolean): typeof CONFIG => ({
  ...CONFIG,
  execution: { ...CONFIG.execution, margin: { enabled } },
  risk: { ...CONFIG.risk, margin: { enabled } },
})

/** A continuation of everything that was promised. */
const turn = (): Promise<void> => new Promise((done) => setImmediate(done))

export interface WorldOptions {
  readonly settings?: Partial<Settings>
  /** Tasks that run by schedule; none unless told, so that a story's signals are its own. */
  readonly tasks?: readonly (keyof Settings['tasks'])[]
  readonly history?: (query: HistoryQuery) => readonly Candle[]
  readonly seed?: string
  /** Trades on margin are allowed, and the venue has terms for them. */
  readonly margin?: boolean
}

type Command = CoordinatorCommand extends infer C ? (C extends CoordinatorCommand ? Omit<C, 'seenAt'> : never) : never

export interface BootOptions {
  readonly death?: Death
  /** Instead of a journal in memory. */
  readonly journal?: Journal
  readonly epoch?: number
  /** Where looks at positions and account are kept; nowhere unless told. */
  readonly snapshots?: SnapshotStore
  /** Whose prices this start asks for; those of the world's settings unless told. */
  readonly watched?: readonly Pair[]
}

export class World {
  readonly clock: SimulatedClock
  readonly venue: SimulatedExchange
  readonly exchange: FaultyExchange
  /** What survives the process. */
  readonly disk: MemoryDisk = { rows: [] }
  readonly settings: Settings
  /** Facts as they were published, over all lives. */
  readonly facts: { readonly source: string; readonly life: number; readonly fact: Fact }[] = []
  readonly ends: { readonly because: ExitReason; readonly life: number }[] = []
  #system: RunningSystem | null = null
  #bus: InMemoryBus | null = null
  #journal: MortalJournal | null = null
  #external: Journal | null = null
  #lives = 0
  #listener: ((event: MarketEvent) => void) | null = null
  readonly #last = new Map<Pair, string>()
  #isSilent = false
  readonly #options: WorldOptions
  readonly #random

  constructor(options: WorldOptions = {}) {
    this.#options = options
    this.clock = simulatedClock(NOON)
    this.#random = seededRandom(options.seed ?? 'story')
    this.venue = simulatedExchange({
      ...paperExchangeOptions(withMargin(options.margin ?? false), BUILT_IN_INSTRUMENTS),
      startingBalances: { USDT: '10000', BTC: '0.1', XRP: '5000' },
      ...{ clock: this.clock, random: this.#random.stream('venue'), log: silent, store: null },
    })
    this.exchange = faultyExchange(this.venue, () => this.clock.now())
    this.settings = this.#settings()
    this.#last.set(BTC, '50000').set(XRP, '1')
    this.#repeat()
  }

  get system(): RunningSystem {
    if (this.#system === null) throw new Error('no system runs')
    return this.#system
  }
  get bus(): InMemoryBus {
    if (this.#bus === null) throw new Error('no system runs')
    return this.#bus
  }
  get journal(): MortalJournal {
    if (this.#journal === null) throw new Error('no system runs on a journal in memory')
    return this.#journal
  }
  get hasDied(): boolean {
    return this.#journal?.isDead ?? false
  }

  /** A start of the process: on the same disk, before the same venue. */
  async boot({ death, journal, epoch, snapshots, watched }: BootOptions = {}): Promise<RunningSystem> {
    this.#lives += 1
    const life = this.#lives
    this.#external = journal ?? null
    this.#journal = journal === undefined ? new MortalJournal(epoch ?? life, this.disk, death ?? null) : null
    const bus = inMemoryBus({ clock: this.clock })
    for (const topic of TOPICS)
      bus.subscribe('story', topic, ({ payload, source }) => void this.facts.push({ source, life, fact: payload }))
    this.#bus = bus
    const random = this.#random.stream(`life ${life}`)
    this.#system = await startSystem(
      {
        ...{ clock: this.clock, ids: seededIds(random.stream('ids')), random, bus, log: silent, feed: this.#feed() },
        ...{ exchange: this.exchange, journal: journal ?? this.journal },
        candles: { save: async () => undefined, load: async () => [] },
        snapshots: snapshots ?? { save: async () => undefined },
        hash: (given) => createHash('sha256').update(given).digest('hex'),
      },
      { ...this.settings, watched: watched ?? this.settings.watched },
      {
        ...{ epoch: epoch ?? life, incarnation: `life ${life}`, database: 'memory' },
        feed: { name: 'scripted', fallback: false, reason: null },
        catchUp: async () => void (await this.venue.walk([])),
        onEnd: (because) => this.ends.push({ because, life }),
        onFeedEnded: () => undefined,
      },
    )
    return this.#system
  }

  /** Boots, and plays until trading is allowed. */
  async bootReady(options: BootOptions = {}): Promise<RunningSystem> {
    const system = await this.boot(options)
    await this.until(() => this.hasDied || system.desk.system().ready, 'ready')
    return system
  }

  /** kill -9: every actor gone at once, nothing drained, nothing more written. */
  kill(): void {
    this.#journal?.die()
    this.#system?.stop()
    this.#system = null
    this.#listener = null
  }

  /** One trade in the market, large enough to fill what it goes through. */
  print(symbol: Pair, price: string, quantity = '1000'): void {
    this.#isSilent = false
    this.#last.set(symbol, price)
    const event = { kind: 'trade', symbol, price, quantity, side: null, at: this.clock.now() } as const
    this.venue.onMarket(event)
    this.#listener?.(event)
  }

  /** The minute before this one is told as a candle, from `low` to `high`. */
  closeMinute(symbol: Pair, low: string, high: string): void {
    const openAt = (Math.floor(this.clock.now() / MINUTE) - 1) * MINUTE
    const candle = { symbol, timeframe: '1m', openAt, open: low, high, low, close: high, volume: '1' } as const
    this.#listener?.({ kind: 'candle', symbol, candle, at: this.clock.now() })
  }

  /** Nothing is traded any more, until the next print. */
  fallSilent(): void {
    this.#isSilent = true
  }

  /** Fires timers one by one, everything settled in between, until it is so. */
  async until(isSo: () => boolean, what: string, withinMs = 2 * MINUTE): Promise<void> {
    const limit = this.clock.now() + withinMs
    for (;;) {
      await this.#settle()
      if (isSo()) return
      const dueAt = this.clock.nextDueAt()
      if (dueAt === null || dueAt > limit)
        throw new Error(`waited ${withinMs / SECOND} s in vain for: ${what}\n${this.told().slice(-12).join('\n')}`)
      this.clock.fireNext()
    }
  }

  /** Lets that much time go by. */
  async pass(ms: number): Promise<void> {
    const limit = this.clock.now() + ms
    await this.#settle()
    for (let dueAt = this.clock.nextDueAt(); dueAt !== null && dueAt <= limit; dueAt = this.clock.nextDueAt()) {
      this.clock.fireNext()
      await this.#settle()
    }
    this.clock.advanceTo(limit)
    await this.#settle()
  }

  /** The agents speak: what they see, and what they want done about it. */
  signal(over: Partial<Proposal> = {}): string {
    return speak(this.system.house, { symbol: BTC, ...over })
  }

  /** What a person, or the API for one, asks of the coordinator. */
  command(command: Command): void {
    const { house } = this.system
    house.addresses.tell('coordinator', { ...command, seenAt: this.clock.now() })
  }

  /** The answer to a question that the venue was asked, by and by. */
  async answered<T>(question: Promise<VenueAnswer<T>>): Promise<T> {
    let answer: VenueAnswer<T> | null = null
    void question.then((given) => {
      answer = given
    })
    await this.until(() => answer !== null, 'an answer of the venue')
    const given = await question
    if (given.kind !== 'done') throw new Error(`the venue answered ${given.kind}`)
    return given.value
  }
  venueOrders(): Promise<readonly VenueOrderRow[]> {
    return this.answered(this.venue.openOrders())
  }
  venueBalances(): Promise<readonly Balance[]> {
    return this.answered(this.venue.balances())
  }

  orders(purpose?: Purpose): readonly OrderView[] {
    return this.system.desk.orders({}).filter((order) => purpose === undefined || order.request.purpose === purpose)
  }
  order(purpose: Purpose): OrderView | undefined {
    return this.orders(purpose).at(-1)
  }
  positions(): readonly PositionView[] {
    return this.system.desk.positions({})
  }
  position(): PositionView {
    const found = this.positions().at(-1)
    if (found === undefined) throw new Error('there is no position')
    return found
  }
  is(phase: PositionView['phase']): boolean {
    return this.positions().at(-1)?.phase === phase
  }
  /** Types of the facts published, in order; those after the first `after` of all. */
  told(prefix = '', after = 0): readonly FactType[] {
    return this.facts
      .slice(after)
      .map(({ fact }) => fact.type)
      .filter((type) => type.startsWith(prefix))
  }
  factsOf<T extends FactType>(type: T): readonly Extract<Fact, { type: T }>[] {
    const isOfType = (fact: Fact): fact is Extract<Fact, { type: T }> => fact.type === type
    return this.facts.map(({ fact }) => fact).filter(isOfType)
  }
  /** How often orders of this key were sent to the venue, over all lives. */
  placements(key: RegExp): number {
    return this.exchange.sent.filter((sent) => sent.call === 'place' && key.test(sent.key ?? '')).length
  }

  /** All that was promised has happened, and a journal that takes real time has written. */
  async #settle(): Promise<void> {
    await turn()
    const journal = this.#external
    // One whose database is away has nothing to wait for but the clock.
    while (journal !== null && journal.pending > 0 && journal.health().state === 'durable') await turn()
  }

  #settings(): Settings {
    const symbols = [BTC, XRP]
    const { margin = false } = this.#options
    const base = settingsOf({ config: withMargin(margin), mode: 'paper', symbols, instruments: BUILT_IN_INSTRUMENTS })
    const { tasks = [], settings = {} } = this.#options
    const scheduled = Object.fromEntries(
      Object.entries(base.tasks).map(([name, task]) => [
        name,
        { ...task, enabled: task.enabled && tasks.some((one) => one === name) },
      ]),
    ) as Settings['tasks']
    return { ...base, tasks: scheduled, ...settings }
  }

  #feed(): MarketFeed {
    return {
      name: 'scripted',
      history: async (query) => this.#options.history?.(query) ?? [],
      start: async (_symbols, listener) => {
        this.#listener = listener
      },
      stop: async () => {
        this.#listener = null
      },
    }
  }

  #repeat(): void {
    if (!this.#isSilent) for (const [symbol, price] of this.#last) this.print(symbol, price, '0.0001')
    this.clock.at(this.clock.now() + REPEAT_MS, () => this.#repeat())
  }
}
