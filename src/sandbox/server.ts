/** The sandbox as a whole: one account, one engine, one port on loopback for REST, sockets and the admin. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { MatchingEngine } from '../adapters/exchange/simulated/engine.ts'
import { ENGINE_DEFAULTS, type EngineParameters } from '../adapters/exchange/simulated/engine-options.ts'
import { MARGIN_DEFAULTS } from '../adapters/exchange/simulated/margin-terms.ts'
import { seriesOf } from '../adapters/exchange/simulated/venue-ids.ts'
import { type Candle, TIMEFRAME_MS, type Timeframe } from '../domain/candle.ts'
import { type Pair, pair } from '../domain/ids.ts'
import type { Numeric } from '../domain/units.ts'
import { TIER_LIMITS, type VenueTier } from '../domain/venue-limits.ts'
import type { Clock, IdSource, RandomSource } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { MarketEvent, MarketFeed } from '../ports/market-feed.ts'
import { SandboxAccount } from './account.ts'
import { adminApp, Modes } from './admin.ts'
import { ApiKeys, type Permission } from './api-keys.ts'
import type { Fault } from './fault-schema.ts'
import { Faults } from './faults.ts'
import { MarketView } from './market-view.ts'
import { newApiKey } from './new-key.ts'
import { SANDBOX_PAIRS } from './pairs.ts'
import { RateCounters } from './rate-counters.ts'
import { restApp } from './rest/app.ts'
import { socketServer } from './socket/socket-server.ts'
import { SocketTokens } from './socket-tokens.ts'

export interface SandboxOptions {
  /** The venue's time. */
  readonly clock: Clock
  /** Time on the wire: delays, heartbeats. Default: the venue's. */
  readonly wire?: Clock
  /** Seeded: keys, ids, faults by chance. */
  readonly random: RandomSource
  readonly ids: IdSource
  readonly log: Log
  /** Where prices come from; null: from the admin alone. */
  readonly feed: { readonly source: MarketFeed; readonly symbols: readonly Pair[] } | null
  /** Total per asset code. */
  readonly balances: Readonly<Record<string, Numeric>>
  /** Default: pro. */
  readonly tier?: VenueTier
  /** False: rate counters count and refuse nothing. Default: true. */
  readonly limits?: boolean
  /** Default: any. */
  readonly port?: number
  readonly faults?: readonly Fault[]
  readonly parameters?: Partial<EngineParameters>
  /** Of the first key. */
  readonly permissions?: readonly Permission[]
  readonly nonceWindow?: number
  /** How many closed orders and trades are kept. Default: 100,000. */
  readonly historyKept?: number
}

export interface Sandbox {
  readonly rest: string
  readonly ws: string
  readonly admin: string
  readonly apiKey: string
  /** Base64. */
  readonly apiSecret: string
  readonly venue: SandboxAccount
  readonly faults: Faults
  /** Something in the market, as a feed would tell it. */
  print(event: MarketEvent): void
  /** Ends the feed, every line and the port. Safe to call twice. */
  stop(): Promise<void>
}

/** The port cannot be had; one line for a person. */
export class SandboxServeError extends Error {
  override readonly name = 'SandboxServeError'
}

const HOST = '127.0.0.1'
const SOCKET_PATH = /^\/v2\/?(\?|$)/
const HISTORY_KEPT = 100_000
/** What a fresh market view is given: rows of OHLC by time frame, finer ones first. */
const SEEDED: readonly Timeframe[] = ['1m', '5m', '15m', '1h', '4h', '1d']
const SEEDED_BARS = 721
/** A day of minutes for the ticker. */
const SEEDED_MINUTES = 1_500

/** The feed's pairs in dollars too: a tether counts as a dollar. */
function inDollars(event: MarketEvent): MarketEvent | null {
  if (event.kind === 'line' || event.kind === 'ended' || !event.symbol.endsWith('/USDT')) return null
  const symbol = pair(event.symbol.replace('/USDT', '/USD'))
  if (event.kind === 'candle') return { ...event, symbol, candle: { ...event.candle, symbol } }
  return { ...event, symbol }
}

