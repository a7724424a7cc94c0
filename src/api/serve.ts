/** The API on a socket of this machine. */
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { isLoopbackName } from './loopback.ts'

const DEFAULT_HOST = '127.0.0.1'
/** How long a close waits for answers under way. */
const CLOSE_DEADLINE_MS = 2_000
const HEADERS_DEADLINE_MS = 10_000
const REQUEST_DEADLINE_MS = 45_000

export type ServeProblem = 'not-loopback' | 'port-taken' | 'not-allowed' | 'cannot-listen'

/** The API cannot be served; the message is one line for a person. */
export class ServeError extends Error {
  override readonly name = 'ServeError'
  readonly problem: ServeProblem
  constructor(problem: ServeProblem, message: string) {
    super(message)
    this.problem = problem
  }
}

export interface ServeOptions {
  readonly app: Hono
  /** A loopback name; `127.0.0.1` unless told. */
  readonly host?: string
  /** 0 for any. */
  readonly port: number
  readonly clock: Clock
  readonly log: Log
}

export interface ServedApi {
  /** Without a slash at the end. */
  readonly url: string
  readonly port: number
  /** Takes no more requests, lets those under way finish for 2 s, then cuts them. Safe to call twice. */
  close(): Promise<void>
}

function serveError(error: NodeJS.ErrnoException, port: number): ServeError {
  if (error.code === 'EADDRINUSE')
    return new ServeError('port-taken', `port ${port} is taken: choose another with --port`)
  if (error.code === 'EACCES')
    return new ServeError('not-allowed', `port ${port} may not be opened by this user: choose another with --port`)
  return new ServeError('cannot-listen', `the API cannot listen on port ${port}: ${error.code ?? error.message}`)
}

/**
 * Listens and resolves once requests are answered.
 * @throws ServeError when the host is not loopback (there are no keys that could guard it), the port is taken or may
 * not be opened.
 */
export async function serveApi({ app, host = DEFAULT_HOST, port, clock, log }: ServeOptions): Promise<ServedApi> {
  if (!isLoopbackName(host))
    throw new ServeError(
      'not-loopback',
      `the API has no keys yet and is served on ${DEFAULT_HOST} only, not on ${host}`,
    )
  const server = createAdaptorServer({
    fetch: app.fetch,
    overrideGlobalObjects: false,
    serverOptions: { headersTimeout: HEADERS_DEADLINE_MS, requestTimeout: REQUEST_DEADLINE_MS },
  })
  const listening = Promise.withResolvers<void>()
  server.once('error', (error) => listening.reject(serveError(error, port)))
  server.listen({ port, host: host.replace(/^\[|\]$/g, '') }, () => listening.resolve())
  await listening.promise
  server.on('error', (error) => log.error('the API server failed', { problem: error.message }))

  const bound = (server.address() as AddressInfo).port
  const name = host.includes(':') ? `[${host.replace(/^\[|\]$/g, '')}]` : host
  let closing: Promise<void> | null = null
  const close = async (): Promise<void> => {
    const closed = Promise.withResolvers<void>()
    const cut = clock.at(clock.now() + CLOSE_DEADLINE_MS, () => {
      if ('closeAllConnections' in server) server.closeAllConnections()
    })
    server.close(() => closed.resolve())
    await closed.promise
    cut.cancel()
  }
  return {
    url: `http://${name}:${bound}`,
    port: bound,
    close: () => {
      closing ??= close()
      return closing
    },
  }
}
