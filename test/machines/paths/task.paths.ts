/** The task machine: runs in hand and runs that are over, whole runs and runs for one symbol. */
import { type TaskContext, type TaskHears, taskMachine } from '../../../machines/task.machine.ts'
import { pair } from '../../../src/domain/ids.ts'
import type { PathModel } from './explore.ts'

const seenAt = Date.UTC(2026, 0, 5, 12)
const BTC = pair('BTC/USDT')

function taskEvents({ run, deadlineAt }: TaskContext): readonly TaskHears[] {
  const runs = run === null ? [7] : [run, 7]
  return [
    { type: 'enable-task', firstAt: seenAt, seenAt },
    { type: 'disable-task', seenAt },
    ...[null, BTC].flatMap((symbol) =>
      [true, false].map((isFree) => ({ type: 'run-task', by: 'ada', symbol, isFree, seenAt }) as const),
    ),
    { type: 'task.due', dueAt: seenAt, seenAt },
    { type: 'task.missed', dueAt: seenAt, seenAt },
    { type: 'run.begun', run: 1, dueAt: seenAt, seenAt },
    ...[null, ...runs].map((one) => ({ type: 'run.failed', run: one, symbol: BTC, problem: 'no', seenAt }) as const),
    ...runs.map((one) => ({ type: 'run.ended', run: one, seenAt }) as const),
    { type: 'run.recovered', seenAt },
    { type: 'deadline.reached', name: 'ta_analysis', dueAt: 1, seenAt },
    ...(deadlineAt === null
      ? []
      : [{ type: 'deadline.reached', name: 'ta_analysis', dueAt: deadlineAt, seenAt: deadlineAt } as const]),
  ]
}

export const taskPaths: PathModel<typeof taskMachine> = {
  machine: taskMachine,
  input: { task: 'ta_analysis', timeoutMs: 30_000 },
  required: ['idle', 'due', 'running', 'done', 'late', 'failed'],
  events: ({ context }) => taskEvents(context),
  abstract: ({ run, deadlineAt, dueAt, hasFailed }) => [run, deadlineAt !== null, dueAt !== null, hasFailed],
  check: ({ before, event, after: { state, effects } }) => {
    const { run, deadlineAt } = state.context
    if ((state.value === 'running') !== (run !== null)) throw new Error(`${state.value} with run ${run}`)
    if ((run === null) !== (deadlineAt === null)) throw new Error('a run and its deadline belong together')
    const names = effects.map(({ type }) => type)
    if (names.includes('begin-run') && (event.type !== 'run-task' || !event.isFree))
      throw new Error('a run is begun that nobody asked for, or beyond the places there are')
    if (names.includes('abort-run') && before.value !== 'running') throw new Error('aborted without a run')
    if (before.value === 'disabled' && names.some((name) => name === 'begin-run'))
      throw new Error('a disabled task runs')
  },
}
