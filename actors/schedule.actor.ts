/**
 * When which task runs. One timer per task, each due time counted from the one before, so that nothing drifts; a task
 * whose dependencies have not run since its own last run waits for them; none runs beside itself, and a slow one delays
 * no other. A routine run is a plain call; the task's machine hears only what is not routine.
 */

import { type EffectOf, step } from '../machines/step.ts'
import { type TaskHears, taskMachine } from '../machines/task.machine.ts'
import { assertNever } from '../src/domain/assert.ts'
import type { Pair } from '../src/domain/ids.ts'
import { TASKS, type TaskName } from '../src/domain/tasks.ts'
import type { TaskStatus } from '../src/ports/desk.ts'
import type { House } from './house.ts'
import type { ScheduleMessage, Settled } from './messages.ts'
import { serving } from './supervision/serving.ts'
import { argumentsOf, newEntry, type RunArguments, statusOf, type TaskEntry } from './task-entry.ts'
import { createTaskRun, type Subject, type TaskRun } from './task-run.ts'

export interface ScheduleParts {
  /** Does the work. A throw or rejection is that symbol's failure; a promise should end when the signal is aborted. */
  run(...given: RunArguments): undefined | void | Promise<void>
  /** Whether the degradation level leaves this task out; its time then goes by. */
  isSkipped(task: TaskName): boolean
  /** As the coordinator has it at the start; the settings' word unless given. */
  isEnabled?(task: TaskName): boolean
  /** Tasks that may take time at once; 5. */
  readonly tasksAtOnce?: number
}

export interface Schedule {
  hear(message: ScheduleMessage): void
  taskStatuses(): readonly TaskStatus[]
  /** Runs that are not over: 0 means that nothing is in flight here. */
  readonly running: number
  /** Ends every timer and aborts every run, for good. */
  stop(): void
}

type TaskEffect = EffectOf<typeof taskMachine>

/** How soon a message is told again to a schedule that is being restarted. */
const KNOCK_MS = 1_000

export const scheduleLogic = (_house: House, schedule: Schedule) => serving<ScheduleMessage>(schedule.hear)