async function seed(market: MarketView, source: MarketFeed, symbols: readonly Pair[], now: number): Promise<void> {
  for (const symbol of symbols)
    for (const timeframe of SEEDED) {
      const bars = timeframe === '1m' ? SEEDED_MINUTES : SEEDED_BARS
      const candles = await source.history({ symbol, timeframe, from: now - bars * TIMEFRAME_MS[timeframe], to: now })
      market.seed(candles)
      if (symbol.endsWith('/USDT'))
        market.seed(candles.map((candle): Candle => ({ ...candle, symbol: dollarsOf(symbol) })))
    }
}

const dollarsOf = (symbol: Pair): Pair => pair(symbol.replace('/USDT', '/USD'))

async function listen(server: Server, port: number): Promise<number> {
  const listening = Promise.withResolvers<void>()
  server.once('error', (error: NodeJS.ErrnoException) => {
    const problem =
      error.code === 'EADDRINUSE' ? `port ${port} is taken` : `port ${port} cannot be opened (${error.code})`
    listening.reject(new SandboxServeError(`${problem}: choose another with --port`))
  })
  server.listen({ port, host: HOST }, () => listening.resolve())
  await listening.promise
  return (server.address() as AddressInfo).port
}

/** Builds the account; nothing listens yet. */
function build(options: SandboxOptions) {
  const { clock, wire = clock, random, ids, balances, tier = 'pro', limits = true, parameters } = options
  const instruments = SANDBOX_PAIRS.map(({ instrument }) => instrument)
  const engine = new MatchingEngine({
    ...{ instruments, startingBalances: balances, series: seriesOf(random.stream('series')) },
    ...{
      parameters: { ...ENGINE_DEFAULTS, feeSchedule: 'tiered', ...parameters },
      historyKept: options.historyKept ?? HISTORY_KEPT,
    },
    margin: MARGIN_DEFAULTS,
    ...(limits ? { maxOpenOrders: TIER_LIMITS[tier].openOrders } : {}),
  })
  engine.advanceTo(clock.now())
  const market = new MarketView(instruments)
  const counters = new RateCounters(tier, limits)
  const modes = new Modes(() => venue, wire)
  const faults = new Faults(random.stream('faults'), (mode, forMs) => modes.set(mode, forMs))
  faults.add(options.faults ?? [])
  const tokens = new SocketTokens(ids, faults.spoilsToken)
  const venue: SandboxAccount = new SandboxAccount({ engine, market, clock, counters, tokens, ids })
  const keys = new ApiKeys()
  const { permissions, nonceWindow } = options
  const keyChance = random.stream('keys')
  const first = newApiKey(keyChance, { permissions, nonceWindow, createdAt: clock.now() })
  keys.add(first)
  return { market, counters, modes, faults, tokens, venue, keys, first, wire, random: keyChance }
}

/**
 * Serves until stopped. @throws SandboxServeError when the port cannot be had; whatever the feed throws when it cannot
 * start.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { feed, log, clock } = options
  const parts = build(options)
  const { venue, faults, first, market, wire } = parts
  const app = restApp({ ...parts, clock: wire, log })
  app.route('/admin', adminApp(parts))
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server
  const sockets = socketServer({ venue, clock: wire, faults, log })
  server.on('upgrade', (request, socket, head) => {
    if (SOCKET_PATH.test(request.url ?? '')) sockets.upgrade(request, socket, head)
    else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })
  const hear = (event: MarketEvent): void => {
    venue.hear(event)
    const mirrored = inDollars(event)
    if (mirrored !== null) venue.hear(mirrored)
  }
  const port = await listen(server, options.port ?? 0)
  let stopping: Promise<void> | null = null
  const stop = async (): Promise<void> => {
    await feed?.source.stop()
    sockets.close()
    venue.stop()
    const closed = Promise.withResolvers<void>()
    server.close(() => closed.resolve())
    server.closeAllConnections()
    await closed.promise
  }
  const handle: Sandbox = {
    ...{ rest: `http://${HOST}:${port}`, ws: `ws://${HOST}:${port}/v2`, admin: `http://${HOST}:${port}/admin` },
    ...{ apiKey: first.key, apiSecret: first.secret, venue, faults, print: (event) => venue.hear(event) },
    stop: () => {
      stopping ??= stop()
      return stopping
    },
  }
  try {
    if (feed !== null) {
      await seed(market, feed.source, feed.symbols, clock.now())
      await feed.source.start(feed.symbols, hear)
    }
  } catch (error) {
    await handle.stop()
    throw error
  }
  return handle
}
