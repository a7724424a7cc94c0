/** Where everything meets: the command line, the configuration, and what each command is made of. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ConfigError } from '../config/config-error.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { realIds } from './adapters/chance/real.ts'
import { ifStillAlive, realClock } from './adapters/clock/real.ts'
import { pinoLog } from './adapters/log/pino-log.ts'
import { DataFolder, requestFlatten } from './adapters/persistence/data-folder.ts'
import { openDatabase } from './adapters/persistence/database.ts'
import { FolderInUseError, holderOf } from './adapters/persistence/folder-lock.ts'
import { readIndicators } from './assembly/indicators.ts'
import { runReplay } from './assembly/replay.ts'
import { askAndWait } from './assembly/requests.ts'
import { runSystem } from './assembly/run.ts'
import { openSandbox, SandboxInputError, sandboxFacts, sandboxLines } from './assembly/sandbox.ts'
import { AccountHeldError } from './assembly/store.ts'
import { MARGIN } from './cli/banner.ts'
import {
  CliError,
  type CliParts,
  DEFAULT_PORT,
  type FeedChoice,
  type MigrateOptions,
  type Outcome,
  type RunOptions,
  type SandboxCommand,
} from './cli/parts.ts'
import { execute } from './cli/program.ts'
import { formatSummary } from './cli/summary.ts'
import type { Request } from './domain/commands.ts'
import { summaryToTheCent } from './domain/replay-summary.ts'
import type { Log } from './ports/log.ts'

const MISUSED = 2
const HELD = 3
const FETCH_DEADLINE_MS = 5_000
const ANSWER_DEADLINE_MS = 10_000
const DEFAULT_DATA_DIR = 'data'

const out = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
const err = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

/** Whoever read what is printed may go away (`2>&1 | head`): what trades goes on without being read. */
function ignoreLostReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
process.stdout.on('error', ignoreLostReader)
process.stderr.on('error', ignoreLostReader)

/** Logs go to standard error: standard output belongs to what a command prints. */
const logOf = (level: 'info' | 'warn' | 'error'): Log =>
  pinoLog({ level, pretty: process.stderr.isTTY === true, destination: process.stderr })

const configOf = (dir: string | null): Config =>
  loadConfig({ dir: dir ?? resolve(import.meta.dirname, '../config'), env: process.env })

/** The configured feed, where the command line names none. */
function feedOf(options: RunOptions, config: Config): FeedChoice {
  if (options.feed !== null) return options.feed
  const { feed } = config.execution
  if (feed === 'auto' || feed === 'kraken' || feed === 'simulated') return { kind: feed }
  return { kind: 'replay', path: feed.replace(/^replay:/, ''), from: null, to: null, speed: 'max', source: null }
}

/** What is configured and not built is refused, never ignored. */
function refuseUnbuilt(config: Config): void {
  if (config.execution.exchange.wire)
    throw new CliError('the loopback wire is not built yet: set execution.exchange.wire to false')
  if (config.schedules.sentiment_analysis.enabled)
    throw new CliError(
      'the sentiment agent is not built yet: set coordinator.schedules.sentiment_analysis.enabled to false',
    )
}

async function replay(
  options: RunOptions,
  config: Config,
  feed: Extract<FeedChoice, { kind: 'replay' }>,
  seed: string,
): Promise<number> {
  if (feed.from === null || feed.to === null)
    throw new CliError('a replay needs --from and --to, such as --from 2021-05-10 --to 2021-05-20')
  const symbols = options.symbols ?? config.coordinator.symbols
  const { path: source, source: venue, from, to, speed } = feed
  const summary = await runReplay({
    config,
    source,
    venue,
    symbols,
    from,
    to,
    speed,
    seed,
    dataDir: options.dataDir,
    log: logOf('warn'),
  })
  out(options.json ? JSON.stringify(summaryToTheCent(summary)) : formatSummary(summary))
  return 0
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Ctrl-C, the service manager and a terminal that is closed ask; asked a second time, the process ends at once. */
function onStopAsked(stop: (reason: string) => void): () => void {
  let asked = false
  const hear = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(1)
    asked = true
    err(`${signal}: cancelling entries, keeping stops, saving. Once more ends at once.`)
    stop(signal)
  }
  for (const signal of STOP_SIGNALS) process.on(signal, hear)
  return () => {
    for (const signal of STOP_SIGNALS) process.off(signal, hear)
  }
}

/** `triplegain flatten` sends a signal: it needs neither the API, the database nor a disk that can be written. */
function onFlattenAsked(flatten: () => void): () => void {
  process.on('SIGUSR2', flatten)
  return () => process.off('SIGUSR2', flatten)
}

