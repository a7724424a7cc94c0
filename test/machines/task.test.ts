/** What the task machine decides; that every event is answered in every state is walked in `paths.test.ts`. */
import { describe, expect, it } from 'vitest'
import { type Effect, start, step } from '../../machines/step.ts'
import { type TaskHears, taskMachine } from '../../machines/task.machine.ts'
import { pair } from '../../src/domain/ids.ts'

const NOON = Date.UTC(2026, 0, 5, 12)
const BTC = pair('BTC/USDT')
const TIMEOUT = 30_000

type Told<T> = T extends { readonly seenAt: number } ? Omit<T, 'seenAt'> : never

function task() {
  let current = start(taskMachine, { task: 'ta_analysis', timeoutMs: TIMEOUT })
  let now = NOON
  const effects: Effect[] = []
  const self = {
    hear: (...events: readonly Told<TaskHears>[]) => {
      for (const event of events) {
        current = step(taskMachine, current.state, { ...event, seenAt: now } as TaskHears)
        effects.push(...current.effects)
      }
      return self
    },
    after: (ms: number) => {
      now += ms
      return self
    },
    enabled: () => self.hear({ type: 'enable-task', firstAt: NOON }).forget(),
    running: () => self.enabled().hear({ type: 'run.begun', run: 1, dueAt: NOON }).forget(),
    forget: () => {
      effects.length = 0
      return self
    },
    get state() {
      return current.state.value
    },
    names: () => effects.map((effect) => effect.type),
    facts: () =>
      effects.flatMap(({ type, params }) => (type === 'publish-facts' ? (params as { facts: unknown[] }).facts : [])),
  }
  return self
}

const deadline = { type: 'deadline.reached', name: 'ta_analysis', dueAt: NOON + TIMEOUT } as const

describe('a task', () => {
  it('is disabled until it is enabled, and is planned then', () => {
    const one = task()
    expect(one.hear({ type: 'run-task', by: 'ada', symbol: null, isFree: true }).facts()).toMatchObject([
      { type: 'command.refused', reason: 'the task is disabled' },
    ])
    expect(one.forget().hear({ type: 'enable-task', firstAt: NOON }).names()).toEqual(['plan-runs'])
    expect(one.state).toBe('idle')
  })

  it('runs against a deadline and is done within it', () => {
    const one = task().enabled().hear({ type: 'run.begun', run: 1, dueAt: NOON })
    expect([one.state, one.names()]).toEqual(['running', ['set-deadline']])
    one.hear({ type: 'run.ended', run: 1 }, deadline)
    expect([one.state, one.facts()]).toEqual(['done', []])
  })

  it('is aborted and late at its deadline, whatever the run still says', () => {
    const one = task().running().after(TIMEOUT).hear(deadline)
    expect(one.names()).toEqual(['publish-facts', 'abort-run'])
    expect(one.facts()).toEqual([{ type: 'task.late', task: 'ta_analysis', dueAt: NOON }])
    one.forget().hear({ type: 'run.failed', run: 1, symbol: BTC, problem: 'aborted' }, { type: 'run.ended', run: 1 })
    expect([one.state, one.names()]).toEqual(['late', []])
  })

  it('does not mind the deadline of a run before', () => {
    const one = task().running().hear({ type: 'run.ended', run: 1 }).after(10_000)
    one.hear({ type: 'run.begun', run: 2, dueAt: NOON + 10_000 }, deadline)
    expect(one.state).toBe('running')
  })

  it('says which symbol failed, lets the others go on, and has failed in the end', () => {
    const one = task().running().hear({ type: 'run.failed', run: 1, symbol: BTC, problem: 'no answer' })
    expect([one.state, one.facts()]).toEqual([
      'running',
      [{ type: 'task.failed', task: 'ta_analysis', symbol: BTC, problem: 'no answer' }],
    ])
    expect(one.hear({ type: 'run.ended', run: 1 }).state).toBe('failed')
  })

  it('fails in a routine run, and recovers in the next', () => {
    const one = task().enabled().hear({ type: 'run.failed', run: null, symbol: BTC, problem: 'broken' })
    expect(one.state).toBe('failed')
    expect(one.hear({ type: 'run.recovered' }).state).toBe('done')
  })

  it('leaves a time out while it runs, and says so', () => {
    const one = task()
      .running()
      .hear({ type: 'task.due', dueAt: NOON + 60_000 })
    expect([one.state, one.names(), one.facts()]).toEqual([
      'running',
      ['publish-facts'],
      [{ type: 'task.late', task: 'ta_analysis', dueAt: NOON + 60_000 }],
    ])
  })

  it('waits when it is due, and is late when its next time finds it waiting', () => {
    const one = task().enabled().hear({ type: 'task.due', dueAt: NOON })
    expect([one.state, one.facts()]).toEqual(['due', []])
    one.hear({ type: 'task.due', dueAt: NOON + 60_000 })
    expect([one.state, one.facts()]).toEqual(['due', [{ type: 'task.late', task: 'ta_analysis', dueAt: NOON }]])
    expect(one.hear({ type: 'run.begun', run: 1, dueAt: NOON + 60_000 }).state).toBe('running')
  })

  it('gives up its run and its plan when it is disabled', () => {
    const one = task().running().hear({ type: 'disable-task' })
    expect([one.state, one.names()]).toEqual(['disabled', ['abort-run', 'set-deadline', 'drop-plan']])
    expect(one.forget().hear({ type: 'run.ended', run: 1 }, deadline).names()).toEqual([])
  })

  it('begins by hand when a place is free', () => {
    const byHand = (isFree: boolean) => ({ type: 'run-task', by: 'ada', symbol: BTC, isFree }) as const
    expect(task().enabled().hear(byHand(true)).names()).toEqual(['publish-facts', 'begin-run'])
    expect(task().enabled().hear(byHand(false)).names()).toEqual(['publish-facts'])
    expect(task().running().hear(byHand(true)).facts()).toMatchObject([{ reason: 'it is running' }])
  })
})
