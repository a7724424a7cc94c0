/** A sandbox in this process, on a clock that stands still, with a market that moves when a test says so. */
import { seededIds, seededRandom } from '../../src/adapters/chance/seeded.ts'
import { realClock } from '../../src/adapters/clock/real.ts'
import { simulatedClock } from '../../src/adapters/clock/simulated.ts'
import { pair } from '../../src/domain/ids.ts'
import type { Log } from '../../src/ports/log.ts'
import { signatureOf } from '../../src/sandbox/api-keys.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts'

export const T0 = Date.UTC(2026, 10, 22, 12)
/** Nothing is expected to be logged: what is, shows in the test's output. */
const log: Log = {
  debug: () => {},
  info: () => {},
  warn: (message, facts) => process.stderr.write(`${message} ${JSON.stringify(facts)}\n`),
  error: (message, facts) => process.stderr.write(`${message} ${JSON.stringify(facts)}\n`),
}

// biome-ignore lint/suspicious/noExplicitAny: answers of the wire, whose shapes the tests state.
export type Wire = any

export interface Answered {
  readonly status: number
  readonly error: readonly string[]
  readonly result: Wire
}

/** How a private call is signed and sent, where it is not as usual. */
export interface Sending {
  readonly key?: string
  readonly secret?: string
  readonly nonce?: string
  readonly json?: boolean
  /** Signed as it stands; without it the fields are written down. */
  readonly body?: string
  readonly sign?: string
}

export interface OpenSandbox extends Sandbox {
  readonly clock: ReturnType<typeof simulatedClock>
  /** One trade of one pair, and the quote around it: half a spread of `spread` on each side. */
  trade(symbol: string, price: string, quantity?: string): void
  quote(symbol: string, bid: string, ask: string): void
  public(method: string, query?: Record<string, string>): Promise<Answered>
  private(method: string, fields?: Record<string, unknown>, sending?: Sending): Promise<Answered>
  adminPost(path: string, body?: unknown): Promise<Wire>
  adminGet(path: string): Promise<Wire>
}

async function answered(response: Response): Promise<Answered> {
  const { error, result } = (await response.json()) as { error: string[]; result: Wire }
  return { status: response.status, error, result }
}

function written(fields: Record<string, unknown>, json: boolean): string {
  if (json) return JSON.stringify(fields)
  return new URLSearchParams(fields as Record<string, string>).toString()
}

export async function openSandbox(over: Partial<SandboxOptions> = {}): Promise<OpenSandbox> {
  const clock = simulatedClock(T0)
  const random = seededRandom('test')
  const sandbox = await startSandbox({
    ...{ clock, wire: realClock(), random, ids: seededIds(random.stream('ids')), log, feed: null },
    ...{ balances: { BTC: '1', USDT: '50000', XRP: '1000' }, ...over },
  })
  let nonce = 1_000_000
  return {
    ...sandbox,
    clock,
    trade: (symbol, price, quantity = '10') =>
      sandbox.print({ kind: 'trade', symbol: pair(symbol), price, quantity, side: null, at: clock.now() }),
    quote: (symbol, bid, ask) =>
      sandbox.print({
        ...{ kind: 'quote', symbol: pair(symbol), bid, ask, at: clock.now() },
        ...{ bidQuantity: '5', askQuantity: '5' },
      }),
    public: async (method, query = {}) =>
      answered(await fetch(`${sandbox.rest}/0/public/${method}?${new URLSearchParams(query)}`)),
    private: async (method, fields = {}, { key = sandbox.apiKey, secret = sandbox.apiSecret, ...sending } = {}) => {
      nonce += 1
      const used = sending.nonce ?? String(nonce)
      const body = sending.body ?? written({ nonce: used, ...fields }, sending.json === true)
      const path = `/0/private/${method}`
      const type = sending.json === true ? 'application/json' : 'application/x-www-form-urlencoded'
      const sign = sending.sign ?? signatureOf(secret, path, used, body)
      const headers = { 'API-Key': key, 'API-Sign': sign, 'Content-Type': type }
      return answered(await fetch(`${sandbox.rest}${path}`, { method: 'POST', headers, body }))
    },
    adminPost: async (path, body) => {
      const response = await fetch(`${sandbox.admin}${path}`, { method: 'POST', body: JSON.stringify(body ?? {}) })
      return { status: response.status, ...((await response.json()) as object) }
    },
    adminGet: async (path) => (await fetch(`${sandbox.admin}${path}`)).json(),
  }
}
