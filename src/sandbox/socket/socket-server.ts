/** Kraken's WebSocket v2, public and private, on one address. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Faults } from '../faults.ts'
import type { SandboxVenue } from '../venue.ts'
import { exact, type JsonFields } from './exact-json.ts'
import { Line } from './line.ts'
import { Session } from './session.ts'

export interface SocketServerParts {
  readonly venue: SandboxVenue
  readonly clock: Clock
  readonly faults: Pick<Faults, 'onRequest' | 'onFrame'>
  readonly log: Log
  /** Bytes that a client may leave unread before it is cut off. Default: 4 MiB, many times the largest snapshot. */
  readonly unreadAtMost?: number
}

export interface SocketServer {
  /** Takes an HTTP upgrade of `/v2`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Lines open now. */
  readonly lines: number
  /** Cuts every line. */
  close(): void
}

const UNREAD_AT_MOST = 4 * 1024 * 1024
/** Kraken takes no long requests; the largest is a batch of fifteen orders. */
const REQUEST_BYTES_AT_MOST = 256 * 1024
/** Connection ids are 64-bit numbers, beyond what a float holds: a client that reads one as a float shows it. */
const FIRST_CONNECTION_ID = 17_834_968_092_736_251_234n
const CONNECTION_ID_STEP = 7_919n
const API_VERSION = 'v2'
const VERSION = '2.0.10'

export function socketServer(parts: SocketServerParts): SocketServer {
  const { venue, clock, faults, log, unreadAtMost = UNREAD_AT_MOST } = parts
  const server = new WebSocketServer({ noServer: true, maxPayload: REQUEST_BYTES_AT_MOST, perMessageDeflate: false })
  const lines = new Map<Line, string>()
  let connections = 0n

  const statusFrame = (connectionId: string): JsonFields => ({
    ...{ channel: 'status', type: 'update' },
    data: [{ api_version: API_VERSION, connection_id: exact(connectionId), system: venue.mode, version: VERSION }],
  })

  const serve = (socket: WebSocket): void => {
    const id = String(FIRST_CONNECTION_ID + connections * CONNECTION_ID_STEP)
    connections += 1n
    const onEnd = (): void => {
      lines.delete(line)
      session.stop()
    }
    const line = new Line({ socket, clock, fateOf: faults.onFrame, unreadAtMost, onEnd })
    const session = new Session({ venue, clock, faults, log, line })
    lines.set(line, id)
    line.send(statusFrame(id))
    socket.on('message', (data) => session.hear(data.toString()))
  }

  const forgetMode = venue.onMode(() => {
    for (const [line, id] of lines) line.send(statusFrame(id))
  })

  return {
    upgrade(request, socket, head) {
      server.handleUpgrade(request, socket, head, serve)
    },
    get lines() {
      return lines.size
    },
    close() {
      forgetMode()
      for (const line of [...lines.keys()]) line.cut()
      server.close()
    },
  }
}
