import { describe, expect, it } from 'vitest'
import { type AnyActorRef, fromCallback, setup } from 'xstate'
import { childOf, tree } from '../../../actors/supervision/tree.ts'
import { running, spec, startedTop, stopped, workDone } from './workshop.ts'

const abc = () => [spec('a'), spec('b'), spec('c')]

describe('strategies', () => {
  it('starts children down the list and stops them up the list', () => {
    const { root, story } = startedTop('one_for_one', abc())
    root.stop()
    expect(story()).toEqual([
      ...['a', 'b', 'c'].map((id) => `child.started ${id}`),
      ...['c', 'b', 'a'].map((id) => `child.stopped ${id}`),
    ])
  })

  it('one_for_one: a crash never touches siblings', () => {
    const { root, clock, story } = startedTop('one_for_one', abc())
    const [a, c] = [running(root, 'a'), running(root, 'c')]
    running(root, 'b').send({ type: 'break' })
    expect(childOf(root, 'b')).toBeNull()
    clock.advanceTo(100)
    expect([running(root, 'a'), running(root, 'c')]).toEqual([a, c])
    expect([stopped(a), stopped(c), stopped(running(root, 'b'))]).toEqual([false, false, false])
    expect(story().slice(3)).toEqual(['child.crashed b', 'child.restarted b'])
  })

  it('one_for_all: a crash stops all in reverse order and restarts all in order', () => {
    const { root, clock, story } = startedTop('one_for_all', abc())
    running(root, 'b').send({ type: 'break' })
    expect(tree(root).children.map((node) => node.status)).toEqual(['restarting', 'restarting', 'restarting'])
    clock.advanceTo(100)
    expect(story().slice(3)).toEqual([
      'child.crashed b',
      'child.stopped c',
      'child.stopped a',
      'child.restarted a',
      'child.restarted b',
      'child.restarted c',
    ])
  })

  it('rest_for_one: a crash takes only those started after it along', () => {
    const { root, clock, story } = startedTop('rest_for_one', abc())
    const a = running(root, 'a')
    running(root, 'b').send({ type: 'break' })
    clock.advanceTo(100)
    expect(running(root, 'a')).toBe(a)
    expect(story().slice(3)).toEqual(['child.crashed b', 'child.stopped c', 'child.restarted b', 'child.restarted c'])
  })

  it('rest_for_one: a crash further up takes over a restart that is still waiting', () => {
    const { root, clock, story } = startedTop('rest_for_one', abc())
    running(root, 'c').send({ type: 'break' })
    clock.advanceTo(50)
    running(root, 'a').send({ type: 'break' })
    clock.advanceTo(149)
    expect(childOf(root, 'c')).toBeNull()
    clock.advanceTo(10_000)
    expect(story().filter((line) => line.startsWith('child.restarted'))).toEqual(
      ['a', 'b', 'c'].map((id) => `child.restarted ${id}`),
    )
  })

  it('rest_for_one: those below wait while one above them cannot start', () => {
    let broken = true
    const input = () => {
      if (broken) throw new Error('no input yet')
    }
    const { root, clock, story } = startedTop('rest_for_one', [spec('a'), spec('b', { input }), spec('c')])
    expect(story()).toEqual(['child.started a', 'child.crashed b'])
    expect(childOf(root, 'c')).toBeNull()
    broken = false
    clock.advanceTo(100)
    expect(story().slice(2)).toEqual(['child.restarted b', 'child.restarted c'])
  })
})

describe('restart kinds', () => {
  it('transient: a normal end is final, also when a sibling takes all along', () => {
    const { root, clock } = startedTop('one_for_all', abc())
    running(root, 'a').send({ type: 'finish' })
    running(root, 'b').send({ type: 'break' })
    clock.advanceTo(100)
    expect(tree(root).children.map((node) => node.status)).toEqual(['stopped', 'running', 'running'])
  })

  it('permanent: a normal end restarts it from the beginning', () => {
    const { root, clock, events } = startedTop('one_for_one', [spec('a', { restart: 'permanent' })])
    running(root, 'a').send({ type: 'work' })
    running(root, 'a').send({ type: 'finish' })
    clock.advanceTo(100)
    expect(workDone(running(root, 'a'))).toBe(0)
    expect(events.at(-1)).toMatchObject({ type: 'child.restarted', from: 'fresh', restarts: 1 })
  })

  it('temporary: never comes back, neither after its crash nor after a sibling’s', () => {
    const { root, clock, gaveUp } = startedTop('one_for_all', [
      spec('a', { restart: 'temporary' }),
      spec('b', { restart: 'temporary' }),
      spec('c'),
    ])
    running(root, 'a').send({ type: 'break' })
    expect(stopped(running(root, 'c'))).toBe(false)
    running(root, 'c').send({ type: 'break' })
    clock.advanceTo(1_000)
    expect(tree(root).children.map((node) => node.status)).toEqual(['stopped', 'stopped', 'running'])
    expect(gaveUp).toEqual([])
  })
})

