/** A house for actors of routine work: real clock simulation, bus, addresses, timers and supervisor; no venue, no money. */
import { createHash } from 'node:crypto'
import type { AnyActorRef } from 'xstate'
import { type Address, createAddresses } from '../../actors/addresses.ts'
import { createBooks } from '../../actors/books.ts'
import { createHouse, type House, type Settings, type TaskSettings } from '../../actors/house.ts'
import type { ChildSpec } from '../../actors/supervision/child-spec.ts'
import { startRoot } from '../../actors/supervision/root.ts'
import { supervisor } from '../../actors/supervision/supervisor.ts'
import { createTimers } from '../../actors/supervision/timers.ts'
import { inMemoryBus } from '../../src/adapters/bus/in-memory-bus.ts'
import { seededIds, seededRandom } from '../../src/adapters/chance/seeded.ts'
import { simulatedClock } from '../../src/adapters/clock/simulated.ts'
import { DEFAULT_DECISION, DEFAULT_REGIME_CHANGE } from '../../src/domain/agent-rules.ts'
import { DEFAULT_CONSENSUS } from '../../src/domain/consensus.ts'
import type { Fact } from '../../src/domain/facts.ts'
import { pair } from '../../src/domain/ids.ts'
import { BUILT_IN_INSTRUMENTS } from '../../src/domain/instrument.ts'
import { DEFAULT_RISK_LIMITS } from '../../src/domain/risk-limits.ts'
import type { TaskName } from '../../src/domain/tasks.ts'
import { TOPICS } from '../../src/domain/topics.ts'
import { TIER_LIMITS } from '../../src/domain/venue-limits.ts'
import type { CandleStore } from '../../src/ports/candle-store.ts'
import type { Exchange } from '../../src/ports/exchange.ts'
import type { MarketFeed } from '../../src/ports/market-feed.ts'
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts'
import { MemoryJournal } from '../support/memory-journal.ts'

export const BTC = pair('BTC/USDT')
export const XRP = pair('XRP/USDT')
export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

const task = (intervalMs: number, timeoutMs: number, over: Partial<TaskSettings> = {}): TaskSettings => ({
  enabled: true,
  intervalMs,
  timeoutMs,
  firstAfterMs: 0,
  dependsOn: [],
  symbolsAtOnce: 3,
  ...over,
})
/** The owner's table; tests bend single tasks. */
export const TASK_TABLE: Readonly<Record<TaskName, TaskSettings>> = {
  ta_analysis: task(MINUTE, 30 * SECOND),
  regime_detection: task(5 * MINUTE, 30 * SECOND, { dependsOn: ['ta_analysis'] }),
  sentiment_analysis: task(30 * MINUTE, MINUTE, { enabled: false }),
  trading_decision: task(HOUR, MINUTE, { dependsOn: ['ta_analysis', 'regime_detection'] }),
  portfolio_check: task(HOUR, 30 * SECOND, { firstAfterMs: MINUTE }),
}

const pacing: Settings['pacing'] = {
  ...{ calls: { perMinute: 60, burst: 10 }, orders: { perMinute: 30, burst: 5 }, reserve: 0.2 },
  venue: TIER_LIMITS.starter,
}

const settings = (tasks: Settings['tasks']): Settings => ({
  mode: 'paper',
  symbols: [BTC, XRP],
  instruments: BUILT_IN_INSTRUMENTS,
  limits: DEFAULT_RISK_LIMITS,
  agents: { regimeChange: DEFAULT_REGIME_CHANGE, decision: DEFAULT_DECISION },
  signals: { consensus: DEFAULT_CONSENSUS, invokeLlmThreshold: 0.2, limits: DEFAULT_RISK_LIMITS },
  tasks,
  pacing,
  ...({} as Omit<Settings, 'mode' | 'agents' | 'symbols' | 'instruments' | 'limits' | 'signals' | 'tasks' | 'pacing'>),
})

export function routineHouse(startAt: number, tasks: Partial<Record<TaskName, TaskSettings>> = {}) {
  const clock = simulatedClock(startAt)
  const bus = inMemoryBus({ clock })
  const addresses = createAddresses()
  const facts: Fact[] = []
  for (const topic of TOPICS)
    bus.subscribe('test', topic, ({ payload }) => {
      facts.push(payload)
    })
  const house: House = createHouse(
    {
      clock,
      bus,
      ids: seededIds(seededRandom('routine')),
      random: seededRandom('routine'),
      journal: new MemoryJournal(),
      exchange: {} as Exchange,
      feed: {} as MarketFeed,
      candles: {} as CandleStore,
      snapshots: {} as SnapshotStore,
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      hash: (text) => createHash('sha256').update(text).digest('hex'),
    },
    settings({ ...TASK_TABLE, ...tasks }),
    {
      addresses,
      books: createBooks(DEFAULT_RISK_LIMITS),
      timers: createTimers(clock, (actor, message) => {
        addresses.tell(actor as 'system', message)
      }),
    },
  )
  const crashes: string[] = []
  let root: AnyActorRef | null = null
  return {
    clock,
    house,
    facts,
    crashes,
    /** Starts the children under a supervisor that restarts them after a tenth of a second. */
    start: (children: readonly ChildSpec[]) => {
      const logic = supervisor({
        name: 'top',
        strategy: 'one_for_one',
        children,
        clock,
        intensity: { restarts: 5, periodMs: MINUTE },
        backoff: { initialMs: 100, factor: 2, maxMs: SECOND, quietMs: MINUTE },
        report: (event) => {
          if (event.type === 'child.crashed') crashes.push(`${event.child}: ${event.problem}`)
        },
      })
      const started = startRoot({ logic, id: 'root', clock, onGaveUp: (error) => crashes.push(`gave up: ${error}`) })
      root = started
      addresses.bind((name) => started.system.get(name))
    },
    actor: (name: Address): AnyActorRef => {
      const found = root?.system.get(name)
      if (found === undefined) throw new Error(`${name} is not running`)
      return found
    },
    /** Facts of one name, in order. */
    told: <T extends Fact['type']>(type: T) =>
      facts.filter((fact): fact is Extract<Fact, { type: T }> => fact.type === type),
  }
}
