import { describe, expect, it } from 'vitest'
import { problemText, SupervisorGaveUp } from '../../../actors/supervision/supervision-event.ts'
import { supervisor } from '../../../actors/supervision/supervisor.ts'
import { childOf, tree } from '../../../actors/supervision/tree.ts'
import {
  beneath,
  running,
  spec,
  startedTop,
  stopped,
  uncaughtFrom,
  unstartable,
  workDone,
  workshop,
} from './workshop.ts'

describe('giving up', () => {
  it('counts a child that cannot start, then stops everything and fails with the cause', () => {
    const errors = uncaughtFrom(() => {
      const { clock, gaveUp, story, root } = startedTop('one_for_one', [spec('a'), spec('b', { logic: unstartable })])
      const a = running(root, 'a')
      clock.advanceTo(5_000)
      expect(gaveUp).toHaveLength(1)
      expect(problemText(gaveUp[0])).toBe('top gave up on b, more than 3 restarts within 10000 ms: boom')
      expect(gaveUp[0]).toBeInstanceOf(SupervisorGaveUp)
      expect(story()).toEqual([
        'child.started a',
        'child.crashed b',
        'child.crashed b',
        'child.crashed b',
        'child.crashed b',
        'child.gaveUp b',
        'child.stopped a',
      ])
      expect(stopped(a)).toBe(true)
      expect(clock.nextDueAt()).toBeNull()
      expect(tree(root)).toMatchObject({
        status: 'gaveUp',
        children: [{ status: 'stopped' }, { status: 'gaveUp', restarts: 3, lastError: 'boom' }],
      })
    })
    expect(errors).toEqual([])
  })

  it('does not give up when the same number of crashes is spread out', () => {
    const { root, clock, gaveUp } = startedTop('one_for_one', [spec('a')])
    for (let times = 0; times < 20; times += 1) {
      running(root, 'a').send({ type: 'break' })
      clock.advanceTo(clock.now() + 5_000)
    }
    expect(gaveUp).toEqual([])
    expect(tree(root).children[0]?.restarts).toBe(20)
  })

  it('the supervisor above sees an ordinary crash, restarts the whole branch, and escalates in its turn', () => {
    const world = workshop()
    const inner = supervisor({
      ...world.settings,
      name: 'inner',
      strategy: 'one_for_one',
      intensity: { restarts: 1, periodMs: 10_000 },
      children: [spec('steady'), spec('hopeless', { logic: unstartable })],
    })
    const errors = uncaughtFrom(() => {
      const root = world.start(
        supervisor({
          ...world.settings,
          name: 'outer',
          strategy: 'one_for_one',
          intensity: { restarts: 1, periodMs: 10_000 },
          children: [spec('bystander'), beneath('inner', inner)],
        }),
      )
      const bystander = running(root, 'bystander')
      world.clock.advanceTo(150)
      expect(stopped(bystander)).toBe(false)
      world.clock.advanceTo(5_000)
      expect(stopped(bystander)).toBe(true)
    })
    expect(errors).toEqual([])
    expect(world.gaveUp.map(problemText)).toEqual([
      'outer gave up on inner, more than 1 restarts within 10000 ms: ' +
        'inner gave up on hopeless, more than 1 restarts within 10000 ms: boom',
    ])
    expect(world.story().filter((line) => line.startsWith('child.gaveUp'))).toEqual([
      'child.gaveUp hopeless',
      'child.gaveUp hopeless',
      'child.gaveUp inner',
    ])
  })

  it('a branch that comes back keeps its children’s states, but not the state that used the budget up', () => {
    const world = workshop()
    const inner = supervisor({
      ...world.settings,
      name: 'inner',
      strategy: 'one_for_one',
      intensity: { restarts: 0, periodMs: 10_000 },
      children: [spec('steady'), spec('culprit')],
    })
    const root = world.start(
      supervisor({ ...world.settings, name: 'outer', strategy: 'one_for_one', children: [beneath('inner', inner)] }),
    )
    running(root, 'inner', 'steady').send({ type: 'work' })
    running(root, 'inner', 'culprit').send({ type: 'work' })
    running(root, 'inner', 'culprit').send({ type: 'break' })
    world.clock.advanceTo(100)
    expect(workDone(running(root, 'inner', 'steady'))).toBe(1)
    expect(workDone(running(root, 'inner', 'culprit'))).toBe(0)
  })

  it('a branch that comes back asks beforeRestart of each child first', async () => {
    const asked: string[] = []
    const beforeRestart = async (id: string) => void asked.push(id)
    const world = workshop()
    const children = [spec('a', { beforeRestart }), spec('b', { beforeRestart })]
    const inner = supervisor({ ...world.settings, name: 'inner', strategy: 'one_for_all', children })
    const root = world.start(
      supervisor({
        ...world.settings,
        name: 'outer',
        strategy: 'rest_for_one',
        children: [spec('above'), beneath('inner', inner)],
      }),
    )
    running(root, 'inner', 'a').send({ type: 'work' })
    running(root, 'above').send({ type: 'break' })
    world.clock.advanceTo(100)
    expect(childOf(running(root, 'inner'), 'a')).toBeNull()
    await new Promise(setImmediate)
    expect(asked).toEqual(['a', 'b'])
    expect(workDone(running(root, 'inner', 'a'))).toBe(1)
  })

  it('a branch whose spec says fresh comes back as at the first start', () => {
    const world = workshop()
    const inner = supervisor({ ...world.settings, name: 'inner', strategy: 'one_for_one', children: [spec('a')] })
    const root = world.start(
      supervisor({
        ...world.settings,
        name: 'outer',
        strategy: 'one_for_all',
        children: [spec('above'), beneath('inner', inner, { restore: 'fresh' })],
      }),
    )
    running(root, 'inner', 'a').send({ type: 'work' })
    running(root, 'above').send({ type: 'break' })
    world.clock.advanceTo(100)
    expect(workDone(running(root, 'inner', 'a'))).toBe(0)
  })
})
