/** Kraken's REST on one app: `/0/public/<Method>` and `/0/private/<Method>`. Errors come with HTTP 200, as Kraken's do. */
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { type ApiKeys, checkPermission } from '../api-keys.ts'
import type { Faults, RequestFate } from '../faults.ts'
import { findPair } from '../pairs.ts'
import type { RateCounters } from '../rate-counters.ts'
import { KrakenRefusal } from '../refusal.ts'
import type { SandboxVenue } from '../venue.ts'
import { ACCOUNT_DATA } from './account-data.ts'
import { bodyFields, type Fields, formFields, textField } from './fields.ts'
import type { PrivateMethod } from './method.ts'
import { ORDERS_DATA } from './orders-data.ts'
import { PUBLIC } from './public-data.ts'
import { TRADING } from './trading.ts'

export interface RestParts {
  readonly venue: SandboxVenue
  readonly keys: ApiKeys
  readonly counters: RateCounters
  readonly faults: Faults
  /** Of the wire: delays pass on it. */
  readonly clock: Clock
  readonly log: Log
}

type Env = { Bindings: HttpBindings }
type Asked = Context<Env>

const PRIVATE: Readonly<Record<string, PrivateMethod>> = { ...ACCOUNT_DATA, ...ORDERS_DATA, ...TRADING }

const UNKNOWN_METHOD = 'EGeneral:Unknown method'
const RATE_EXCEEDED = 'EAPI:Rate limit exceeded'
const ORDER_RATE_EXCEEDED = 'EOrder:Rate limit exceeded'
/** Far above the largest request there is, a batch of fifteen orders. */
const BODY_AT_MOST = 1024 * 1024
const ORDER_METHODS = /^(Add|Amend|Edit|Cancel)/

/** What Cloudflare shows in Kraken's place when Kraken does not answer. */
const ERROR_PAGE = '<html><head><title>api.kraken.com | Web server is returning an unknown error</title></head></html>'

interface Answer {
  readonly error: readonly string[]
  readonly result?: unknown
}

/** The answer to one call, whatever it is; nothing but a refusal is expected to be thrown. */
function answerOf(work: () => unknown, log: Log): Answer {
  try {
    return { error: [], result: work() }
  } catch (error) {
    if (error instanceof KrakenRefusal) return { error: error.errors }
    log.error('a sandbox request failed', { error: error instanceof Error ? (error.stack ?? error.message) : error })
    return { error: ['EGeneral:Internal error'] }
  }
}

/** Ends the connection with a reset: the client learns nothing. */
function resetConnection(context: Asked): Response {
  context.env.incoming.socket.resetAndDestroy()
  return RESPONSE_ALREADY_SENT
}

const wait = (clock: Clock, ms: number): Promise<void> =>
  ms === 0 ? Promise.resolve() : new Promise((resolve) => clock.at(clock.now() + ms, resolve))

/** Answers as the fate has it; what was asked has been done by now. */
async function send(context: Asked, answer: Answer, fate: RequestFate, clock: Clock): Promise<Response> {
  await wait(clock, fate.answerDelayMs)
  if (fate.dropAnswer) return resetConnection(context)
  if (fate.status !== null) return context.html(ERROR_PAGE, fate.status as ContentfulStatusCode)
  return context.json(answer)
}

/** The pair that a request is about, as far as it says. */
function symbolOf(fields: Fields, venue: SandboxVenue): string | null {
  const [name, id] = [fields.pair, fields.txid ?? fields.cl_ord_id]
  if (typeof name === 'string') return findPair(name)?.symbol ?? null
  return typeof id === 'string' ? (venue.order(id)?.symbol ?? null) : null
}

async function publicCall(context: Asked, { venue, faults, clock, log }: RestParts): Promise<Response> {
  const method = context.req.param('method') ?? ''
  const query = formFields(new URL(context.req.url).search)
  const fields = context.req.method === 'POST' ? { ...query, ...(await readBody(context)).fields } : query
  const fate = faults.onRequest({ method, symbol: symbolOf(fields, venue), isPrivate: false })
  if (fate.dropRequest) return resetConnection(context)
  await wait(clock, fate.delayMs)
  const work = Object.hasOwn(PUBLIC, method) ? PUBLIC[method] : undefined
  const answer = answerOf(() => {
    if (work === undefined) throw new KrakenRefusal(UNKNOWN_METHOD)
    return work(fields, venue)
  }, log)
  return send(context, answer, fate, clock)
}

interface Body {
  readonly bytes: Uint8Array
  readonly fields: Fields
}

async function readBody(context: Asked): Promise<Body> {
  const bytes = new Uint8Array(await context.req.arrayBuffer())
  return { bytes, fields: bodyFields(new TextDecoder().decode(bytes), context.req.header('content-type') ?? '') }
}

function privateAnswer(context: Asked, body: Body, fate: RequestFate, parts: RestParts): unknown {
  const { venue, keys, counters } = parts
  const method = context.req.param('method') ?? ''
  const { key } = keys.authenticate(
    {
      key: context.req.header('api-key') ?? '',
      signature: context.req.header('api-sign') ?? '',
      path: new URL(context.req.url).pathname,
      method,
      nonce: textField(body.fields, 'nonce') ?? '',
      body: body.bytes,
    },
    venue.now(),
  )
  const apiKey = keys.get(key)
  const work = Object.hasOwn(PRIVATE, method) ? PRIVATE[method] : undefined
  if (apiKey === null || work === undefined) throw new KrakenRefusal(UNKNOWN_METHOD)
  checkPermission(apiKey, method)
  if (fate.isRateLimited) throw new KrakenRefusal(ORDER_METHODS.test(method) ? ORDER_RATE_EXCEEDED : RATE_EXCEEDED)
  if (!counters.call(key, method, venue.now())) throw new KrakenRefusal(RATE_EXCEEDED)
  const nonce = textField(body.fields, 'nonce')
  return work(body.fields, { venue, keys, key, origin: { via: 'rest', key, nonce } })
}

async function privateCall(context: Asked, parts: RestParts): Promise<Response> {
  const { venue, faults, clock, log } = parts
  const method = context.req.param('method') ?? ''
  const body = await readBody(context)
  const fate = faults.onRequest({ method, symbol: symbolOf(body.fields, venue), isPrivate: true })
  if (fate.dropRequest) return resetConnection(context)
  await wait(clock, fate.delayMs)
  const answer = answerOf(() => privateAnswer(context, body, fate, parts), log)
  return send(context, answer, fate, clock)
}

/** A body that cannot be read is refused like any other mistake. */
function unreadable(error: Error, context: Context, log: Log): Response {
  const answer = answerOf(() => {
    throw error
  }, log)
  return context.json(answer)
}

export function restApp(parts: RestParts): Hono<Env> {
  const app = new Hono<Env>()
  app.use(async (context, next) => {
    if (Number(context.req.header('content-length') ?? '0') <= BODY_AT_MOST) return next()
    return context.json({ error: ['EGeneral:Invalid arguments'] }, 413)
  })
  app.on(['GET', 'POST'], '/0/public/:method', (context) => publicCall(context, parts))
  app.post('/0/private/:method', (context) => privateCall(context, parts))
  app.notFound((context) => context.json({ error: [UNKNOWN_METHOD] }))
  app.onError((error, context) => unreadable(error, context, parts.log))
  return app
}
