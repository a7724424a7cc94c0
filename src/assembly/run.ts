/** `npm start`: the system in real time, on paper or live, until it is told to stop. */
import { type RunningSystem, startSystem } from '../../actors/start.ts'
import type { Config } from '../../config/schema.ts'
import type { ExitReason } from '../../machines/system.machine.ts'
import { inMemoryBus } from '../adapters/bus/in-memory-bus.ts'
import { realIds } from '../adapters/chance/real.ts'
import { seededRandom } from '../adapters/chance/seeded.ts'
import { realClock, systemStopwatch } from '../adapters/clock/real.ts'
import { logFact } from '../adapters/log/fact-lines.ts'
import { PostgresCandleStore } from '../adapters/persistence/postgres-candle-store.ts'
import { PostgresMoneyHistory } from '../adapters/persistence/postgres-money-history.ts'
import { PostgresOrderHistory } from '../adapters/persistence/postgres-order-history.ts'
import { PostgresSnapshotStore } from '../adapters/persistence/postgres-snapshot-store.ts'
import { createApi } from '../api/app.ts'
import { createReadModels } from '../api/read-models.ts'
import { type ServedApi, serveApi } from '../api/serve.ts'
import { type BannerFacts, bannerLines } from '../cli/banner.ts'
import type { FactDraft } from '../domain/facts.ts'
import type { Pair } from '../domain/ids.ts'
import { TOPICS } from '../domain/topics.ts'
import type { Clock } from '../ports/clock.ts'
import type { Journal } from '../ports/journal.ts'
import type { NonceSource } from '../ports/leadership.ts'
import type { Log } from '../ports/log.ts'
import { chooseFeed, type FeedWish } from './feeds.ts'
import { sha256 } from './hash.ts'
import { openLiveVenue } from './live-venue.ts'
import { openPaperVenue } from './paper-venue.ts'
import { hearRequests } from './requests.ts'
import { settingsOf } from './settings.ts'
import { keepLease, openStore, type Store } from './store.ts'
import type { OpenVenue, VenueParts } from './venue.ts'

export interface SystemRun {
  readonly config: Config
  readonly feed: FeedWish['kind']
  readonly symbols: readonly Pair[]
  readonly seed: string
  readonly dataDir: string
  readonly databaseUrl: string | null
  readonly port: number
  readonly log: Log
  /** Printed once everything runs. */
  readonly onReady: (lines: readonly string[], facts: BannerFacts) => void
  /** Calls back when the process is asked to stop; returns how to stop hearing. */
  readonly onStopAsked: (stop: (reason: string) => void) => () => void
  /** Calls back when a person asks to sell what all positions hold; returns how to stop hearing. */
  readonly onFlattenAsked?: (flatten: () => void) => () => void
  /** What stands between the system and its journal: tests end the process there. */
  readonly journalThrough?: (journal: Journal) => Journal
  /** Where a live process takes its nonces from instead of its lease's block: tests show what becomes of that. */
  readonly nonces?: NonceSource
  /** The system, once it is built: for those who ask it for more than the API does. */
  readonly onSystem?: (system: RunningSystem) => void
}

/** How the process should end: 0 asked to, 1 gave up, 3 another process took the account. */
const EXIT_CODE: Readonly<Record<ExitReason, number>> = { drained: 0, 'gave-up': 1, 'drain-overdue': 1, fenced: 3 }
/** For each thing that a run has opened. */
const CLOSE_DEADLINE_MS = 10_000
const ABNORMAL_EXITS_WITHIN_MS = 600_000
const ABNORMAL_EXITS_HALT = 3

/** The key that names a live account; null on paper. */
const liveKey = ({ execution: { kraken, mode } }: Config): string | null =>
  mode === 'live' ? (kraken.apiKey?.reveal() ?? null) : null

/** Where orders go, by the configured mode. @throws what `openLiveVenue` throws. */
const openVenue = async (parts: VenueParts): Promise<OpenVenue> =>
  parts.config.execution.mode === 'live' ? openLiveVenue(parts) : openPaperVenue(parts)

