/** What plain XState 5 does that would cost money, held still here so that an upgrade shows, and what this library makes of it. */
import { describe, expect, it } from 'vitest'
import { type AnyActorRef, createActor, sendTo, setup, spawnChild } from 'xstate'
import { startRoot, watch } from '../../../actors/supervision/root.ts'
import { pool, supervisor } from '../../../actors/supervision/supervisor.ts'
import { childOf, tree } from '../../../actors/supervision/tree.ts'
import { running, spec, startedTop, uncaughtFrom, workDone, worker, workshop } from './workshop.ts'

const isActive = (ref: AnyActorRef | undefined) => ref?.getSnapshot().status === 'active'

describe('identity', () => {
  it('spawning the same id again leaves the old actor running in plain XState; a pool refuses', () => {
    const parent = setup({ actors: { worker } }).createMachine({
      on: { more: { actions: spawnChild('worker', { id: 'a' }) } },
    })
    const root = createActor(parent).start()
    root.send({ type: 'more' })
    const first = root.getSnapshot().children.a
    root.send({ type: 'more' })
    expect([first === root.getSnapshot().children.a, isActive(first)]).toEqual([false, true])

    const { settings, start, events } = workshop()
    const orders = start(pool({ ...settings, name: 'orders' }))
    orders.send({ type: 'spawn-child', spec: spec('a') })
    const kept = running(orders, 'a')
    orders.send({ type: 'spawn-child', spec: spec('a') })
    expect(running(orders, 'a')).toBe(kept)
    expect(events.at(-1)?.type).toBe('child.refused')
  })

  it('a systemId used twice kills the spawning parent in plain XState; here it is a crash of the second child alone', () => {
    const parent = setup({ actors: { worker } }).createMachine({
      on: { more: { actions: [spawnChild('worker', { systemId: 's' }), spawnChild('worker', { systemId: 's' })] } },
    })
    const root = createActor(parent)
    root.subscribe({ error: () => {} })
    root.start()
    root.send({ type: 'more' })
    expect(root.getSnapshot().status).toBe('error')

    const { settings, start, events, clock } = workshop()
    const top = start(
      supervisor({
        ...settings,
        name: 'top',
        strategy: 'one_for_one',
        children: [
          spec('a', { systemId: 's' }),
          { id: 'holder', logic: pool({ ...settings, name: 'holder' }), restart: 'permanent' },
        ],
      }),
    )
    running(top, 'a').send({ type: 'break' })
    running(top, 'holder').send({ type: 'spawn-child', spec: spec('thief', { systemId: 's' }) })
    clock.advanceTo(100)
    expect(events.findLast((event) => event.type === 'child.crashed')).toMatchObject({
      child: 'a',
      problem: "Actor with system ID 's' already exists.",
    })
    expect([isActive(top), isActive(running(top, 'holder', 'thief'))]).toEqual([true, true])
    running(top, 'holder').send({ type: 'stop-child', id: 'thief' })
    clock.advanceTo(1_000)
    expect(top.system.get('s')).toBe(running(top, 'a'))
  })
})

describe('messages', () => {
  it('to a stopped actor are lost in silence: so one asks for the present child, and gets null while it restarts', () => {
    const { root, clock } = startedTop('one_for_one', [spec('a')])
    const old = running(root, 'a')
    old.send({ type: 'break' })
    expect(() => old.send({ type: 'work' })).not.toThrow()
    expect(childOf(root, 'a')).toBeNull()
    clock.advanceTo(100)
    expect(workDone(running(root, 'a'))).toBe(0)
  })

  it('sent with sendTo(undefined) come back to the sender, and to an unknown id crash only the sender', () => {
    const heard: string[] = []
    const sender = setup({ types: { context: {} as { other?: AnyActorRef } } }).createMachine({
      context: {},
      on: {
        lost: { actions: sendTo(({ context }) => context.other as AnyActorRef, { type: 'echo' }) },
        unknown: { actions: sendTo('nobody', { type: 'echo' }) },
        echo: { actions: () => heard.push('echo') },
      },
    })
    const { root } = startedTop('one_for_one', [{ id: 'a', logic: sender, restart: 'transient' }, spec('b')])
    running(root, 'a').send({ type: 'lost' })
    expect(heard).toEqual(['echo'])
    running(root, 'a').send({ type: 'unknown' })
    expect(tree(root).children.map((node) => node.status)).toEqual(['restarting', 'running'])
  })

  it('an endless always-loop is a supervised crash rather than a hang when maxIterations is set', () => {
    const looping = setup({}).createMachine({
      options: { maxIterations: 50 },
      initial: 'still',
      states: { still: { on: { go: 'left' } }, left: { always: 'right' }, right: { always: 'left' } },
    })
    const { root } = startedTop('one_for_one', [{ id: 'a', logic: looping, restart: 'transient' }])
    running(root, 'a').send({ type: 'go' })
    expect(tree(root).children[0]?.status).toBe('restarting')
  })
})

