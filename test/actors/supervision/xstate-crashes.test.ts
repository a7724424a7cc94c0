/** What plain XState 5 does that would cost money, held still here so that an upgrade shows, and what this library makes of it. */
import { describe, expect, it } from 'vitest'
import { type AnyActorRef, createActor, enqueueActions, fromCallback, fromTransition, setup, spawnChild } from 'xstate'
import { killTree } from '../../../actors/supervision/kill-tree.ts'
import { watch } from '../../../actors/supervision/root.ts'
import { tree } from '../../../actors/supervision/tree.ts'
import { running, spec, startedTop, uncaughtFrom, unstartable, worker } from './workshop.ts'

const isActive = (ref: AnyActorRef | undefined) => ref?.getSnapshot().status === 'active'

/** Spawns a grandchild and a great-grandchild, then breaks on command. */
const family = setup({
  actors: {
    parenting: setup({ actors: { worker } }).createMachine({
      entry: spawnChild('worker', { id: 'leaf', systemId: 'leaf' }),
    }),
  },
}).createMachine({
  entry: spawnChild('parenting', { id: 'middle', systemId: 'middle' }),
  on: {
    break: {
      actions: () => {
        throw new Error('boom')
      },
    },
  },
})

describe('a crash', () => {
  it('without a matching transition kills the parent in plain XState, and the siblings with it', () => {
    const parent = setup({ actors: { worker } }).createMachine({
      entry: [spawnChild('worker', { id: 'a' }), spawnChild('worker', { id: 'b' })],
    })
    const root = createActor(parent)
    root.subscribe({ error: () => {} })
    root.start()
    const { a, b } = root.getSnapshot().children
    a?.send({ type: 'break' })
    expect([root.getSnapshot().status, isActive(b)]).toEqual(['error', false])
  })

  it('kills neither a supervisor nor a sibling, and nothing reaches uncaughtException', () => {
    const errors = uncaughtFrom(() => {
      const { root } = startedTop('one_for_one', [spec('a'), spec('b'), spec('c', { logic: unstartable })])
      running(root, 'a').send({ type: 'break' })
      expect([isActive(root), isActive(running(root, 'b'))]).toEqual([true, true])
    })
    expect(errors).toEqual([])
  })

  it('leaves the crashed actor’s children running in plain XState', () => {
    const parent = setup({ actors: { family } }).createMachine({
      entry: spawnChild('family', { id: 'family' }),
      on: { 'xstate.error.actor.*': {} },
    })
    const root = createActor(parent).start()
    root.getSnapshot().children.family?.send({ type: 'break' })
    expect([isActive(root.system.get('middle')), isActive(root.system.get('leaf'))]).toEqual([true, true])
  })

  it('of a supervised child stops its whole subtree, whose names are free for the next incarnation', () => {
    const { root, clock, gaveUp } = startedTop('one_for_one', [{ id: 'family', logic: family, restart: 'transient' }])
    const orphans = [root.system.get('middle'), root.system.get('leaf')]
    expect(orphans.map(isActive)).toEqual([true, true])
    running(root, 'family').send({ type: 'break' })
    expect(orphans.map(isActive)).toEqual([false, false])
    clock.advanceTo(100)
    expect(gaveUp).toEqual([])
    expect(tree(root).children[0]).toMatchObject({ status: 'running', restarts: 1 })
    expect([isActive(root.system.get('middle')), isActive(root.system.get('leaf'))]).toEqual([true, true])
  })

  it('becomes an uncaught exception when anyone observes the child without an error callback, and does not with watch()', () => {
    const { root } = startedTop('one_for_one', [spec('careless'), spec('careful')])
    const careless = uncaughtFrom(() => {
      running(root, 'careless').subscribe(() => {})
      running(root, 'careless').send({ type: 'break' })
    })
    const careful = uncaughtFrom(() => {
      watch(
        running(root, 'careful'),
        () => {},
        () => {},
      )
      running(root, 'careful').send({ type: 'break' })
    })
    expect([careless, careful]).toEqual([['Error: boom'], []])
  })

  it('leaves a snapshot that must not be restored: an actor whose entry threw would count as having entered', () => {
    const crashed = createActor(worker)
    crashed.subscribe({ error: () => {} })
    crashed.start()
    crashed.send({ type: 'enter-broken' })
    expect(crashed.getPersistedSnapshot().status).toBe('error')
    const { root, clock } = startedTop('one_for_one', [spec('a')])
    running(root, 'a').send({ type: 'enter-broken' })
    clock.advanceTo(100)
    expect(running(root, 'a').getSnapshot()).toMatchObject({ status: 'active', value: 'working' })
  })

  it('while being stopped still stops the child, is reported, and restarts nothing', () => {
    const clumsy = fromTransition((state: null, event: { type: string }) => {
      if (event.type === 'xstate.stop') throw new Error('fell on the way out')
      return state
    }, null)
    const { root, clock, events } = startedTop('one_for_one', [
      spec('a'),
      { id: 'b', logic: clumsy, restart: 'permanent' },
    ])
    const a = running(root, 'a')
    root.stop()
    clock.advanceTo(5_000)
    expect(isActive(a)).toBe(false)
    expect(events.find((event) => event.type === 'child.crashed')).toMatchObject({ child: 'b', restartInMs: null })
    expect(tree(root).children.map((node) => node.status)).toEqual(['stopped', 'stopped'])
  })
})

describe('killTree', () => {
  it('stops an actor with everything beneath it, the last started first', () => {
    const order: string[] = []
    const leaf = (name: string) => fromCallback(() => () => void order.push(name))
    const parent = setup({ actors: { one: leaf('one'), two: leaf('two') } }).createMachine({
      entry: enqueueActions(({ enqueue }) => {
        enqueue.spawnChild('one', { id: 'one' })
        enqueue.spawnChild('two', { id: 'two' })
      }),
      on: {
        break: {
          actions: () => {
            throw new Error('boom')
          },
        },
      },
    })
    const root = createActor(parent)
    root.subscribe({ error: () => {} })
    root.start()
    root.send({ type: 'break' })
    expect(order).toEqual([])
    killTree(root)
    expect(order).toEqual(['two', 'one'])
  })
})
