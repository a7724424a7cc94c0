/** Walks seeds in a thread of its own: one message a seed. */
import { parentPort } from 'node:worker_threads'
import type { Sabotage } from './sabotage.ts'
import { walk } from './walk.ts'

export interface Task {
  readonly seed: number
  readonly sabotage: Sabotage | null
}

parentPort?.on('message', async (task: Task) => {
  parentPort?.postMessage(await walk(task))
})
