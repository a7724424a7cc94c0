/**
 * One scheduled task, as far as it is more than routine.
 *
 * A run that goes well at once is a plain call of the schedule and never heard here. What is heard: enabling and
 * disabling, runs asked for by hand, a time that came but cannot be used, runs that take time, and failures. A run that
 * is not over by its deadline is aborted; what it still answers carries an old number and is ignored.
 */
import { assign, setup } from 'xstate'
import type { DeadlineReached } from '../src/domain/commands.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import type { Pair } from '../src/domain/ids.ts'
import type { Heard } from '../src/domain/reports.ts'
import type { TaskName } from '../src/domain/tasks.ts'
import { effect } from './step.ts'

export interface TaskBirth {
  readonly task: TaskName
  readonly timeoutMs: number
}

export type TaskHears =
  | (Heard &
      (
        | { readonly type: 'enable-task'; readonly firstAt: number }
        | { readonly type: 'disable-task' }
        /** By hand: waits for no dependency. `isFree`: as many tasks as are allowed at once are not running yet. */
        | { readonly type: 'run-task'; readonly by: string; readonly symbol: Pair | null; readonly isFree: boolean }
        /** Its time came and it cannot begin: a dependency has not run, no place is free, or a run is still going on. */
        | { readonly type: 'task.due'; readonly dueAt: number }
        /** Noticed too late to be made up for: the clock jumped or the machine slept. */
        | { readonly type: 'task.missed'; readonly dueAt: number }
        /** A run that takes time, or one that was waited for. */
        | { readonly type: 'run.begun'; readonly run: number; readonly dueAt: number }
        /** `run` is null for a routine run, which was over at once. */
        | {
            readonly type: 'run.failed'
            readonly run: number | null
            readonly symbol: Pair | null
            readonly problem: string
          }
        | { readonly type: 'run.ended'; readonly run: number }
        /** The first routine run that went well after one that did not. */
        | { readonly type: 'run.recovered' }
      ))
  | DeadlineReached

export interface TaskContext extends TaskBirth {
  /** Of the run in hand; null while none is. */
  readonly run: number | null
  readonly deadlineAt: number | null
  /** The time that is waited for, or that the run in hand was due at. */
  readonly dueAt: number | null
  /** A symbol of the run in hand failed. */
  readonly hasFailed: boolean
  readonly lastProblem: string | null
}

const parts = setup({
  types: { context: {} as TaskContext, events: {} as TaskHears, input: {} as TaskBirth },
  actions: {
    'plan-runs': effect<{ firstAt: number }>(),
    'drop-plan': effect<Record<never, never>>(),
    'begin-run': effect<{ symbol: Pair | null; dueAt: number }>(),
    'abort-run': effect<{ because: 'late' | 'disabled' }>(),
    'set-deadline': effect<{ name: TaskName; at: number | null }>(),
    'publish-facts': effect<{ facts: readonly FactDraft[] }>(),
    awaitTime: assign((_, p: { dueAt: number }) => p),
    takeRun: assign((_, p: { run: number; dueAt: number; deadlineAt: number }) => ({ ...p, hasFailed: false })),
    dropRun: assign({ run: null, deadlineAt: null, dueAt: null, hasFailed: false }),
    noteProblem: assign((_, p: { problem: string }) => ({ hasFailed: true, lastProblem: p.problem })),
  },
  guards: {
    isFree: (_, p: { isFree: boolean }) => p.isFree,
    isWhole: (_, p: { symbol: Pair | null; isFree: boolean }) => p.symbol === null && p.isFree,
    isRoutine: (_, p: { run: number | null }) => p.run === null,
    isInHand: ({ context }, p: { run: number | null }) => context.run === p.run,
    isInHandAndFailed: ({ context }, p: { run: number | null }) => context.run === p.run && context.hasFailed,
    isDue: ({ context }, p: { dueAt: number }) => context.deadlineAt === p.dueAt,
  },
})

type C = { context: TaskContext }
type On<T extends TaskHears['type']> = C & { event: Extract<TaskHears, { type: T }> }

const ignore = (description: string) => ({ actions: [], description })
const publish = <G extends C>(fact: (given: G) => FactDraft) => ({
  type: 'publish-facts' as const,
  params: (given: G) => ({ facts: [fact(given)] }),
})
const accepted = publish(({ event }: On<'run-task'>) => ({
  type: 'command.accepted',
  command: 'run-task',
  by: event.by,
}))
const refused = (reason: string) => ({
  actions: [
    publish(({ event }: On<'run-task'>) => ({ type: 'command.refused', command: 'run-task', by: event.by, reason })),
  ],
  description: `Refused: ${reason}.`,
})
const noPlace = refused('as many tasks are running as may')

const wasLate = publish(({ context: { task }, event }: On<'task.due' | 'task.missed'>) => ({
  type: 'task.late',
  task,
  dueAt: event.dueAt,
}))
/** The time that was waited for, or the run in hand. */
const ownLate = publish(({ context: { task, dueAt }, event }: On<'task.due' | 'deadline.reached'>) => ({
  type: 'task.late',
  task,
  dueAt: dueAt ?? event.dueAt,
}))
const awaitTime = { type: 'awaitTime' as const, params: ({ event }: On<'task.due'>) => ({ dueAt: event.dueAt }) }
const failure = [
  { type: 'noteProblem' as const, params: ({ event }: On<'run.failed'>) => ({ problem: event.problem }) },
  publish(({ context: { task }, event: { symbol, problem } }: On<'run.failed'>) => ({
    type: 'task.failed',
    task,
    symbol,
    problem,
  })),
]

