/** One client's line: what goes out, in order, with heartbeats, faults and an end to those that do not read. */
import type { WebSocket } from 'ws'
import type { Clock, Timer } from '../../ports/clock.ts'
import type { FrameFate } from '../faults.ts'
import { fieldsOf, type Json, type JsonFields, jsonText } from './exact-json.ts'

export interface LineParts {
  readonly socket: WebSocket
  readonly clock: Clock
  /** Asked for every frame by its channel (`book`) or, for answers, its method (`add_order`); null leaves it alone. */
  readonly fateOf: (name: string, symbol: string | null) => FrameFate | null
  /** Bytes that may wait to be read before the client is cut off. */
  readonly unreadAtMost: number
  /** Called once, when the line has gone. */
  readonly onEnd: () => void
}

const HEARTBEAT_MS = 1_000
/** Kraken ends a line on which nothing was said for about a minute. */
const IDLE_MS = 60_000
const GOING_AWAY = 1001
/** Frames of the line itself, which faults leave alone. */
const OWN_FRAMES: ReadonlySet<string> = new Set(['status', 'pong'])

interface Held {
  readonly text: string
  readonly dueAt: number
}

export class Line {
  readonly #parts: LineParts
  #lastHeardAt: number
  #lastSentAt: number
  #silent = false
  /** Frames held back by a delay, and all that came after them. */
  #held: Held[] = []
  /** A frame that waits for the next one to overtake it. */
  #overtaken: string | null = null
  #timer: Timer
  #beats = false
  #ended = false

  constructor(parts: LineParts) {
    this.#parts = parts
    const { socket, clock } = parts
    this.#lastHeardAt = clock.now()
    this.#lastSentAt = clock.now()
    this.#timer = clock.at(clock.now() + HEARTBEAT_MS, () => this.#beat())
    socket.on('close', () => this.#end())
    socket.on('error', () => socket.terminate())
  }

  /** A sign of the client. */
  heard(): void {
    this.#lastHeardAt = this.#parts.clock.now()
  }

  /** Heartbeats flow from the first subscription on. */
  startHeartbeat(): void {
    this.#beats = true
  }

  /** Sends a frame, or what faults make of it. `symbol`: the pair that it is about, where it is about one. */
  send(frame: JsonFields, symbol: string | null = null): void {
    if (this.#ended || this.#silent) return
    const name = String(frame.channel ?? frame.method ?? '')
    const fate = OWN_FRAMES.has(name) ? null : this.#parts.fateOf(name, symbol)
    if (fate === null) this.#post(jsonText(frame))
    else this.#spoil(frame, fate)
  }

  /** Says goodbye and closes. */
  close(): void {
    this.#parts.socket.close(GOING_AWAY)
  }

  /** Cuts the line without a goodbye. */
  cut(): void {
    this.#parts.socket.terminate()
  }

  #spoil(frame: JsonFields, fate: FrameFate): void {
    const text = jsonText(frame)
    switch (fate.kind) {
      case 'drop':
        return
      case 'duplicate':
        this.#post(text)
        this.#post(text)
        return
      case 'reorder':
        this.#releaseOvertaken()
        this.#overtaken = text
        return
      case 'bad-checksum':
        this.#post(jsonText(withWrongChecksum(frame)))
        return
      case 'silence':
        this.#silent = true
        return
      case 'disconnect':
        this.cut()
        return
      case 'delay':
        this.#hold(text, this.#parts.clock.now() + fate.ms)
    }
  }

  #post(text: string): void {
    if (this.#held.length > 0) {
      this.#hold(text, this.#parts.clock.now())
      return
    }
    this.#write(text)
    this.#releaseOvertaken()
  }

  #releaseOvertaken(): void {
    const late = this.#overtaken
    this.#overtaken = null
    if (late !== null) this.#write(late)
  }

  /** What follows a delayed frame waits behind it, as on any stream. */
  #hold(text: string, dueAt: number): void {
    const due = Math.max(dueAt, this.#held.at(-1)?.dueAt ?? 0)
    this.#held.push({ text, dueAt: due })
    this.#parts.clock.at(due, () => {
      const first = this.#held.shift()
      if (first !== undefined) this.#write(first.text)
    })
  }

  #write(text: string): void {
    const { socket, clock, unreadAtMost } = this.#parts
    if (socket.readyState !== socket.OPEN) return
    if (socket.bufferedAmount > unreadAtMost) {
      socket.terminate()
      return
    }
    this.#lastSentAt = clock.now()
    socket.send(text)
  }

  #beat(): void {
    if (this.#ended) return
    const { clock } = this.#parts
    const now = clock.now()
    if (this.#beats && now - this.#lastSentAt >= HEARTBEAT_MS) this.send({ channel: 'heartbeat' })
    if (now - Math.max(this.#lastHeardAt, this.#lastSentAt) >= IDLE_MS) this.close()
    const quietFor = now - this.#lastSentAt
    const dueAt = now + HEARTBEAT_MS - (this.#beats && quietFor < HEARTBEAT_MS ? quietFor : 0)
    this.#timer = clock.at(dueAt, () => this.#beat())
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#timer.cancel()
    this.#parts.onEnd()
  }
}

const firstRow = (frame: JsonFields): JsonFields | null =>
  Array.isArray(frame.data) ? fieldsOf((frame.data as readonly Json[])[0]) : null

/** The same frame with its first checksum off by one. */
function withWrongChecksum(frame: JsonFields): JsonFields {
  const row = firstRow(frame)
  if (row === null || typeof row.checksum !== 'number') return frame
  const rest = (frame.data as readonly Json[]).slice(1)
  return { ...frame, data: [{ ...row, checksum: (row.checksum + 1) >>> 0 }, ...rest] }
}
