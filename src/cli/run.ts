/** `triplegain run`: the system itself, on live, simulated or recorded prices. */
import { type Command, InvalidArgumentError } from 'commander'
import type { Pair } from '../domain/ids.ts'
import { isoTime } from '../domain/utc.ts'
import { portArgument, speedArgument, symbolsArgument, textArgument, timeArgument } from './arguments.ts'
import { exitWith, refuse } from './exit.ts'
import { type CliParts, DEFAULT_PORT, type FeedChoice } from './parts.ts'

interface FeedArgument {
  readonly kind: FeedChoice['kind']
  readonly path: string
}

interface RunArguments {
  readonly feed?: FeedArgument
  readonly symbols?: readonly Pair[]
  readonly from?: number
  readonly to?: number
  readonly speed?: 'max' | number
  readonly source?: string
  readonly dataDir?: string
  readonly port?: number
  readonly json?: boolean
  readonly seed?: string
  readonly config?: string
}

const REPLAY = 'replay:'
const ONLY_FOR_REPLAYS = ['from', 'to', 'speed', 'source'] as const

function feedArgument(given: string): FeedArgument {
  if (given.startsWith(REPLAY)) {
    const path = given.slice(REPLAY.length).trim()
    if (path === '') throw new InvalidArgumentError('Name a candle file or folder, such as replay:data.')
    return { kind: 'replay', path }
  }
  if (given === 'auto' || given === 'kraken' || given === 'simulated') return { kind: given, path: '' }
  throw new InvalidArgumentError('A feed is auto, kraken, simulated or replay:PATH.')
}

const venueArgument = (given: string): string => {
  if (!/^[A-Za-z0-9]+$/.test(given))
    throw new InvalidArgumentError('A venue is the first part of a file name: binance.')
  return given.toLowerCase()
}

function feedChoice(command: Command, given: RunArguments): FeedChoice | null {
  const { feed, from = null, to = null, speed = 'max', source = null } = given
  if (feed?.kind !== 'replay') {
    const misplaced = ONLY_FOR_REPLAYS.find((name) => given[name] !== undefined)
    if (misplaced !== undefined) refuse(command, `--${misplaced} needs --feed replay:PATH`)
    return feed === undefined ? null : { kind: feed.kind }
  }
  if (from !== null && to !== null && from >= to)
    refuse(command, `--from ${isoTime(from)} must be before --to ${isoTime(to)}`)
  return { kind: 'replay', path: feed.path, from, to, speed, source }
}

export function addRun(program: Command, parts: CliParts): void {
  program
    .command('run')
    .summary('trade on paper: live, simulated or recorded prices')
    .description(
      'Starts the system: migrates its database, warms up, trades on paper and serves the API on 127.0.0.1.\n' +
        'Ctrl-C drains and saves; a second start resumes. A replay ends by itself and prints a summary.',
    )
    .option('--feed <feed>', 'auto, kraken, simulated or replay:PATH (default: as configured)', feedArgument)
    .option('--symbols <list>', 'pairs between commas, such as BTC/USDT,XRP/USDT', symbolsArgument)
    .option('--from <time>', 'replay: first minute, YYYY-MM-DD or ISO, UTC', timeArgument)
    .option('--to <time>', 'replay: end, exclusive', timeArgument)
    .option('--speed <speed>', 'replay: max, or replayed seconds a second (default: max)', speedArgument)
    .option('--source <venue>', "replay: only this venue's files", venueArgument)
    .option('--data-dir <folder>', 'folder of the embedded database', textArgument)
    .option('--port <port>', `port of the API, 0 for any (default: ${DEFAULT_PORT})`, portArgument)
    .option('--seed <seed>', 'of the simulated market, the latencies and the ids', textArgument)
    .option('--config <folder>', 'folder of the YAML configuration', textArgument)
    .option('--json', 'print JSON instead of text')
    .action(async (given: RunArguments, command: Command) => {
      const code = await parts.run({
        feed: feedChoice(command, given),
        symbols: given.symbols ?? null,
        dataDir: given.dataDir ?? null,
        port: given.port ?? null,
        json: given.json ?? false,
        seed: given.seed ?? null,
        configDir: given.config ?? null,
      })
      exitWith(code)
    })
}