/** Runs until the system ends; resolves with the exit code. @throws what `openStore`, `chooseFeed`, `serveApi` throw. */
export async function runSystem(run: SystemRun): Promise<number> {
  const { config, log } = run
  const { kraken } = config.execution
  const clock = realClock()
  const ids = realIds()
  const random = seededRandom(run.seed)
  const opened: (() => Promise<void> | void)[] = []
  /** Last opened, first closed; what cannot be closed, or not in time, does not keep the others open. */
  const closeAll = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) {
      const overdue = Promise.withResolvers<never>()
      const deadline = clock.at(clock.now() + CLOSE_DEADLINE_MS, () =>
        overdue.reject(new Error(`it was not closed within ${CLOSE_DEADLINE_MS} ms`)),
      )
      try {
        await Promise.race([close(), overdue.promise])
      } catch (error) {
        log.error('something could not be closed', { problem: String(error) })
      }
      deadline.cancel()
    }
  }
  try {
    let system: RunningSystem | null = null
    // Asked while it still starts, it drains as soon as it could have begun.
    let askedToStop: string | null = null
    opened.push(
      run.onStopAsked((why) => {
        askedToStop = why
        system?.drain(why)
      }),
    )
    const store = await openStore({
      ...{ dataDir: run.dataDir, databaseUrl: run.databaseUrl, apiKey: liveKey(config) },
      ...{ spoolAfterMs: config.execution.deadlinesMs.database, clock, ids, log },
    })
    opened.push(() => store.close())
    // A start can take longer than the lease lasts. Lost before there is a system, it ends that system as it begins.
    let isFenced = false
    const onFenced = (): void => {
      isFenced = true
      system?.house.addresses.tell('system', { type: 'leadership.lost', seenAt: clock.now() })
    }
    const lease = keepLease(store, clock, log, onFenced)
    opened.push(() => lease.stop())
    const chosen = await chooseFeed({
      ...{ kind: run.feed, folder: store.folder.path, clock, random, log },
      ...{ krakenRestUrl: kraken.restUrl, krakenSocketUrl: kraken.wsUrl, krakenPaceMs: kraken.rateLimit.publicPaceMs },
      onFact: (fact: FactDraft) => system?.house.state('system', fact),
      onCrash: (error) => system?.feedCrashed(String(error)),
    })
    const { exchange, mode, ...venue } = await openVenue({
      ...{ config, symbols: run.symbols, chosen, store, clock, random, log, onFenced },
      nonces: run.nonces ?? store.leadership,
    })
    const feed = { name: chosen.feed.name, fallback: chosen.fallback, reason: chosen.reason }
    const bus = inMemoryBus({ clock, log })
    for (const topic of TOPICS) bus.subscribe('log', topic, ({ payload }) => logFact(log, payload))
    const ended = Promise.withResolvers<number>()
    opened.push(() => exchange.stop())
    const settings = settingsOf({
      config,
      mode,
      symbols: run.symbols,
      instruments: chosen.instruments,
      account: venue.account,
    })
    system = await startSystem(
      {
        ...{
          clock,
          ids,
          random,
          bus,
          journal: run.journalThrough?.(store.journal) ?? store.journal,
          exchange,
          log,
          hash: sha256,
          stopwatch: systemStopwatch,
        },
        ...{ feed: venue.feed, candles: new PostgresCandleStore(store.database.sql) },
        snapshots: new PostgresSnapshotStore(store.database.sql, store.account),
      },
      settings,
      {
        ...{ epoch: store.lease.epoch, incarnation: store.lease.incarnation, database: store.database.driver },
        feed,
        catchUp: () => venue.catchUp(settings.watched),
        onFeedEnded: () => log.info('the feed has ended'),
        onEnd: (because, why) => {
          log.info('the system has ended', { because, why })
          ended.resolve(EXIT_CODE[because])
        },
      },
    )
    const running = system
    if (isFenced) onFenced()
    run.onSystem?.(running)
    const ask = (): void => {
      log.warn('a person asks to sell what all positions hold')
      running.halt('asked to sell everything', 'person')
      void running.flatten().then((flattened) => log.warn('flatten', { flattened }))
    }
    const unheard = run.onFlattenAsked?.(ask)
    if (unheard !== undefined) opened.push(unheard)
    opened.push(async () => {
      await venue.feed.stop()
      await Promise.all([running.market.flush(), running.snapshots.flush()])
      running.stop()
      await store.journal.settled()
    })
    watchOver(store, running, clock, opened)
    const api = await openApi(run, store, running, clock, opened)
    const facts: BannerFacts = {
      ...{ mode, feed, agents: { mode: 'rules' }, symbols: run.symbols, margin: config.execution.margin.enabled },
      database: {
        driver: store.database.driver,
        where: run.databaseUrl === null ? store.folder.databaseDir : 'DATABASE_URL',
      },
      url: api.url,
    }
    run.onReady(bannerLines(facts), facts)
    if (askedToStop !== null) running.drain(askedToStop)
    return await ended.promise
  } finally {
    await closeAll()
  }
}

async function openApi(
  run: SystemRun,
  { database: { sql }, account }: Store,
  { desk, house }: RunningSystem,
  clock: Clock,
  opened: (() => Promise<void> | void)[],
): Promise<ServedApi> {
  const readModels = createReadModels({ desk, bus: house.bus, clock, log: run.log })
  opened.push(() => readModels.stop())
  const deadlineMs = run.config.execution.deadlinesMs.database
  const past = { sql, account, clock, deadlineMs }
  const history = new PostgresOrderHistory(past)
  const money = new PostgresMoneyHistory(past)
  const app = createApi({ desk, readModels, history, money, clock, ids: realIds(), log: run.log })
  const api = await serveApi({ app, port: run.port, clock, log: run.log })
  opened.push(() => api.close())
  return api
}

/** The requests by which a person halts, resets, pauses and resumes, jumps of the clock, and a history of crashes. */
function watchOver(
  store: Store,
  system: RunningSystem,
  clock: ReturnType<typeof realClock>,
  opened: (() => Promise<void> | void)[],
): void {
  const stopJumps = clock.onJump(({ kind, byMs }) =>
    system.house.addresses.tell('system', {
      type: 'picture.doubted',
      reason: `the clock went ${kind} by ${byMs} ms`,
      stopTrading: true,
      seenAt: clock.now(),
    }),
  )
  opened.push(stopJumps)
  const crashes = store.folder.abnormalExits(ABNORMAL_EXITS_WITHIN_MS)
  if (crashes >= ABNORMAL_EXITS_HALT) system.halt(`${crashes} abnormal exits within ten minutes`, 'start')
  if (store.divergedSpool !== null)
    system.halt(`${store.divergedSpool} tells of another past than the journal`, 'start')
  opened.push(hearRequests(store.folder.path, system, clock))
}
