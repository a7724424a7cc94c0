/** One run of a task over its symbols: so many at a time, each failing for itself, all aborted together. */
import type { Pair } from '../src/domain/ids.ts'
import type { Settled } from './messages.ts'
import { problemText } from './supervision/supervision-event.ts'

/** What a task works on: a symbol, or null for the one portfolio. */
export type Subject = Pair | null

export interface TaskRunOptions {
  readonly number: number
  readonly subjects: readonly Subject[]
  readonly atOnce: number
  /** Work that is done when it returns is a plain call; a promise is waited for. */
  readonly work: (subject: Subject, signal: AbortSignal) => undefined | void | Promise<void>
  /** Work that took time is over. Comes from outside of the caller's turn; not called once the run is aborted. */
  readonly onSettled: (settled: Settled) => void
}

export interface TaskRun {
  readonly number: number
  readonly subjects: number
  /** Begins as many as may run; returns those that failed at once. */
  advance(): readonly Settled[]
  /** Takes note of work that was over; `advance` then begins what waited for its place. */
  release(settled: Settled): void
  abort(): void
  readonly isOver: boolean
  readonly failures: number
}

const NONE: readonly Settled[] = Object.freeze([])

export function createTaskRun({ number, subjects, atOnce, work, onSettled }: TaskRunOptions): TaskRun {
  const abort = new AbortController()
  const { signal } = abort
  let begun = 0
  let active = 0
  let failures = 0

  const settle = (settled: Settled): void => {
    if (!signal.aborted) onSettled(settled)
  }
  /** What is left to wait for, or how it failed at once; undefined when it is done. */
  const begin = (subject: Subject): Promise<void> | Settled | undefined => {
    try {
      return work(subject, signal) ?? undefined
    } catch (error) {
      return { subject, problem: problemText(error) }
    }
  }
  return {
    number,
    subjects: subjects.length,
    advance: () => {
      let failed: Settled[] | null = null
      while (active < atOnce && begun < subjects.length && !signal.aborted) {
        const subject = subjects[begun] ?? null
        begun += 1
        const outcome = begin(subject)
        if (outcome === undefined) continue
        if (outcome instanceof Promise) {
          active += 1
          outcome.then(
            () => settle({ subject, problem: null }),
            (error: unknown) => settle({ subject, problem: problemText(error) }),
          )
          continue
        }
        failures += 1
        failed ??= []
        failed.push(outcome)
      }
      return failed ?? NONE
    },
    release: ({ problem }) => {
      active -= 1
      if (problem !== null) failures += 1
    },
    abort: () => abort.abort(),
    get isOver() {
      return active === 0 && begun === subjects.length
    },
    get failures() {
      return failures
    },
  }
}