describe('events in the middle of other events', () => {
  it('two siblings that crash in one breath are one restart of all, once each', () => {
    let b: AnyActorRef | null = null
    const breakBoth = setup({}).createMachine({
      on: {
        go: {
          actions: () => {
            b?.send({ type: 'break' })
            throw new Error('me too')
          },
        },
      },
    })
    const { root, clock, story, gaveUp } = startedTop('one_for_all', [spec('a', { logic: breakBoth }), spec('b')])
    b = running(root, 'b')
    running(root, 'a').send({ type: 'go' })
    clock.advanceTo(5_000)
    expect(gaveUp).toEqual([])
    expect(story().filter((line) => line.startsWith('child.restarted'))).toEqual([
      'child.restarted a',
      'child.restarted b',
    ])
    expect(tree(root).children.map((node) => node.restarts)).toEqual([1, 1])
  })

  it('a child that is stopped in the middle of its own last step comes back like its siblings', () => {
    let b: AnyActorRef | null = null
    const lastStep = setup({}).createMachine({
      initial: 'working',
      states: {
        working: { on: { go: { target: 'finished', actions: () => b?.send({ type: 'break' }) } } },
        finished: { type: 'final' },
      },
    })
    const { root, clock, story } = startedTop('one_for_all', [spec('a', { logic: lastStep }), spec('b')])
    b = running(root, 'b')
    running(root, 'a').send({ type: 'go' })
    clock.advanceTo(100)
    expect(story().slice(2)).toEqual(['child.crashed b', 'child.stopped a', 'child.restarted a', 'child.restarted b'])
    expect(tree(root).children.map((node) => node.state)).toEqual(['working', 'working'])
  })

  it('a child that stops the tree while it is being restarted leaves nothing running', () => {
    let stop = (): void => {}
    const stopper = fromCallback(({ receive }) => {
      stop()
      receive(() => {
        throw new Error('boom')
      })
    })
    const { root, clock, events } = startedTop('one_for_all', [
      spec('a'),
      { id: 'b', logic: stopper, restart: 'permanent' },
      spec('c'),
    ])
    stop = () => root.stop()
    running(root, 'b').send({ type: 'anything' })
    clock.advanceTo(5_000)
    expect(events.slice(-3)).toMatchObject(['c', 'b', 'a'].map((child) => ({ type: 'child.stopped', child })))
    expect(tree(root).children.map((node) => node.status)).toEqual(['stopped', 'stopped', 'stopped'])
    expect(clock.nextDueAt()).toBeNull()
  })

  it('a restart that is due after the supervisor stopped never happens', async () => {
    let letGo = (): void => {}
    const beforeRestart = () =>
      new Promise<void>((resolve) => {
        letGo = resolve
      })
    const { root, clock, story } = startedTop('one_for_one', [spec('a', { beforeRestart }), spec('b')])
    running(root, 'a').send({ type: 'break' })
    running(root, 'b').send({ type: 'break' })
    clock.advanceTo(100)
    root.stop()
    letGo()
    await new Promise(setImmediate)
    clock.advanceTo(5_000)
    expect(story()).not.toContain('child.restarted a')
    expect(clock.nextDueAt()).toBeNull()
  })

  it('counts messages it has no answer to, and survives them', () => {
    const { root, events } = startedTop('one_for_one', [
      { id: 'a', logic: fromCallback(({ sendBack }) => sendBack({ type: 'hello.above' })), restart: 'permanent' },
    ])
    root.send({ type: 'spawn-child', spec: spec('late') })
    root.send({ type: 'stop-child', id: 'a' })
    root.send({ type: 'drain', deadlineAt: Number.NaN })
    expect(events.flatMap((event) => (event.type === 'supervisor.unhandled' ? [event.event] : []))).toEqual([
      'hello.above',
      'spawn-child',
      'stop-child',
      'drain',
    ])
    expect(root.getSnapshot().status).toBe('active')
  })
})
