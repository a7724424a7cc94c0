/**
 * What a test does to the venue from outside, on loopback only: move the market, pay in and out, close it, ask for
 * faults, add keys, and look at all that was accepted.
 */
import { type Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { z } from 'zod'
import { asset, type Pair } from '../domain/ids.ts'
import { text } from '../domain/units.ts'
import type { Clock, RandomSource, Timer } from '../ports/clock.ts'
import type { MarketEvent } from '../ports/market-feed.ts'
import type { SandboxAccount } from './account.ts'
import { type ApiKeys, PERMISSIONS } from './api-keys.ts'
import { FaultError, readFaults } from './fault-schema.ts'
import type { Faults } from './faults.ts'
import { newApiKey } from './new-key.ts'
import { findAsset, findPair } from './pairs.ts'
import type { SocketTokens } from './socket-tokens.ts'

export interface AdminParts {
  readonly venue: SandboxAccount
  readonly keys: ApiKeys
  readonly faults: Faults
  readonly tokens: SocketTokens
  readonly modes: Modes
  readonly random: RandomSource
}

/** What is asked for cannot be meant; the message is one line for a person. */
class AdminError extends Error {
  override readonly name = 'AdminError'
}

const numeric = z.union([z.string().regex(/^-?\d+(\.\d+)?$/), z.number()]).transform((value) => text(String(value)))
const symbol = z.string().transform((name, context): Pair => {
  const found = findPair(name)
  if (found !== null) return found.symbol
  context.addIssue({ code: 'custom', message: `${name} is no pair of the sandbox` })
  return z.NEVER
})
const at = z.number().int().min(0).optional()
const level = z.strictObject({ price: numeric, quantity: numeric })
const side = z.enum(['buy', 'sell']).nullable().optional()
const bar = { open: numeric, high: numeric, low: numeric, close: numeric, volume: numeric }

const marketSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('trade'), symbol, price: numeric, quantity: numeric, side, at }),
  z.strictObject({
    ...{ kind: z.literal('quote'), symbol, at },
    ...{ bid: numeric, bidQuantity: numeric, ask: numeric, askQuantity: numeric },
  }),
  z.strictObject({ kind: z.literal('book'), symbol, bids: z.array(level), asks: z.array(level), at }),
  z.strictObject({ kind: z.literal('candle'), symbol, openAt: z.number().int().min(0), ...bar, at }),
  z.strictObject({ kind: z.literal('line'), up: z.boolean(), reason: z.string().nullable().optional(), at }),
])
const marketsSchema = z.union([z.array(marketSchema), marketSchema.transform((one) => [one])])
const transferSchema = z.strictObject({ asset: z.string(), amount: numeric })
const modeSchema = z.strictObject({
  mode: z.enum(['online', 'cancel_only', 'post_only', 'limit_only', 'maintenance']),
  forMs: z.int().min(1).optional(),
})
const keySchema = z.strictObject({
  name: z.string().max(60).optional(),
  permissions: z.array(z.enum(PERMISSIONS)).optional(),
  nonceWindow: z.int().min(0).optional(),
})

type MarketAsk = z.infer<typeof marketSchema>

function eventOf(ask: MarketAsk, now: number): MarketEvent {
  const moment = { at: ask.at ?? now }
  if (ask.kind === 'trade') return { ...ask, ...moment, side: ask.side ?? null }
  if (ask.kind === 'line') return { ...ask, ...moment, reason: ask.reason ?? null }
  if (ask.kind !== 'candle') return { ...ask, ...moment }
  const { kind, symbol: of, openAt, open, high, low, close, volume } = ask
  return {
    kind,
    symbol: of,
    candle: { symbol: of, timeframe: '1m', openAt, open, high, low, close, volume },
    ...moment,
  }
}

function checked<T>(schema: z.ZodType<T>, given: unknown): T {
  const read = schema.safeParse(given)
  if (read.success) return read.data
  const [first] = read.error.issues
  throw new AdminError(`${first?.path.join('.') ?? ''}: ${first?.message ?? 'cannot be read'}`.replace(/^: /, ''))
}

async function bodyOf(context: Context): Promise<unknown> {
  const given = await context.req.text()
  try {
    return given.trim() === '' ? {} : JSON.parse(given)
  } catch {
    throw new AdminError('the body is not JSON')
  }
}

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i