/** The schedule itself outlives its actor: a crash loses no due time and no run. */
export function createSchedule(house: House, parts: ScheduleParts): Schedule {
  const { addresses, clock, settings } = house
  const { tasksAtOnce = 5 } = parts
  const all = TASKS.map((task) => newEntry(task, settings.tasks[task]))
  const entries = Object.fromEntries(all.map((entry) => [entry.task, entry])) as Readonly<Record<TaskName, TaskEntry>>
  const toggled = new Map<TaskName, boolean>()
  let isStarted = false
  let isStopped = false
  let lastRun = 0
  let place = 0

  const isEnabled = (task: TaskName): boolean =>
    toggled.get(task) ?? parts.isEnabled?.(task) ?? settings.tasks[task].enabled
  const runningNow = (): number => all.filter((entry) => entry.run !== null).length

  /** Told to the actor, so that a fault in what follows is its own; again while it is being restarted. */
  function knock(message: () => ScheduleMessage): void {
    if (isStopped || addresses.tell('schedule', message())) return
    clock.at(clock.now() + KNOCK_MS, () => knock(message))
  }

  function tell(entry: TaskEntry, event: TaskHears): void {
    const before = String(entry.life.value)
    const next = step(taskMachine, entry.life, event)
    if (!next.handled) house.unhandled(`schedule ${entry.task}`, event.type, before)
    entry.life = next.state
    for (const effect of next.effects) perform(entry, effect as TaskEffect)
  }

  function perform(entry: TaskEntry, effect: TaskEffect): void {
    switch (effect.type) {
      case 'plan-runs':
        return plan(entry, effect.params.firstAt)
      case 'drop-plan':
        entry.timer?.cancel()
        entry.nextDueAt = null
        return
      case 'begin-run':
        return begin(entry, effect.params.dueAt, effect.params.symbol)
      case 'abort-run':
        entry.run?.abort()
        entry.run = null
        if (effect.params.because === 'late') entry.failures += 1
        return
      case 'set-deadline':
        return setDeadline(entry, effect.params.at)
      case 'publish-facts':
        for (const fact of effect.params.facts) house.state('coordinator', fact)
        return
      default:
        return assertNever(effect)
    }
  }

  function setDeadline(entry: TaskEntry, at: number | null): void {
    const name = entry.task
    entry.deadline?.cancel()
    entry.deadline = null
    if (at === null) return
    const rung = () => ({ type: 'deadline.reached', name, dueAt: at, seenAt: clock.now() }) as const
    entry.deadline = clock.at(at, () => knock(rung))
  }

  function plan(entry: TaskEntry, dueAt: number): void {
    const { task } = entry
    entry.timer?.cancel()
    entry.nextDueAt = dueAt
    entry.timer = clock.at(dueAt, () => knock(() => ({ type: 'task.due', task, seenAt: clock.now() })))
  }

  /** Plans the first time after now; returns the last one that has come. Counted from `dueAt`, so nothing drifts. */
  function planNext(entry: TaskEntry, dueAt: number, now: number): number {
    const { intervalMs } = entry.settings
    const latestAt = dueAt + Math.floor((now - dueAt) / intervalMs) * intervalMs
    plan(entry, latestAt + intervalMs)
    return latestAt
  }

  /** One timer serves everything that is due by now, in the order of the tasks, so that inputs come before outputs. */
  function serveDue(now: number): void {
    for (const entry of all)
      if (entry.nextDueAt !== null && entry.nextDueAt <= now) fallDue(entry, entry.nextDueAt, now)
  }

  function fallDue(entry: TaskEntry, dueAt: number, now: number): void {
    const latestAt = planNext(entry, dueAt, now)
    if (latestAt > dueAt) tell(entry, { type: 'task.missed', dueAt, seenAt: now })
    if (parts.isSkipped(entry.task)) return
    const isHeldUp = entry.life.value === 'running' || entry.life.value === 'due' || !mayBegin(entry)
    if (isHeldUp) tell(entry, { type: 'task.due', dueAt: latestAt, seenAt: now })
    else begin(entry, latestAt, null)
  }

  /** A dependency that is disabled or left out will not come, and is not waited for. */
  const mayBegin = (entry: TaskEntry): boolean =>
    runningNow() < tasksAtOnce &&
    entry.settings.dependsOn.every((name) => {
      const dependency = entries[name]
      return dependency.life.value === 'disabled' || parts.isSkipped(name) || dependency.broughtAs > entry.beganAs
    })

  function serveWaiting(): void {
    for (const entry of all) {
      const { dueAt } = entry.life.context
      const isWaiting = entry.life.value === 'due' && dueAt !== null && !parts.isSkipped(entry.task)
      if (isWaiting && mayBegin(entry)) begin(entry, dueAt, null)
    }
  }

  function begin(entry: TaskEntry, dueAt: number, only: Pair | null): void {
    const { task } = entry
    const now = clock.now()
    const number = ++lastRun
    const wholes: readonly Subject[] = task === 'portfolio_check' ? [null] : settings.symbols
    const run = createTaskRun({
      number,
      subjects: only === null || task === 'portfolio_check' ? wholes : [only],
      atOnce: entry.settings.symbolsAtOnce,
      work: (subject, signal) => parts.run(...argumentsOf(task, subject, signal)),
      onSettled: (settled) =>
        knock(() => ({ ...settled, type: 'run.settled', task, run: number, seenAt: clock.now() })),
    })
    entry.runs += 1
    entry.lastRunAt = now
    entry.runIsWhole = only === null
    if (only === null) entry.beganAs = ++place
    // A run that had waited until its next time serves that one too.
    if (only === null && entry.nextDueAt !== null && entry.nextDueAt <= now) planNext(entry, entry.nextDueAt, now)
    const wasAwaited = entry.life.value === 'due'
    if (wasAwaited) tell(entry, { type: 'run.begun', run: number, dueAt, seenAt: now })
    const failed = run.advance()
    const isCarried = wasAwaited || !run.isOver
    if (isCarried && !wasAwaited) tell(entry, { type: 'run.begun', run: number, dueAt, seenAt: now })
    for (const { subject, problem } of failed) sayFailed(entry, isCarried ? number : null, subject, problem ?? '')
    if (!run.isOver) entry.run = run
    else conclude(entry, run, isCarried)
  }

  const sayFailed = (entry: TaskEntry, run: number | null, symbol: Subject, problem: string): void =>
    tell(entry, { type: 'run.failed', run, symbol, problem, seenAt: clock.now() })

  function settle(entry: TaskEntry, number: number, settled: Settled): void {
    const { run } = entry
    if (run === null || run.number !== number) return
    run.release(settled)
    if (settled.problem !== null) sayFailed(entry, number, settled.subject, settled.problem)
    for (const { subject, problem } of run.advance()) sayFailed(entry, number, subject, problem ?? '')
    if (!run.isOver) return
    entry.run = null
    conclude(entry, run, true)
  }

  function conclude(entry: TaskEntry, run: TaskRun, isCarried: boolean): void {
    const seenAt = clock.now()
    if (run.failures > 0) entry.failures += 1
    if (entry.runIsWhole && run.failures < run.subjects) entry.broughtAs = ++place
    const { value } = entry.life
    if (isCarried) tell(entry, { type: 'run.ended', run: run.number, seenAt })
    else if (run.failures === 0 && (value === 'failed' || value === 'late'))
      tell(entry, { type: 'run.recovered', seenAt })
    serveWaiting()
  }

  function toggle(task: TaskName, enabled: boolean): void {
    toggled.set(task, enabled)
    if (!isStarted) return
    const seenAt = clock.now()
    tell(entries[task], enabled ? { type: 'enable-task', firstAt: seenAt, seenAt } : { type: 'disable-task', seenAt })
    serveWaiting()
  }

  function runByHand({ task, by, seenAt, ...asked }: Extract<ScheduleMessage, { type: 'run-task' }>): void {
    const symbol = asked.symbol ?? null
    if (symbol === null || settings.symbols.includes(symbol)) {
      return tell(entries[task], { type: 'run-task', by, symbol, isFree: runningNow() < tasksAtOnce, seenAt })
    }
    house.state('coordinator', {
      type: 'command.refused',
      command: 'run-task',
      by,
      reason: `${symbol} is not scheduled`,
    })
  }

  function begun(seenAt: number): void {
    if (isStarted) return
    isStarted = true
    for (const entry of all) {
      const firstAt = seenAt + entry.settings.firstAfterMs
      if (isEnabled(entry.task)) tell(entry, { type: 'enable-task', firstAt, seenAt })
    }
  }

  return {
    hear: (message) => {
      if (isStopped) return
      switch (message.type) {
        case 'start-schedule':
          return begun(message.seenAt)
        case 'task.due':
          return serveDue(message.seenAt)
        case 'task.toggled':
          return toggle(message.task, message.enabled)
        case 'run-task':
          return runByHand(message)
        case 'run.settled':
          return settle(entries[message.task], message.run, message)
        case 'deadline.reached': {
          const entry = TASKS.find((task) => task === message.name)
          if (entry === undefined) return house.unhandled('schedule', message.type, message.name)
          tell(entries[entry], message)
          return serveWaiting()
        }
        default:
          return assertNever(message)
      }
    },
    taskStatuses: () =>
      all.map((entry) => statusOf(entry, isStarted ? entry.life.value !== 'disabled' : isEnabled(entry.task))),
    get running() {
      return runningNow()
    },
    stop: () => {
      isStopped = true
      for (const entry of all) {
        entry.timer?.cancel()
        entry.deadline?.cancel()
        entry.run?.abort()
        entry.run = null
      }
    },
  }
}