async function run(options: RunOptions): Promise<number> {
  const config = configOf(options.configDir)
  refuseUnbuilt(config)
  if (config.execution.margin.enabled) err(MARGIN)
  const seed = options.seed ?? config.execution.paper.seed
  const feed = feedOf(options, config)
  if (config.execution.mode === 'live' && feed.kind !== 'kraken')
    throw new CliError('live trading takes its prices from Kraken alone: leave --feed out')
  const symbols = options.symbols ?? config.coordinator.symbols
  if (feed.kind === 'replay') return replay(options, config, feed, seed)
  return runSystem({
    ...{ config, feed: feed.kind, symbols, seed, onStopAsked, onFlattenAsked },
    dataDir: options.dataDir ?? DEFAULT_DATA_DIR,
    databaseUrl: config.storage.databaseUrl?.reveal() ?? null,
    port: options.port ?? DEFAULT_PORT,
    log: logOf('info'),
    onReady: (lines, facts) => {
      if (options.json) out(JSON.stringify(facts))
      else for (const line of lines) out(line)
    },
  })
}

/** Migrations run at every start too; this runs them alone. */
async function migrate(options: MigrateOptions): Promise<number> {
  const config = configOf(options.configDir)
  const clock = realClock()
  const databaseUrl = config.storage.databaseUrl?.reveal()
  const folder = DataFolder.open(options.dataDir ?? DEFAULT_DATA_DIR, clock, realIds())
  try {
    const where = databaseUrl === undefined ? { dataDir: folder.databaseDir } : { databaseUrl }
    const database = await openDatabase({ ...where, log: logOf('info'), clock })
    out(
      `${database.driver}: every migration is in place${databaseUrl === undefined ? ` in ${join(folder.path, 'database')}` : ''}`,
    )
    await database.close()
    return 0
  } finally {
    folder.close()
  }
}

/** Plays Kraken until it is told to end. */
async function sandbox(command: SandboxCommand): Promise<number> {
  const { sandbox: open, said } = await openSandbox(command, logOf('warn'))
  const stopped = Promise.withResolvers<void>()
  for (const signal of STOP_SIGNALS) process.once(signal, () => stopped.resolve())
  if (command.json) out(sandboxFacts(open))
  else for (const line of sandboxLines(open, said)) out(line)
  await stopped.promise
  await open.stop()
  return 0
}

/** Errors that say more than failed; everything else is 1, with its message in one line. */
function codeOf(error: unknown): number | null {
  if (error instanceof FolderInUseError || error instanceof AccountHeldError) return HELD
  return error instanceof ConfigError || error instanceof SandboxInputError ? MISUSED : null
}
const coded =
  <O>(work: (options: O) => Promise<number>) =>
  async (options: O): Promise<number> => {
    try {
      return await work(options)
    } catch (error) {
      const code = codeOf(error)
      if (code === null || !(error instanceof Error)) throw error
      for (const line of error.message.split('\n')) err(`triplegain: ${line}`)
      return code
    }
  }

/** @throws CliError where there is no data folder. */
function folderOf(dataDir: string | null): string {
  const path = resolve(dataDir ?? DEFAULT_DATA_DIR)
  if (!existsSync(join(path, 'folder.json'))) throw new CliError(`${path} is no data folder: name it with --data-dir`)
  return path
}

/** Where no process works, the request is left for the next one. */
async function ask(request: Request, dataDir: string | null): Promise<Outcome> {
  const folder = folderOf(dataDir)
  const deadlineMs = holderOf(folder) === null ? 0 : ANSWER_DEADLINE_MS
  const answer = await askAndWait(folder, request, { id: realIds().next(), clock: realClock(), deadlineMs })
  if (answer !== null) return { kind: 'answered', folder, ...answer }
  return { kind: deadlineMs === 0 ? 'left' : 'unanswered', folder }
}

function flatten(dataDir: string | null): string {
  const folder = folderOf(dataDir)
  requestFlatten(folder)
  return `halts and sells what all positions hold; the log of the process says what became of it (${folder})`
}

const parts: CliParts = {
  ask,
  flatten,
  run: coded(run),
  migrate: coded(migrate),
  sandbox: coded(sandbox),
  indicators: readIndicators,
  out,
  err,
  fetch: (url) => fetch(url, { signal: AbortSignal.timeout(FETCH_DEADLINE_MS) }),
}

/** By then everything is closed and nothing of ours should be waited for. */
const LAST_DEADLINE_MS = 5_000

/** A timer or a line that was forgotten must not keep a process that is done from ending: it is named, and left. */
function endAnyway(): void {
  const held = process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap' && name !== 'TTYWrap')
  err(`triplegain: done, and still held by ${held.join(', ')}: ends all the same`)
  process.exit()
}

if (existsSync('.env')) process.loadEnvFile()
process.exitCode = await execute(parts, process.argv.slice(2))
ifStillAlive(LAST_DEADLINE_MS, endAnyway)