/** The market's mode, which may end by itself. */
export class Modes {
  readonly #venue: () => SandboxAccount
  readonly #clock: Clock
  #timer: Timer | null = null

  constructor(venue: () => SandboxAccount, clock: Clock) {
    this.#venue = venue
    this.#clock = clock
  }

  /** `forMs` null: until it is changed. */
  set(mode: Parameters<SandboxAccount['setMode']>[0], forMs: number | null): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#venue().setMode(mode)
    if (forMs !== null) this.#timer = this.#clock.at(this.#clock.now() + forMs, () => this.set('online', null))
  }
}

function stateOf({ venue, keys, faults }: AdminParts): object {
  return {
    ...{ now: venue.now(), mode: venue.mode, balances: venue.balances() },
    orders: { open: venue.openOrders(), closed: venue.closedOrders() },
    ...{ trades: venue.trades(), ledger: venue.ledger() },
    ...{ nonces: keys.accepted, requests: venue.requests() },
    faults: { active: faults.list(), fired: faults.fired() },
    rateCounters: Object.fromEntries(venue.instruments.map(({ symbol: of }) => [of, venue.rateCounter(of)])),
    last: Object.fromEntries(venue.instruments.map(({ symbol: of }) => [of, venue.market.last(of)])),
  }
}

function transfer(venue: SandboxAccount, given: unknown, sign: 1 | -1): void {
  const { asset: name, amount } = checked(transferSchema, given)
  if (amount.startsWith('-') || amount === '0') throw new AdminError('amount: it must be above zero')
  const of = findAsset(name)?.asset ?? asset(name)
  try {
    venue.transfer(of, sign === 1 ? amount : `-${amount}`)
  } catch (error) {
    if (error instanceof Error && error.name === 'AccountInvariantError') throw new AdminError(error.message)
    throw error
  }
}

export function adminApp(parts: AdminParts): Hono {
  const { venue, keys, faults, tokens, modes, random } = parts
  const app = new Hono()
  app.use(async (context, next) => {
    // A page of somebody else's whose name was rebound to 127.0.0.1 sends its own name as Host.
    if (!LOOPBACK.test(context.req.header('host') ?? 'localhost'))
      return context.json({ error: 'ask for localhost or 127.0.0.1' }, 403)
    return next()
  })
  app.get('/state', (context) => context.json(stateOf(parts)))
  app.get('/faults', (context) => context.json({ active: faults.list(), fired: faults.fired() }))
  app.post('/faults', async (context) => context.json({ ids: faults.add(readFaults(await bodyOf(context))) }))
  app.delete('/faults', (context) => context.json({ removed: faults.remove(null) }))
  app.delete('/faults/:id', (context) => context.json({ removed: faults.remove(Number(context.req.param('id'))) }))
  app.post('/market', async (context) => {
    const asks = checked<readonly MarketAsk[]>(marketsSchema, await bodyOf(context))
    for (const ask of asks) venue.hear(eventOf(ask, venue.now()))
    return context.json({ heard: asks.length, now: venue.now() })
  })
  app.post('/deposits', async (context) => {
    transfer(venue, await bodyOf(context), 1)
    return context.json({ balances: venue.balances() })
  })
  app.post('/withdrawals', async (context) => {
    transfer(venue, await bodyOf(context), -1)
    return context.json({ balances: venue.balances() })
  })
  app.post('/mode', async (context) => {
    const { mode, forMs } = checked(modeSchema, await bodyOf(context))
    modes.set(mode, forMs ?? null)
    return context.json({ mode: venue.mode })
  })
  app.post('/keys', async (context) => {
    const apiKey = newApiKey(random, { ...checked(keySchema, await bodyOf(context)), createdAt: venue.now() })
    keys.add(apiKey)
    return context.json({ apiKey: apiKey.key, apiSecret: apiKey.secret })
  })
  app.post('/tokens/expire', (context) => {
    tokens.expireAll()
    return context.json({ expired: true })
  })
  app.all('*', (context) => context.json({ error: `there is nothing at ${context.req.path}` }, 404))
  app.onError((error, context) => {
    const isMeant = error instanceof AdminError || error instanceof FaultError
    return context.json({ error: error.message }, (isMeant ? 400 : 500) as ContentfulStatusCode)
  })
  return app
}
