/** One call to Kraken's public REST: paced, with a deadline, every failure typed. */
import type { Clock } from '../../ports/clock.ts'
import { type Envelope, readEnvelope } from './envelope.ts'
import { UnreadableError, type Wire } from './exact-json.ts'

export type KrakenProblem =
  /** No answer within the deadline. */
  | 'timeout'
  /** No connection: name, route, TLS, reset. */
  | 'unreachable'
  /** An HTTP status that is not 200 and no answer of Kraken's own. */
  | 'http'
  /** Kraken answered with an error of its own, `E…`. */
  | 'refused'
  /** An answer that is not what Kraken documents. */
  | 'unreadable'
  /** A pair that Kraken does not list. */
  | 'unlisted'

/** Why a call to Kraken's public REST brought nothing. */
export class KrakenRestError extends Error {
  override readonly name = 'KrakenRestError'
  readonly problem: KrakenProblem

  constructor(problem: KrakenProblem, message: string) {
    super(message)
    this.problem = problem
  }
}

export interface RestCallParts {
  /** `https://api.kraken.com`, or a sandbox on loopback; without a slash at the end. */
  readonly baseUrl: string
  readonly fetch: typeof fetch
  readonly clock: Clock
  /** Between the starts of two calls: Kraken counts public calls per address, about one a second. */
  readonly paceMs: number
}

/** Calls `/0/public/<method>` and gives Kraken's `result`, numbers as text. @throws KrakenRestError */
export type RestCall = (method: string, query?: Readonly<Record<string, string>>) => Promise<Wire>

const DEADLINE_MS = 5_000

/** What went wrong on the wire, with what lay under it. */
export const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

/** Kraken's `result`; only `E…` are errors, `W…` are warnings that may come with a result. */
function resultOf(body: string, status: number, method: string): Wire {
  let envelope: Envelope | null = null
  let unreadable = 'no result'
  try {
    envelope = readEnvelope(body)
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error
    unreadable = error.message
  }
  const errors = envelope?.errors ?? []
  if (errors.length > 0) throw new KrakenRestError('refused', `${method}: ${errors.join(', ')}`)
  if (status !== 200) throw new KrakenRestError('http', `${method}: HTTP ${status}`)
  if (envelope?.result === undefined) throw new KrakenRestError('unreadable', `${method}: ${unreadable}`)
  return envelope.result
}

/** Waits on the clock; never synchronous. */
const waitUntil = (clock: Clock, at: number): Promise<void> => new Promise((resolve) => clock.at(at, resolve))

/**
 * Calls one after the other, their starts `paceMs` apart, each with five seconds from its own start to the last byte.
 */
export function restCalls({ baseUrl, fetch, clock, paceMs }: RestCallParts): RestCall {
  let freeAt = Number.NEGATIVE_INFINITY

  const turn = async (): Promise<void> => {
    const startAt = Math.max(clock.now(), freeAt)
    freeAt = startAt + paceMs
    if (startAt > clock.now()) await waitUntil(clock, startAt)
  }

  return async (method, query = {}) => {
    await turn()
    const aborted = new AbortController()
    const deadline = clock.at(clock.now() + DEADLINE_MS, () => aborted.abort())
    const search = new URLSearchParams(query).toString()
    try {
      const url = `${baseUrl}/0/public/${method}${search === '' ? '' : `?${search}`}`
      const response = await fetch(url, { signal: aborted.signal, headers: { accept: 'application/json' } })
      return resultOf(await response.text(), response.status, method)
    } catch (error) {
      if (error instanceof KrakenRestError) throw error
      if (aborted.signal.aborted) throw new KrakenRestError('timeout', `${method}: no answer within ${DEADLINE_MS} ms`)
      throw new KrakenRestError('unreachable', `${method}: ${messageOf(error)}`)
    } finally {
      deadline.cancel()
    }
  }
}
