/** `triplegain sandbox`: a Kraken on loopback, for this system and for other people's clients. */
import { type Command, InvalidArgumentError } from 'commander'
import { amount, type Numeric, text } from '../domain/units.ts'
import { isoTime } from '../domain/utc.ts'
import { TIER_LIMITS, type VenueTier } from '../domain/venue-limits.ts'
import { portArgument, textArgument, timeArgument } from './arguments.ts'
import { exitWith, refuse } from './exit.ts'
import type { CliParts, SandboxFeed } from './parts.ts'

interface SandboxArguments {
  readonly port: number
  readonly seed: string
  readonly feed: { readonly kind: SandboxFeed['kind']; readonly path: string }
  readonly from?: number
  readonly to?: number
  readonly speed?: number
  readonly faults?: string
  readonly balances: Readonly<Record<string, Numeric>>
  readonly tier: VenueTier
  readonly limits: boolean
  readonly json?: boolean
}

const REPLAY = 'replay:'
const ONLY_FOR_REPLAYS = ['from', 'to', 'speed'] as const
const TIERS = Object.keys(TIER_LIMITS) as readonly VenueTier[]
const DEFAULT_BALANCES = 'BTC=1,USDT=50000,XRP=1000'

function feedArgument(given: string): SandboxArguments['feed'] {
  if (given.startsWith(REPLAY)) {
    const path = given.slice(REPLAY.length).trim()
    if (path === '') throw new InvalidArgumentError('Name a candle file or folder, such as replay:data.')
    return { kind: 'replay', path }
  }
  if (given === 'simulated' || given === 'manual') return { kind: given, path: '' }
  throw new InvalidArgumentError('A feed is simulated, manual or replay:PATH.')
}

function speedArgument(given: string): number {
  const speed = /^\d+(?:\.\d+)?$/.test(given) ? Number(given) : 0
  if (!(speed > 0 && Number.isFinite(speed)))
    throw new InvalidArgumentError('A speed is how many replayed seconds pass in one: 1, 60, 0.5.')
  return speed
}

/** `BTC=1,USDT=50000`: totals by asset, each once. */
function balancesArgument(given: string): Readonly<Record<string, Numeric>> {
  const balances = new Map<string, Numeric>()
  for (const part of given.split(',')) {
    const [, code, total] = /^\s*([A-Za-z0-9]{2,10})\s*=\s*(\d+(?:\.\d+)?)\s*$/.exec(part) ?? []
    if (code === undefined || total === undefined)
      throw new InvalidArgumentError(`Balances are ASSET=AMOUNT between commas, such as ${DEFAULT_BALANCES}.`)
    if (balances.has(code.toUpperCase())) throw new InvalidArgumentError(`${code} is named twice.`)
    balances.set(code.toUpperCase(), text(amount(total)))
  }
  return Object.fromEntries(balances)
}

function tierArgument(given: string): VenueTier {
  const tier = TIERS.find((each) => each === given)
  if (tier === undefined) throw new InvalidArgumentError(`A tier is ${TIERS.join(', ')}.`)
  return tier
}

function feedOf(command: Command, given: SandboxArguments): SandboxFeed {
  const { feed, from = null, to = null, speed = 1 } = given
  if (feed.kind !== 'replay') {
    const misplaced = ONLY_FOR_REPLAYS.find((name) => given[name] !== undefined)
    if (misplaced !== undefined) refuse(command, `--${misplaced} needs --feed replay:PATH`)
    return { kind: feed.kind }
  }
  if (from !== null && to !== null && from >= to)
    refuse(command, `--from ${isoTime(from)} must be before --to ${isoTime(to)}`)
  return { kind: 'replay', path: feed.path, from, to, speed }
}

export function addSandbox(program: Command, parts: CliParts): void {
  program
    .command('sandbox')
    .summary("Kraken's REST and WebSocket on this machine, with an account to play with")
    .description(
      "Serves Kraken's REST and WebSocket v2 on 127.0.0.1 over the matching engine of paper trading, for any client of\n" +
        'Kraken whose addresses can be set. Ctrl-C ends it; nothing is kept.',
    )
    .option('--port <port>', 'port of all three, 0 for any', portArgument, 0)
    .option('--seed <seed>', 'of key, secret, ids, faults and the invented market', textArgument, '1')
    .option('--feed <feed>', 'simulated, manual or replay:PATH', feedArgument, { kind: 'simulated', path: '' })
    .option('--from <time>', 'replay: first minute, YYYY-MM-DD or ISO, UTC', timeArgument)
    .option('--to <time>', 'replay: end, exclusive', timeArgument)
    .option('--speed <speed>', 'replay: replayed seconds a second (default: 1)', speedArgument)
    .option('--faults <file>', 'JSON list of faults in force from the start', textArgument)
    .option('--balances <list>', 'the account at the start', balancesArgument, balancesArgument(DEFAULT_BALANCES))
    .option('--tier <tier>', `rate limits of ${TIERS.join(', ')}`, tierArgument, 'pro')
    .option('--no-limits', 'count the rate, refuse nothing: for load tests')
    .option('--json', 'print addresses and key as one line of JSON')
    .action(async (given: SandboxArguments, command: Command) => {
      const { port, seed, balances, tier, limits } = given
      const feed = feedOf(command, given)
      const code = await parts.sandbox({
        ...{ port, seed, feed, balances, tier, limits },
        faultsFile: given.faults ?? null,
        json: given.json ?? false,
      })
      exitWith(code)
    })
}
