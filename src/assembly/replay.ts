/** `run --feed replay:…`: the whole system over recorded minutes, on a simulated clock, in a database of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSystem } from '../../actors/start.ts'
import type { Config } from '../../config/schema.ts'
import { inMemoryBus } from '../adapters/bus/in-memory-bus.ts'
import { seededIds, seededRandom } from '../adapters/chance/seeded.ts'
import { everyContinuation } from '../adapters/clock/continuations.ts'
import { realClock } from '../adapters/clock/real.ts'
import { simulatedClock } from '../adapters/clock/simulated.ts'
import { simulatedExchange } from '../adapters/exchange/simulated/exchange.ts'
import { replayFeed } from '../adapters/market/replay/replay-feed.ts'
import { DataFolder } from '../adapters/persistence/data-folder.ts'
import { openDatabase } from '../adapters/persistence/database.ts'
import { PostgresCandleStore } from '../adapters/persistence/postgres-candle-store.ts'
import { PostgresJournal } from '../adapters/persistence/postgres-journal.ts'
import { PostgresLeadership } from '../adapters/persistence/postgres-leadership.ts'
import { PostgresSnapshotStore } from '../adapters/persistence/postgres-snapshot-store.ts'
import { claimSession } from '../adapters/persistence/session.ts'
import { play, playUntil } from '../backtest/play.ts'
import { summaryCollector } from '../backtest/summary.ts'
import type { Pair } from '../domain/ids.ts'
import { BUILT_IN_INSTRUMENTS } from '../domain/instrument.ts'
import type { ReplaySummary } from '../domain/replay-summary.ts'
import type { Log } from '../ports/log.ts'
import { sha256 } from './hash.ts'
import { paperExchangeOptions, throughVenue } from './paper-venue.ts'
import { settingsOf } from './settings.ts'

export interface ReplayRun {
  readonly config: Config
  readonly source: string
  readonly venue: string | null
  readonly symbols: readonly Pair[]
  readonly from: number
  readonly to: number
  readonly speed: 'max' | number
  readonly seed: string
  /** Null: a fresh temporary folder, removed at the end. */
  readonly dataDir: string | null
  readonly log: Log
}

const REPLAY_ACCOUNT = 'replay'

/** Runs a replay to its end. Deterministic: the same input and seed give the same journal, byte for byte. */
export async function runReplay(run: ReplayRun): Promise<ReplaySummary> {
  const wall = realClock()
  const startedAt = wall.now()
  const isTemporary = run.dataDir === null
  const path = run.dataDir ?? mkdtempSync(join(tmpdir(), 'triplegain-replay-'))
  const random = seededRandom(run.seed)
  const ids = seededIds(random.stream('ids'))
  const folder = DataFolder.open(path, wall, ids)
  const letGo = (): void => {
    folder.close()
    if (isTemporary) rmSync(path, { recursive: true, force: true })
  }
  const database = await openDatabase({
    dataDir: isTemporary ? 'memory://' : folder.databaseDir,
    log: run.log,
    clock: wall,
  }).catch((error: unknown) => {
    letGo()
    throw error
  })
  try {
    const clock = simulatedClock(run.from)
    const session = `${run.symbols.join(',')} ${run.from}–${run.to} seed ${run.seed} incarnation 1`
    await claimSession(database.sql, { kind: 'replay', key: session }, run.from)
    const lease = await new PostgresLeadership({
      ...{ sql: database.sql, clock, account: REPLAY_ACCOUNT, holder: 'replay', incarnation: '1' },
    }).take()
    if (lease === null || lease.epoch !== 1)
      throw new Error('this folder has run a replay before: choose another with --data-dir')
    const journal = await PostgresJournal.open({ sql: database.sql, lease, clock, log: run.log })
    const bus = inMemoryBus({ clock, log: run.log })
    const exchange = simulatedExchange({
      ...paperExchangeOptions(run.config, BUILT_IN_INSTRUMENTS),
      ...{ clock, random: random.stream('venue'), log: run.log, store: null },
    })
    const recorded = replayFeed({
      ...{ source: run.source, from: run.from, to: run.to, clock, speed: 'max', log: run.log },
      ...(run.venue === null ? {} : { venue: run.venue }),
    })
    const feed = throughVenue(recorded, exchange)
    const candles = new PostgresCandleStore(database.sql)
    const snapshots = new PostgresSnapshotStore(database.sql, REPLAY_ACCOUNT)
    const collector = summaryCollector(bus)
    const progress = { hasEnded: false, isOver: false }
    const system = await startSystem(
      { clock, ids, random, bus, journal, exchange, feed, candles, snapshots, log: run.log, hash: sha256 },
      settingsOf({ config: run.config, mode: 'backtest', symbols: run.symbols, instruments: BUILT_IN_INSTRUMENTS }),
      {
        ...{ epoch: lease.epoch, incarnation: lease.incarnation, database: database.driver },
        feed: { name: 'replay', fallback: false, reason: null },
        onFeedEnded: () => {
          progress.hasEnded = true
        },
        onEnd: () => {
          progress.isOver = true
        },
      },
    )
    const playable = {
      isQuiet: system.isQuiet,
      settle: async () => {
        await journal.settled()
        await everyContinuation()
      },
    }
    await play(clock, playable, () => progress.hasEnded, run.speed === 'max' ? null : { wall, speed: run.speed })
    const balances = await playUntil(clock, playable, exchange.balances())
    if (balances.kind !== 'done') throw new Error('the venue did not tell its balances')
    const statement = collector.close(system.figures(), balances.value)
    system.drain('the replay has ended')
    await play(clock, playable, () => progress.isOver, null)
    await feed.stop()
    await Promise.all([system.market.flush(), system.snapshots.flush()])
    await journal.settled()
    system.stop()
    const seconds = (wall.now() - startedAt) / 1000
    return {
      ...statement,
      ...{ eventsByType: journal.countsByType(), journalEvents: journal.rows(), journalHash: journal.hash(), seconds },
      restarts: system.restarts,
    }
  } finally {
    await database.close()
    letGo()
  }
}
