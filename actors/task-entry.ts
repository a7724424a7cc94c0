/** What the schedule keeps of one task beside its machine. */
import { start } from '../machines/step.ts'
import { taskMachine } from '../machines/task.machine.ts'
import type { Pair } from '../src/domain/ids.ts'
import type { TaskName } from '../src/domain/tasks.ts'
import type { Timer } from '../src/ports/clock.ts'
import type { TaskStatus } from '../src/ports/desk.ts'
import type { TaskSettings } from './house.ts'
import type { Subject, TaskRun } from './task-run.ts'

export interface TaskEntry {
  readonly task: TaskName
  readonly settings: TaskSettings
  life: ReturnType<typeof start<typeof taskMachine>>['state']
  nextDueAt: number | null
  timer: Timer | null
  deadline: Timer | null
  /** A run that takes time; null while none does. */
  run: TaskRun | null
  runIsWhole: boolean
  lastRunAt: number | null
  runs: number
  failures: number
  /** Places in the order of all runs: when its last whole run began, and when one last brought something. */
  beganAs: number
  broughtAs: number
}

/** The portfolio is checked as a whole, everything else symbol by symbol. */
export type RunArguments =
  | [task: 'portfolio_check', symbol: null, signal: AbortSignal]
  | [task: Exclude<TaskName, 'portfolio_check'>, symbol: Pair, signal: AbortSignal]

export const newEntry = (task: TaskName, settings: TaskSettings): TaskEntry => ({
  task,
  settings,
  life: start(taskMachine, { task, timeoutMs: settings.timeoutMs }).state,
  ...{ nextDueAt: null, timer: null, deadline: null, run: null, runIsWhole: false, lastRunAt: null },
  ...{ runs: 0, failures: 0, beganAs: 0, broughtAs: 0 },
})

export function argumentsOf(task: TaskName, subject: Subject, signal: AbortSignal): RunArguments {
  if (task === 'portfolio_check') return [task, null, signal]
  if (subject === null) throw new Error(`${task} needs a symbol`)
  return [task, subject, signal]
}

export const statusOf = (entry: TaskEntry, enabled: boolean): TaskStatus => ({
  task: entry.task,
  enabled,
  intervalSeconds: entry.settings.intervalMs / 1000,
  lastRunAt: entry.lastRunAt,
  nextRunAt: entry.nextDueAt,
  runs: entry.runs,
  failures: entry.failures,
})
