import { describe, expect, it } from 'vitest'
import { fromPromise, type SnapshotFrom, setup } from 'xstate'
import { supervisor } from '../../../actors/supervision/supervisor.ts'
import { childOf, tree } from '../../../actors/supervision/tree.ts'
import { running, spec, startedTop, stopped, workDone, worker, workshop } from './workshop.ts'

describe('what a restart begins with', () => {
  it('the last good state, never the one that crashed', () => {
    const { root, clock, events } = startedTop('one_for_one', [spec('a')])
    running(root, 'a').send({ type: 'work' })
    running(root, 'a').send({ type: 'work' })
    running(root, 'a').send({ type: 'enter-broken' })
    clock.advanceTo(100)
    const snapshot = running(root, 'a').getSnapshot()
    expect([snapshot.value, snapshot.context.done]).toEqual(['working', 2])
    expect(events.at(-1)).toMatchObject({ type: 'child.restarted', from: 'last-good', problem: 'boom' })
  })

  it('fresh input, read again at each start, when the spec says so', () => {
    let ledger = 5
    const { root, clock } = startedTop('one_for_one', [
      spec('a', { restore: 'fresh', input: () => ({ done: ledger }) }),
    ])
    expect(workDone(running(root, 'a'))).toBe(5)
    ledger = 9
    running(root, 'a').send({ type: 'break' })
    clock.advanceTo(100)
    expect(workDone(running(root, 'a'))).toBe(9)
  })

  it('a promise child that was waiting when its machine crashed is asked again with its first input', async () => {
    const asked: number[] = []
    const submitting = setup({
      actors: {
        submit: fromPromise<string, number>(({ input }) => {
          asked.push(input)
          return asked.length === 1 ? Promise.reject(new Error('line cut')) : Promise.resolve('acknowledged')
        }),
      },
    }).createMachine({
      initial: 'submitting',
      states: { submitting: { invoke: { src: 'submit', input: 7, onDone: 'acked' } }, acked: {} },
    })
    const { root, clock } = startedTop('one_for_one', [{ id: 'a', logic: submitting, restart: 'transient' }])
    await new Promise(setImmediate)
    expect(tree(root).children[0]).toMatchObject({ status: 'restarting', lastError: 'line cut' })
    clock.advanceTo(100)
    await new Promise(setImmediate)
    expect(asked).toEqual([7, 7])
    expect(running(root, 'a').getSnapshot().value).toBe('acked')
  })

  it('waits for beforeRestart, then tells onRestored, and asks neither at the first start', async () => {
    const steps: string[] = []
    let letGo = (): void => {}
    const { root, clock } = startedTop('one_for_one', [
      spec('a', {
        beforeRestart: (id) => {
          steps.push(`before ${id}`)
          return new Promise((resolve) => {
            letGo = resolve
          })
        },
        onRestored: (ref) => {
          steps.push(`restored ${ref.id}`)
          ref.send({ type: 'work' })
        },
      }),
    ])
    expect(steps).toEqual([])
    running(root, 'a').send({ type: 'break' })
    clock.advanceTo(5_000)
    await new Promise(setImmediate)
    expect(childOf(root, 'a')).toBeNull()
    letGo()
    await new Promise(setImmediate)
    expect(steps).toEqual(['before a', 'restored a'])
    expect(workDone(running(root, 'a'))).toBe(1)
  })

  it('a beforeRestart that rejects is one more crash, with a longer wait', async () => {
    let refusals = 1
    const beforeRestart = async () => {
      refusals -= 1
      if (refusals >= 0) throw new Error('journal away')
    }
    const { root, clock, events } = startedTop('one_for_one', [spec('a', { beforeRestart })])
    clock.advanceTo(100_000)
    running(root, 'a').send({ type: 'break' })
    clock.advanceTo(100_100)
    await new Promise(setImmediate)
    expect(events.at(-1)).toMatchObject({ type: 'child.crashed', problem: 'journal away', restartInMs: 200 })
    clock.advanceTo(100_300)
    await new Promise(setImmediate)
    expect(stopped(running(root, 'a'))).toBe(false)
  })

  it('rest_for_one: a beforeRestart that rejects holds all that restart back, and none is lost', async () => {
    let refusals = 1
    const beforeRestart = async () => {
      refusals -= 1
      if (refusals >= 0) throw new Error('journal away')
    }
    const { root, clock } = startedTop('rest_for_one', [spec('a'), spec('b'), spec('c', { beforeRestart })])
    running(root, 'b').send({ type: 'break' })
    clock.advanceTo(100)
    await new Promise(setImmediate)
    expect(tree(root).children.map((node) => node.status)).toEqual(['running', 'restarting', 'restarting'])
    clock.advanceTo(1_000)
    await new Promise(setImmediate)
    expect(tree(root).children.map((node) => node.status)).toEqual(['running', 'running', 'running'])
  })

  it('an onRestored that throws is one more crash', () => {
    let failures = 1
    const onRestored = () => {
      failures -= 1
      if (failures >= 0) throw new Error('no recover command')
    }
    const { root, clock, story } = startedTop('one_for_one', [spec('a', { onRestored })])
    running(root, 'a').send({ type: 'break' })
    clock.advanceTo(300)
    expect(story()).toEqual(['child.started a', 'child.crashed a', 'child.crashed a', 'child.restarted a'])
    expect(stopped(running(root, 'a'))).toBe(false)
  })

  it('begins with input when its latest state could not be copied, rather than with an older one, and says so', () => {
    const picky: typeof worker = Object.create(worker, {
      getPersistedSnapshot: {
        value: (snapshot: SnapshotFrom<typeof worker>) => {
          if (snapshot.context.done > 1) throw new Error('cannot be copied')
          return worker.getPersistedSnapshot(snapshot)
        },
      },
    })
    const { root, clock, events } = startedTop('one_for_one', [spec('a', { logic: picky })])
    running(root, 'a').send({ type: 'work' })
    running(root, 'a').send({ type: 'work' })
    expect(events.at(-1)).toMatchObject({ type: 'child.notCheckpointed', problem: 'cannot be copied' })
    running(root, 'a').send({ type: 'break' })
    clock.advanceTo(100)
    expect(events.at(-1)).toMatchObject({ type: 'child.restarted', from: 'fresh' })
    expect(workDone(running(root, 'a'))).toBe(0)
  })
})

describe('back-off', () => {
  it('waits longer after each crash on the given clock, and briefly again after a quiet period', () => {
    const world = workshop()
    const root = world.start(
      supervisor({
        ...world.settings,
        intensity: { restarts: 100, periodMs: 1 },
        name: 'top',
        strategy: 'one_for_one',
        children: [spec('a')],
      }),
    )
    const waits: unknown[] = []
    const crash = () => {
      running(root, 'a').send({ type: 'break' })
      const last = world.events.at(-1)
      if (last?.type === 'child.crashed') waits.push(last.restartInMs)
      world.clock.advanceTo(world.clock.now() + 1_000)
    }
    for (let times = 0; times < 5; times += 1) crash()
    world.clock.advanceTo(world.clock.now() + 60_000)
    crash()
    expect(waits).toEqual([100, 200, 400, 800, 1_000, 100])
  })
})
