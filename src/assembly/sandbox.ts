/** `sandbox`: a feed, a clock and chance for the venue we play, and what it says of itself at start. */
import { readFileSync } from 'node:fs'
import { seededIds, seededRandom } from '../adapters/chance/seeded.ts'
import { realClock } from '../adapters/clock/real.ts'
import { scaledClock } from '../adapters/clock/scaled.ts'
import { listCandleFiles } from '../adapters/market/replay/candle-files.ts'
import { ReplayError } from '../adapters/market/replay/replay-error.ts'
import { replayFeed } from '../adapters/market/replay/replay-feed.ts'
import { simulatedFeed } from '../adapters/market/simulated/simulated-feed.ts'
import type { SandboxCommand, SandboxFeed } from '../cli/parts.ts'
import { type Pair, pair, SUPPORTED_PAIRS } from '../domain/ids.ts'
import { isoTime } from '../domain/utc.ts'
import type { Clock, RandomSource } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { type Fault, FaultError, readFaults } from '../sandbox/fault-schema.ts'
import { findAsset, findPair } from '../sandbox/pairs.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../sandbox/server.ts'

/** What was asked for cannot be meant; one line for a person, exit code 2. */
export class SandboxInputError extends Error {
  override readonly name = 'SandboxInputError'
}

interface Prices {
  /** The venue's time: the wall's, or the replay's. */
  readonly clock: Clock
  readonly feed: SandboxOptions['feed']
  /** For a person. */
  readonly said: string
}

interface PricesParts {
  readonly clock: Clock
  readonly random: RandomSource
  readonly log: Log
}

const SIMULATED: readonly Pair[] = SUPPORTED_PAIRS.map(pair)

/** Pairs and days of the one-minute files that the window asks for; the whole of them where it does not say. */
async function recorded({ path, from, to }: Extract<SandboxFeed, { kind: 'replay' }>, log: Log) {
  const all = await listCandleFiles(path, null, log).catch((error: unknown) => {
    if (error instanceof ReplayError) throw new SandboxInputError(error.message)
    throw error
  })
  const files = all.filter(({ timeframe, symbol }) => timeframe === '1m' && findPair(symbol) !== null)
  const within = files.filter((file) => file.to > (from ?? 0) && file.from < (to ?? Number.POSITIVE_INFINITY))
  if (within.length === 0)
    throw new SandboxInputError(`${path} has no one-minute candles of the sandbox's pairs in that time`)
  const begin = from ?? Math.min(...within.map((file) => file.from))
  const playable = within.filter((file) => file.from <= begin)
  return {
    from: begin,
    to: to ?? Math.max(...within.map((file) => file.to)),
    symbols: [...new Set((playable.length === 0 ? within : playable).map(({ symbol }) => symbol))],
  }
}

async function pricesOf(feed: SandboxFeed, { clock, random, log }: PricesParts): Promise<Prices> {
  if (feed.kind !== 'replay') {
    if (feed.kind === 'manual') return { clock, feed: null, said: 'no market but what the admin tells' }
    const source = simulatedFeed({ clock, random: random.stream('market'), log })
    return { clock, feed: { source, symbols: SIMULATED }, said: 'an invented market' }
  }
  const { from, to, symbols } = await recorded(feed, log)
  const replayed = scaledClock(clock, from, feed.speed)
  const source = replayFeed({ source: feed.path, from, to, clock: replayed, speed: 'max', log })
  return {
    clock: replayed,
    feed: { source, symbols },
    said: `${symbols.join(', ')} as recorded from ${isoTime(from)} to ${isoTime(to)}, ${feed.speed} seconds a second`,
  }
}

function faultsIn(file: string | null): readonly Fault[] {
  if (file === null) return []
  try {
    return readFaults(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if (error instanceof FaultError) throw new SandboxInputError(`${file}: ${error.message}`)
    const problem = error instanceof Error ? error.message : String(error)
    throw new SandboxInputError(`the faults in ${file} cannot be read: ${problem}`)
  }
}

function balancesOf(given: SandboxCommand['balances']): SandboxOptions['balances'] {
  const entries = Object.entries(given).map(([name, total]) => {
    const found = findAsset(name)
    if (found === null) throw new SandboxInputError(`the sandbox has no asset ${name}`)
    return [found.asset, total] as const
  })
  return Object.fromEntries(entries)
}

/** The venue of one command line. @throws SandboxInputError, SandboxServeError, ReplayError */
export async function openSandbox(
  command: SandboxCommand,
  log: Log,
): Promise<{ readonly sandbox: Sandbox; readonly said: string }> {
  const [faults, balances] = [faultsIn(command.faultsFile), balancesOf(command.balances)]
  const wire = realClock()
  const random = seededRandom(command.seed)
  const prices = await pricesOf(command.feed, { clock: wire, random, log })
  const sandbox = await startSandbox({
    ...{ clock: prices.clock, wire, random, ids: seededIds(random.stream('ids')), log, feed: prices.feed },
    ...{ balances, faults, tier: command.tier, limits: command.limits, port: command.port },
  })
  return { sandbox, said: prices.said }
}

/** What a program reads: exactly the first line of `--json`. */
export const sandboxFacts = ({ rest, ws, apiKey, apiSecret, admin }: Sandbox): string =>
  JSON.stringify({ rest, ws, apiKey, apiSecret, admin })

/** What a person reads. */
export const sandboxLines = ({ rest, ws, apiKey, apiSecret, admin }: Sandbox, said: string): readonly string[] => [
  `A Kraken on this machine, with ${said}. No order leaves it.`,
  `  REST        ${rest}`,
  `  WebSocket   ${ws}`,
  `  admin       ${admin}`,
  `  API key     ${apiKey}`,
  `  API secret  ${apiSecret}`,
  'Ctrl-C ends it.',
]
