/** Seeds over all cores. A seed's walk knows nothing of the others, so that their number changes nothing. */
import { Worker } from 'node:worker_threads'
import type { Sabotage } from './sabotage.ts'
import type { WalkResult } from './walk.ts'
import type { Task } from './worker.ts'

export interface PoolOptions {
  readonly from: number
  readonly seeds: number
  readonly sabotage: Sabotage | null
  readonly workers: number
  /** Called in order of the seeds. */
  readonly onResult: (result: WalkResult) => void
}

/** Resolves once every seed was walked. */
export function walkAll({ from, seeds, sabotage, workers, onResult }: PoolOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const waiting = new Map<number, WalkResult>()
    let given = from
    let told = from
    const threads = Array.from(
      { length: Math.min(workers, seeds) },
      () => new Worker(new URL('./worker.ts', import.meta.url)),
    )
    const end = (): void => {
      for (const thread of threads) void thread.terminate()
    }
    const give = (thread: Worker): void => {
      if (given >= from + seeds) return
      thread.postMessage({ seed: given, sabotage } satisfies Task)
      given += 1
    }
    const hear = (result: WalkResult): void => {
      waiting.set(result.seed, result)
      for (let next = waiting.get(told); next !== undefined; next = waiting.get(told)) {
        waiting.delete(told)
        told += 1
        onResult(next)
      }
      if (told < from + seeds) return
      end()
      resolve()
    }
    for (const thread of threads) {
      thread.on('message', (result: WalkResult) => {
        give(thread)
        hear(result)
      })
      thread.on('error', (error) => {
        end()
        reject(error)
      })
      give(thread)
    }
    if (seeds === 0) resolve()
  })
}