const clearDeadline = { type: 'set-deadline' as const, params: ({ context }: C) => ({ name: context.task, at: null }) }
const endRun = ['dropRun', clearDeadline] as const
const abort = (because: 'late' | 'disabled') => ({ type: 'abort-run' as const, params: { because } })
const inHand = {
  type: 'isInHand' as const,
  params: ({ event }: On<'run.ended' | 'run.failed'>) => ({ run: event.run }),
}
const inHandAndFailed = { ...inHand, type: 'isInHandAndFailed' as const }
const routine = { type: 'isRoutine' as const, params: ({ event }: On<'run.failed'>) => ({ run: event.run }) }
const free = { type: 'isFree' as const, params: ({ event }: On<'run-task'>) => ({ isFree: event.isFree }) }
const whole = {
  type: 'isWhole' as const,
  params: ({ event: { symbol, isFree } }: On<'run-task'>) => ({ symbol, isFree }),
}
const beginByHand = {
  type: 'begin-run' as const,
  params: ({ event }: On<'run-task'>) => ({ symbol: event.symbol, dueAt: event.seenAt }),
}
const begin = {
  target: 'running',
  actions: [
    {
      type: 'takeRun' as const,
      params: ({ context, event: { run, dueAt, seenAt } }: On<'run.begun'>) => ({
        run,
        dueAt,
        deadlineAt: seenAt + context.timeoutMs,
      }),
    },
    {
      type: 'set-deadline' as const,
      params: ({ context, event }: On<'run.begun'>) => ({ name: context.task, at: event.seenAt + context.timeoutMs }),
    },
  ],
}
const disable = { target: 'disabled', actions: ['dropRun' as const, { type: 'drop-plan' as const, params: {} }] }
const enabledAlready = ignore('Enabled already.')
const noRunInHand = {
  'run.ended': ignore('The end of a run that was aborted.'),
  'deadline.reached': ignore('The deadline of a run that is over.'),
}

/** Between two runs, however the last one went. */
const resting = {
  ...noRunInHand,
  'enable-task': enabledAlready,
  'disable-task': disable,
  'run-task': [{ guard: free, actions: [accepted, beginByHand] }, noPlace],
  'task.due': { target: 'due', actions: [awaitTime] },
  'task.missed': { actions: [wasLate] },
  'run.begun': begin,
  'run.failed': [
    { guard: routine, target: 'failed', actions: failure },
    ignore('The failure of a run that was aborted.'),
  ],
  'run.recovered': { target: 'done' },
}

export const taskMachine = parts.createMachine({
  id: 'task',
  description: 'One scheduled task: what is not routine about it.',
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    ...input,
    ...{ run: null, deadlineAt: null, dueAt: null, hasFailed: false, lastProblem: null },
  }),
  initial: 'disabled',
  states: {
    disabled: {
      description: 'Does not run, neither by time nor by hand, until it is enabled.',
      on: {
        ...noRunInHand,
        'enable-task': {
          target: 'idle',
          actions: [{ type: 'plan-runs', params: ({ event }: On<'enable-task'>) => ({ firstAt: event.firstAt }) }],
        },
        'disable-task': ignore('Disabled already.'),
        'run-task': refused('the task is disabled'),
        'task.due': ignore('A time from before it was disabled.'),
        'task.missed': ignore('A time from before it was disabled.'),
        'run.begun': ignore('The schedule begins nothing that is disabled.'),
        'run.failed': ignore('What a run that was aborted still says.'),
        'run.recovered': ignore('What a run that was aborted still says.'),
      },
    },
    idle: {
      description: 'Waits for its next time; every run so far was routine.',
      on: resting,
    },
    due: {
      description: 'Its time came; it begins as soon as its dependencies have run and a place is free.',
      on: {
        ...noRunInHand,
        'enable-task': enabledAlready,
        'disable-task': disable,
        'run-task': [
          { guard: whole, actions: [accepted, beginByHand], description: 'By hand it need not wait for dependencies.' },
          refused('it is due already and begins as soon as it can'),
        ],
        'task.due': { actions: [ownLate, awaitTime], description: 'The next time came while it still waited.' },
        'task.missed': { actions: [wasLate] },
        'run.begun': begin,
        'run.failed': ignore('What a run that was aborted still says.'),
        'run.recovered': ignore('The run that is waited for is still to come.'),
      },
    },
    running: {
      description: 'A run that takes time; none of the same task begins beside it.',
      on: {
        'enable-task': enabledAlready,
        'disable-task': { ...disable, actions: [abort('disabled'), clearDeadline, ...disable.actions] },
        'run-task': refused('it is running'),
        'task.due': { actions: [wasLate], description: 'A run takes longer than the interval: this time is left out.' },
        'task.missed': { actions: [wasLate] },
        'run.begun': ignore('One run at a time.'),
        'run.failed': [
          { guard: inHand, actions: failure, description: 'The other symbols go on.' },
          ignore('What a run that was aborted still says.'),
        ],
        'run.ended': [
          { guard: inHandAndFailed, target: 'failed', actions: endRun },
          { guard: inHand, target: 'done', actions: endRun },
          ignore('The end of a run that was aborted.'),
        ],
        'run.recovered': ignore('Told by routine runs alone.'),
        'deadline.reached': [
          {
            guard: { type: 'isDue', params: ({ event }: On<'deadline.reached'>) => ({ dueAt: event.dueAt }) },
            target: 'late',
            actions: [ownLate, abort('late'), 'dropRun'],
          },
          ignore('The deadline of an earlier run.'),
        ],
      },
    },
    done: {
      description: 'The last run took time, or followed a failure, and went well.',
      on: resting,
    },
    late: {
      description: 'The last run was not over by its deadline and was aborted.',
      on: resting,
    },
    failed: {
      description: 'The last run failed for at least one symbol.',
      on: resting,
    },
  },
})
