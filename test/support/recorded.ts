/**
 * The whole system over recorded minutes, with nobody but a script to trade: the replay's venue, feed and clock, a journal
 * in memory, no scheduled task. Time is played to a moment; then the story asks, and plays on.
 */
import { resolve } from 'node:path'
import type { TradeProposal } from '../../actors/execution-desk.ts'
import type { Settings } from '../../actors/house.ts'
import { type RunningSystem, startSystem } from '../../actors/start.ts'
import { loadConfig } from '../../config/load.ts'
import { inMemoryBus } from '../../src/adapters/bus/in-memory-bus.ts'
import { seededIds, seededRandom } from '../../src/adapters/chance/seeded.ts'
import { everyContinuation } from '../../src/adapters/clock/continuations.ts'
import { simulatedClock } from '../../src/adapters/clock/simulated.ts'
import { simulatedExchange } from '../../src/adapters/exchange/simulated/exchange.ts'
import type { SimulatedExchange } from '../../src/adapters/exchange/simulated/paper-interface.ts'
import { replayFeed } from '../../src/adapters/market/replay/replay-feed.ts'
import { sha256 } from '../../src/assembly/hash.ts'
import { paperExchangeOptions, throughVenue } from '../../src/assembly/paper-venue.ts'
import { settingsOf } from '../../src/assembly/settings.ts'
import { play, playUntil } from '../../src/backtest/play.ts'
import { type Statement, summaryCollector } from '../../src/backtest/summary.ts'
import type { Fact, FactType } from '../../src/domain/facts.ts'
import type { Pair } from '../../src/domain/ids.ts'
import { BUILT_IN_INSTRUMENTS } from '../../src/domain/instrument.ts'
import { TOPICS } from '../../src/domain/topics.ts'
import { amount, type Numeric, text } from '../../src/domain/units.ts'
import type { SimulatedClock } from '../../src/ports/clock.ts'
import type { VenueAnswer } from '../../src/ports/exchange.ts'
import type { Log } from '../../src/ports/log.ts'
import { MemoryJournal } from './memory-journal.ts'

const silent: Log = { debug: () => null, info: () => null, warn: () => null, error: () => null }
const CONFIG = loadConfig({ dir: resolve(import.meta.dirname, '../../config'), env: {} })

export interface Recording {
  /** A folder of candle files. */
  readonly source: string
  readonly symbols: readonly Pair[]
  readonly from: number
  readonly to: number
  readonly settings?: Partial<Settings>
  readonly balances?: Readonly<Record<string, Numeric>>
}

export class Recorded {
  readonly clock: SimulatedClock
  readonly venue: SimulatedExchange
  readonly system: RunningSystem
  readonly facts: readonly Fact[]
  readonly #playable
  readonly #close

  private constructor(parts: {
    readonly clock: SimulatedClock
    readonly venue: SimulatedExchange
    readonly system: RunningSystem
    readonly facts: readonly Fact[]
    readonly journal: MemoryJournal
    readonly close: ReturnType<typeof summaryCollector>['close']
  }) {
    const { journal, system } = parts
    this.clock = parts.clock
    this.venue = parts.venue
    this.system = system
    this.facts = parts.facts
    this.#close = parts.close
    this.#playable = {
      isQuiet: system.isQuiet,
      settle: async () => {
        await journal.settled()
        await everyContinuation()
      },
    }
  }

  static async begin({ source, symbols, from, to, settings, balances }: Recording): Promise<Recorded> {
    const clock = simulatedClock(from)
    const random = seededRandom('recorded')
    const bus = inMemoryBus({ clock, log: silent })
    const journal = new MemoryJournal()
    const venue = simulatedExchange({
      ...paperExchangeOptions(CONFIG, BUILT_IN_INSTRUMENTS),
      startingBalances: balances ?? { USDT: '10000', BTC: '0.1', XRP: '5000' },
      ...{ clock, random: random.stream('venue'), log: silent, store: null },
    })
    const facts: Fact[] = []
    for (const topic of TOPICS) bus.subscribe('story', topic, ({ payload }) => void facts.push(payload))
    const { close } = summaryCollector(bus)
    const recorded = replayFeed({ source, venue: 'binance', from, to, clock, speed: 'max', log: silent })
    const base = settingsOf({ config: CONFIG, mode: 'backtest', symbols, instruments: BUILT_IN_INSTRUMENTS })
    const tasks = Object.fromEntries(
      Object.entries(base.tasks).map(([name, task]) => [name, { ...task, enabled: false }]),
    ) as Settings['tasks']
    const system = await startSystem(
      {
        ...{ clock, random, bus, journal, exchange: venue, log: silent, hash: sha256 },
        ...{ ids: seededIds(random.stream('ids')), feed: throughVenue(recorded, venue) },
        candles: { save: async () => undefined, load: async () => [] },
        snapshots: { save: async () => undefined },
      },
      { ...base, tasks, ...settings },
      {
        ...{
          epoch: 1,
          incarnation: 'recorded',
          database: 'memory',
          onFeedEnded: () => undefined,
          onEnd: () => undefined,
        },
        feed: { name: 'replay', fallback: false, reason: null },
      },
    )
    return new Recorded({ clock, venue, system, facts, journal, close })
  }

  /** Plays up to this moment; it may have passed while an answer was waited for. */
  async to(at: number): Promise<void> {
    await play(this.clock, this.#playable, () => (this.clock.nextDueAt() ?? Number.POSITIVE_INFINITY) > at, null)
    if (this.clock.now() < at) this.clock.advanceTo(at)
    await this.#playable.settle()
  }

  /** The answer to what was asked, played for. */
  answer<T>(asked: Promise<T>): Promise<T> {
    return playUntil(this.clock, this.#playable, asked)
  }
  async answered<T>(question: Promise<VenueAnswer<T>>): Promise<T> {
    const given = await this.answer(question)
    if (given.kind !== 'done') throw new Error(`the venue answered ${given.kind}`)
    return given.value
  }

  mark(symbol: Pair): Numeric {
    const mark = this.system.market.marks()[symbol]
    if (mark === undefined) throw new Error(`no price of ${symbol} yet`)
    return mark.price
  }

  /** A long by script at the last price, stop and target so many per cent away. */
  buy(symbol: Pair, { stopPct, targetPct, ...over }: Partial<TradeProposal> & { stopPct: number; targetPct: number }) {
    const mark = this.mark(symbol)
    const at = (pct: number): Numeric => text(amount(mark).times(amount(100).plus(pct)).div(100).toDecimalPlaces(8))
    return this.answer(
      this.system.execution.executeTrade({
        ...{
          symbol,
          action: 'BUY',
          confidence: 1,
          entryPrice: mark,
          stopLoss: at(-stopPct),
          takeProfit: at(targetPct),
        },
        ...{ sizePct: 20, leverage: 1, reasoning: 'by script', ...over },
      }),
    )
  }

  factsOf<T extends FactType>(type: T): readonly Extract<Fact, { type: T }>[] {
    return this.facts.filter((fact): fact is Extract<Fact, { type: T }> => fact.type === type)
  }

  /** The books' figures against the venue's own balances. */
  async statement(): Promise<Statement> {
    const balances = await this.answered(this.venue.balances())
    return this.#close(this.system.figures(), balances)
  }

  end(): void {
    this.system.stop()
  }
}
