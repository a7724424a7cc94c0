import { describe, expect, it } from 'vitest'
import { setup } from 'xstate'
import type { ChildSpec } from '../../../actors/supervision/child-spec.ts'
import { drainTree } from '../../../actors/supervision/drain.ts'
import type { Strategy } from '../../../actors/supervision/policy.ts'
import { startRoot } from '../../../actors/supervision/root.ts'
import { pool, supervisor } from '../../../actors/supervision/supervisor.ts'
import { childOf, tree } from '../../../actors/supervision/tree.ts'
import { beneath, running, spec, workshop } from './workshop.ts'

/** Asked to finish, it tidies up until `tidied`. */
const orderly = setup({}).createMachine({
  initial: 'busy',
  states: {
    busy: { on: { 'finish-up': 'tidying' } },
    tidying: {
      on: {
        tidied: 'gone',
        break: {
          actions: () => {
            throw new Error('boom')
          },
        },
      },
    },
    gone: { type: 'final' },
  },
})

const draining = (id: string): ChildSpec => ({
  id,
  logic: orderly,
  restart: 'permanent',
  drain: (ref) => ref.send({ type: 'finish-up' }),
})

function started(strategy: Strategy, children: readonly ChildSpec[]) {
  const world = workshop()
  let isStopped = false
  const root = startRoot({
    logic: supervisor({ ...world.settings, name: 'top', strategy, children }),
    id: 'root',
    clock: world.clock,
    onGaveUp: (error) => void world.gaveUp.push(error),
    onStopped: () => {
      isStopped = true
    },
  })
  const states = () => tree(root).children.map((node) => `${node.name} ${node.state ?? node.status}`)
  return { ...world, root, states, stopped: () => isStopped }
}

describe('draining', () => {
  it('asks dependent children one after the other in reverse order and is done when the first one is', () => {
    const { root, states, stopped, events } = started('rest_for_one', [draining('a'), spec('b'), draining('c')])
    drainTree(root, 10_000)
    expect(tree(root).state).toBe('draining')
    expect(states()).toEqual(['a busy', 'b working', 'c tidying'])
    running(root, 'c').send({ type: 'tidied' })
    expect(states()).toEqual(['a tidying', 'b stopped', 'c stopped'])
    expect(stopped()).toBe(false)
    running(root, 'a').send({ type: 'tidied' })
    expect(stopped()).toBe(true)
    expect(
      events.flatMap((event) => (event.type === 'child.stopped' ? [`${event.child} ${event.reason}`] : [])),
    ).toEqual(['c drained', 'b drained', 'a drained'])
  })

  it('asks independent children all at once', () => {
    const { root, states } = started('one_for_one', [draining('a'), spec('b'), draining('c')])
    drainTree(root, 10_000)
    expect(states()).toEqual(['a tidying', 'b stopped', 'c tidying'])
  })

  it('stops what is not done at the deadline, last first, and nothing waits any longer', () => {
    const { root, clock, stopped, events } = started('one_for_one', [draining('a'), draining('b')])
    drainTree(root, 10_000)
    clock.advanceTo(9_999)
    expect(stopped()).toBe(false)
    clock.advanceTo(10_000)
    expect(stopped()).toBe(true)
    expect(events.slice(-2)).toMatchObject([
      { child: 'b', reason: 'deadline' },
      { child: 'a', reason: 'deadline' },
    ])
    expect(clock.nextDueAt()).toBeNull()
  })

  it('restarts nothing: neither what crashes meanwhile nor what was waiting for its restart', () => {
    const { root, clock, stopped, gaveUp, story } = started('one_for_one', [draining('a'), spec('b')])
    running(root, 'b').send({ type: 'break' })
    drainTree(root, 10_000)
    clock.advanceTo(1_000)
    expect(childOf(root, 'b')).toBeNull()
    running(root, 'a').send({ type: 'break' })
    expect(stopped()).toBe(true)
    clock.advanceTo(20_000)
    expect(story().filter((line) => line.startsWith('child.restarted'))).toEqual([])
    expect(gaveUp).toEqual([])
  })

  it('reaches through nested supervisors and pools, with one deadline for all', () => {
    const world = workshop()
    const orders = pool({ ...world.settings, name: 'orders' })
    const root = world.start(
      supervisor({
        ...world.settings,
        name: 'top',
        strategy: 'rest_for_one',
        children: [spec('journal'), beneath('orders', orders, { drain: drainTree })],
      }),
    )
    const poolRef = running(root, 'orders')
    poolRef.send({ type: 'spawn-child', spec: draining('x') })
    drainTree(root, 10_000)
    poolRef.send({ type: 'spawn-child', spec: spec('late') })
    expect(world.events.at(-1)).toMatchObject({ type: 'child.refused', problems: ['orders is draining'] })
    expect(childOf(root, 'journal')).not.toBeNull()
    running(root, 'orders', 'x').send({ type: 'tidied' })
    expect(root.getSnapshot().status).toBe('done')
    expect(world.clock.nextDueAt()).toBeNull()
  })

  it('a drain request that throws is a crash of that child, and the others still drain', () => {
    const broken: ChildSpec = {
      ...draining('b'),
      drain: () => {
        throw new Error('no such command')
      },
    }
    const { root, stopped, events } = started('rest_for_one', [draining('a'), broken])
    drainTree(root, 10_000)
    expect(events.at(-1)).toMatchObject({ child: 'b', problem: 'drain failed: no such command', restartInMs: null })
    running(root, 'a').send({ type: 'tidied' })
    expect(stopped()).toBe(true)
  })

  it('of a pool without children is done at once, and a second request changes nothing', () => {
    const { settings, start } = workshop()
    const empty = start(pool({ ...settings, name: 'orders' }))
    drainTree(empty, 10_000)
    expect(empty.getSnapshot().status).toBe('done')
    const { root, states, clock } = started('one_for_one', [draining('a')])
    drainTree(root, 10_000)
    drainTree(root, 1)
    clock.advanceTo(5_000)
    expect(states()).toEqual(['a tidying'])
  })

  it('can be cut short by stopping at once, and then nothing waits for the deadline', () => {
    const { root, clock, states } = started('rest_for_one', [draining('a'), draining('b')])
    drainTree(root, 10_000)
    root.stop()
    expect(states()).toEqual(['a stopped', 'b stopped'])
    expect(clock.nextDueAt()).toBeNull()
  })
})
