/** Rows that nobody waits for, on their way to a store that may be away: gathered, and written in the order they came. */
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
  /** While the store is away, at most so many wait for it; the oldest beyond that are lost, and said. */
  readonly keptBack: number
}

export interface WriteBehind<T> {
  add(row: T): void
  /** Waits until all that was added is written, or could not be. */
  flush(): Promise<void>
}

export function writeBehind<T>(options: WriteBehindOptions<T>): WriteBehind<T> {
  const { clock, log, what, save, waitMs, rowsPerWrite, keptBack } = options
  let unwritten: T[] = []
  let writes: Promise<void> = Promise.resolve()
  let timer: Timer | null = null

  function write(): void {
    timer?.cancel()
    timer = null
    if (unwritten.length === 0) return
    const batch = unwritten
    unwritten = []
    writes = writes
      .then(() => save(batch))
      .catch((error: unknown) => {
        const waiting = [...batch, ...unwritten]
        unwritten = waiting.slice(-keptBack)
        const lost = waiting.length - unwritten.length
        log.error(`${what} could not be written`, { problem: String(error), waiting: unwritten.length, lost })
      })
  }
  return {
    add: (row) => {
      unwritten.push(row)
      if (unwritten.length >= rowsPerWrite) return write()
      timer ??= clock.at(clock.now() + waitMs, write)
    },
    flush: async () => {
      write()
      await writes
    },
  }
}