describe('those who watch', () => {
  it('a throwing subscriber is an uncaught exception in plain XState; with watch() it is told to the watcher only', () => {
    const { root } = startedTop('one_for_one', [spec('a')])
    const heard: unknown[] = []
    const errors = uncaughtFrom(() => {
      const stop = watch(
        running(root, 'a'),
        () => {
          throw new Error('cannot draw')
        },
        (error) => heard.push(String(error)),
      )
      running(root, 'a').send({ type: 'work' })
      stop()
      running(root, 'a').send({ type: 'work' })
    })
    expect([errors, heard, workDone(running(root, 'a'))]).toEqual([[], ['Error: cannot draw'], 2])
    const plain = uncaughtFrom(() => {
      running(root, 'a').subscribe({
        next: () => {
          throw new Error('cannot draw')
        },
        error: () => {},
      })
      running(root, 'a').send({ type: 'work' })
    })
    expect(plain).toEqual(['Error: cannot draw'])
  })

  it('a throwing inspector brings nothing down', () => {
    const { settings, clock, gaveUp } = workshop()
    const heard: unknown[] = []
    const errors = uncaughtFrom(() => {
      const root = startRoot({
        logic: supervisor({ ...settings, name: 'top', strategy: 'one_for_one', children: [spec('a')] }),
        id: 'root',
        clock,
        onGaveUp: (error) => gaveUp.push(error),
        inspect: {
          next: () => {
            throw new Error('cannot inspect')
          },
          onError: (error) => heard.push(String(error)),
        },
      })
      running(root, 'a').send({ type: 'work' })
      expect(workDone(running(root, 'a'))).toBe(1)
    })
    expect([errors, gaveUp]).toEqual([[], []])
    expect(new Set(heard)).toEqual(new Set(['Error: cannot inspect']))
  })

  it('a throwing report brings nothing down and is shown in the tree', () => {
    const { settings, start, clock } = workshop()
    const report = () => {
      throw new Error('disk full')
    }
    const root = start(supervisor({ ...settings, report, name: 'top', strategy: 'one_for_one', children: [spec('a')] }))
    running(root, 'a').send({ type: 'break' })
    clock.advanceTo(100)
    expect(tree(root)).toMatchObject({
      lastError: 'reporting child.restarted failed: disk full',
      children: [{ status: 'running', restarts: 1 }],
    })
  })
})

describe('timers', () => {
  it('of a waiting restart are on the given clock, never in XState’s scheduler, which every stopping actor searches', () => {
    const { root, clock } = startedTop('one_for_one', [spec('a'), spec('b')])
    running(root, 'a').send({ type: 'break' })
    running(root, 'b').send({ type: 'break' })
    expect(root.system.getSnapshot()._scheduledEvents).toEqual({})
    expect(clock.nextDueAt()).toBe(100)
  })

  it('that a machine sets itself run on the given clock as well', () => {
    const waiting = setup({}).createMachine({
      initial: 'waiting',
      states: { waiting: { after: { 500: 'late' } }, late: {} },
    })
    const { root, clock } = startedTop('one_for_one', [{ id: 'a', logic: waiting, restart: 'permanent' }])
    clock.advanceTo(499)
    expect(tree(root).children[0]?.state).toBe('waiting')
    clock.advanceTo(500)
    expect(tree(root).children[0]?.state).toBe('late')
  })
})
