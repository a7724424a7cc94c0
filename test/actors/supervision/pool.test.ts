import { describe, expect, it } from 'vitest'
import { fromTransition } from 'xstate'
import type { ChildSpec } from '../../../actors/supervision/child-spec.ts'
import { startRoot } from '../../../actors/supervision/root.ts'
import { pool, supervisor } from '../../../actors/supervision/supervisor.ts'
import { childOf, tree } from '../../../actors/supervision/tree.ts'
import { beneath, running, spec, workDone, workshop } from './workshop.ts'

function startedPool() {
  const world = workshop()
  const root = world.start(pool({ ...world.settings, name: 'orders' }))
  const spawn = (...specs: readonly ChildSpec[]) => {
    for (const child of specs) root.send({ type: 'spawn-child', spec: child })
  }
  return { ...world, root, spawn }
}

describe('a pool', () => {
  it('takes children in while it runs and forgets those that are done', () => {
    const { root, spawn, story } = startedPool()
    spawn(spec('a'), spec('b'))
    running(root, 'a').send({ type: 'finish' })
    expect(tree(root).children.map((node) => node.name)).toEqual(['b'])
    expect(story()).toEqual(['child.started a', 'child.started b', 'child.stopped a'])
  })

  it('restarts one that crashed, from its last good state, and leaves the others alone', () => {
    const { root, spawn, clock } = startedPool()
    spawn(spec('a'), spec('b'))
    const b = running(root, 'b')
    running(root, 'a').send({ type: 'work' })
    running(root, 'a').send({ type: 'break' })
    clock.advanceTo(100)
    expect(workDone(running(root, 'a'))).toBe(1)
    expect(running(root, 'b')).toBe(b)
  })

  it('forgets a temporary child that crashed', () => {
    const { root, spawn, clock } = startedPool()
    spawn(spec('a', { restart: 'temporary' }))
    running(root, 'a').send({ type: 'break' })
    clock.advanceTo(1_000)
    expect(tree(root).children).toEqual([])
  })

  it('refuses duplicates and malformed children by a report, and keeps running', () => {
    const { root, spawn, events } = startedPool()
    spawn(spec('a', { systemId: 'order-a' }))
    const a = running(root, 'a')
    spawn(spec('a'), spec('b', { systemId: 'order-a' }), spec(''), JSON.parse('null'))
    root.send({ type: 'stop-child', id: 'z' })
    expect(events.flatMap((event) => (event.type === 'child.refused' ? event.problems : []))).toEqual([
      "child id 'a' is already used",
      "systemId 'order-a' is already used",
      'a child has an empty id',
      'there is no child spec',
      "there is no child 'z'",
    ])
    expect(running(root, 'a')).toBe(a)
    expect(root.getSnapshot().status).toBe('active')
  })

  it('stops and forgets a child on command, also one that waits for its restart; its id and systemId are free again', () => {
    const { root, spawn, clock, story } = startedPool()
    spawn(spec('a', { systemId: 's' }))
    running(root, 'a').send({ type: 'break' })
    root.send({ type: 'stop-child', id: 'a' })
    clock.advanceTo(1_000)
    expect(tree(root).children).toEqual([])
    spawn(spec('a', { systemId: 's' }))
    root.send({ type: 'stop-child', id: 'a' })
    spawn(spec('a', { systemId: 's' }))
    expect(root.system.get('s')).toBe(running(root, 'a'))
    expect(story()).toEqual([
      'child.started a',
      'child.crashed a',
      'child.started a',
      'child.stopped a',
      'child.started a',
    ])
  })

  it('restarted by the supervisor above, it still has its children and their states', () => {
    const world = workshop()
    const children = [spec('journal'), beneath('orders', pool({ ...world.settings, name: 'orders' }))]
    const root = world.start(supervisor({ ...world.settings, name: 'top', strategy: 'rest_for_one', children }))
    for (const child of [spec('a'), spec('gone'), spec('once', { restart: 'temporary' })]) {
      running(root, 'orders').send({ type: 'spawn-child', spec: child })
    }
    running(root, 'orders', 'gone').send({ type: 'finish' })
    running(root, 'orders', 'a').send({ type: 'work' })
    running(root, 'journal').send({ type: 'break' })
    world.clock.advanceTo(100)
    expect(tree(running(root, 'orders')).children.map((node) => node.name)).toEqual(['a'])
    expect(workDone(running(root, 'orders', 'a'))).toBe(1)
  })

  it('gives up when its children crash too often together', () => {
    const { root, spawn, gaveUp } = startedPool()
    spawn(...['a', 'b', 'c', 'd', 'e'].map((id) => spec(id)))
    for (const id of ['a', 'b', 'c', 'd']) running(root, id).send({ type: 'break' })
    expect(gaveUp).toHaveLength(1)
    expect(childOf(root, 'e')).toBeNull()
  })
})

/** Counts every look at a child's spec, every message in the system, every call of a child's logic and every report. */
function workUnits(children: number) {
  const units = { specReads: 0, messages: 0, transitions: 0, checkpoints: 0, reports: 0 }
  const plain = fromTransition((state: number) => state + 1, 0)
  const logic: typeof plain = {
    ...plain,
    transition: (...args) => {
      units.transitions += 1
      return plain.transition(...args)
    },
    getPersistedSnapshot: (snapshot) => {
      units.checkpoints += 1
      return snapshot
    },
  }
  const { settings, clock } = workshop()
  const report = () => {
    units.reports += 1
  }
  const root = startRoot({
    logic: pool({ ...settings, report, name: 'orders' }),
    id: 'root',
    clock,
    onGaveUp: () => {},
    inspect: {
      next: (event) => {
        if (event.type === '@xstate.event') units.messages += 1
      },
      onError: () => {},
    },
  })
  const counted = (id: string): ChildSpec =>
    new Proxy<ChildSpec>(
      { id, logic, input: () => undefined, restart: 'transient' },
      {
        get: (target, key, receiver) => {
          units.specReads += 1
          return Reflect.get(target, key, receiver)
        },
      },
    )
  for (let n = 0; n < children; n += 1) root.send({ type: 'spawn-child', spec: counted(`order-${n}`) })
  for (let n = 0; n < children / 2; n += 1) root.send({ type: 'stop-child', id: `order-${n}` })
  const left = tree(root).children.length
  root.stop()
  return { units, left, registered: Object.keys(root.system.getAll()).length }
}

describe('ten thousand children', () => {
  it('cost ten times what a thousand cost, to start and to stop', () => {
    const thousand = workUnits(1_000)
    const tenThousand = workUnits(10_000)
    expect(tenThousand.left).toBe(5_000)
    for (const key of Object.keys(thousand.units) as (keyof typeof thousand.units)[]) {
      expect(tenThousand.units[key], key).toBeGreaterThan(0)
      expect(tenThousand.units[key], key).toBeLessThanOrEqual(10 * thousand.units[key])
    }
  })

  it('leave nothing behind once they are done, whatever their ids were', () => {
    const { root, spawn, clock } = startedPool()
    for (let n = 0; n < 2_000; n += 1) {
      spawn(spec(`order-${n}`, { systemId: `address-${n}` }))
      running(root, `order-${n}`).send({ type: 'finish' })
    }
    const { supervision } = root.getSnapshot()
    expect([supervision.roster.size, supervision.plans.size, supervision.restartTimes.length]).toEqual([0, 0, 0])
    expect(root.system.getAll()).toEqual({})
    expect(clock.nextDueAt()).toBeNull()
  })
})
