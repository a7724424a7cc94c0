/**
 * Rows that nobody waits for, on their way to a store that may be away: gathered, and written in the order they came, one
 * write at a time. What waits is bounded whatever the store does, also where it never answers.
 */
import type { Clock, Timer } from '../src/ports/clock.ts'
import type { Log } from '../src/ports/log.ts'

export interface WriteBehindOptions<T> {
  readonly clock: Clock
  readonly log: Log
  /** What they are called in the log. */
  readonly what: string
  readonly save: (rows: readonly T[]) => Promise<void>
  /** How long rows wait for company: one statement for many. */
  readonly waitMs: number
  readonly rowsPerWrite: number
  /** At most so many wait for the store; the oldest beyond that are lost, counted, and said. */
  readonly keptBack: number
}

export interface WriteBehind<T> {
  add(row: T): void
  /** Waits until all that was added is written, or could not be. */
  flush(): Promise<void>
}

export function writeBehind<T>(options: WriteBehindOptions<T>): WriteBehind<T> {
  const { clock, log, what, save, waitMs, rowsPerWrite, keptBack } = options
  let waiting: T[] = []
  let writing: Promise<void> | null = null
  let timer: Timer | null = null
  /** Since rows were last written. */
  let lost = 0

  function bound(): void {
    const over = waiting.length - keptBack
    if (over <= 0) return
    waiting = waiting.slice(over)
    if (lost === 0) log.error(`${what} are lost: too many wait for the store`, { waiting: waiting.length })
    lost += over
  }
  async function send(batch: readonly T[]): Promise<boolean> {
    try {
      await save(batch)
      if (lost > 0) log.warn(`${what} are written again`, { lost })
      lost = 0
      return true
    } catch (error) {
      waiting = [...batch, ...waiting]
      bound()
      log.error(`${what} could not be written`, { problem: String(error), waiting: waiting.length, lost })
      return false
    }
  }
  function write(): void {
    timer?.cancel()
    timer = null
    if (waiting.length === 0 || writing !== null) return
    const batch = waiting
    waiting = []
    writing = send(batch).then((isWritten) => {
      writing = null
      // Those whose time came meanwhile; what failed goes with the next one.
      if (isWritten && timer === null) write()
    })
  }
  return {
    add: (row) => {
      waiting.push(row)
      if (waiting.length >= rowsPerWrite) write()
      else timer ??= clock.at(clock.now() + waitMs, write)
      bound()
    },
    flush: async () => {
      await writing
      write()
      await writing
    },
  }
}
