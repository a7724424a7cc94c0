import { describe, expect, it } from 'vitest'
import { fromTransition, setup } from 'xstate'
import { pool, supervisor } from '../../../actors/supervision/supervisor.ts'
import { childOf, tree } from '../../../actors/supervision/tree.ts'
import type { ActorNode } from '../../../src/ports/desk.ts'
import { beneath, running, spec, worker, workshop } from './workshop.ts'

const parallel = setup({ actors: { worker } }).createMachine({
  type: 'parallel',
  invoke: { src: 'worker', id: 'helper' },
  states: { left: { initial: 'on', states: { on: {} } }, right: {} },
})

describe('the supervision tree as data', () => {
  it('shows names, states, restarts, last errors and everything beneath', () => {
    const { settings, start, clock } = workshop()
    const orders = pool({ ...settings, name: 'orders' })
    const root = start(
      supervisor({
        ...settings,
        name: 'system',
        strategy: 'rest_for_one',
        children: [
          { id: 'both', logic: parallel, restart: 'permanent' },
          beneath('orders', orders),
          spec('once', { restart: 'temporary' }),
        ],
      }),
    )
    running(root, 'orders').send({ type: 'spawn-child', spec: spec('order-1') })
    running(root, 'orders', 'order-1').send({ type: 'break' })
    running(root, 'once').send({ type: 'break' })
    const shown: ActorNode = tree(root)
    const leaf = { restarts: 0, lastError: null, children: [] }
    expect(JSON.parse(JSON.stringify(shown))).toEqual({
      name: 'system',
      status: 'running',
      restarts: 0,
      lastError: null,
      state: null,
      children: [
        {
          ...leaf,
          name: 'both',
          status: 'running',
          state: 'left.on, right',
          children: [{ ...leaf, name: 'helper', status: 'running', state: 'working' }],
        },
        {
          ...leaf,
          name: 'orders',
          status: 'running',
          state: null,
          children: [{ ...leaf, name: 'order-1', status: 'restarting', state: null, lastError: 'boom' }],
        },
        { ...leaf, name: 'once', status: 'stopped', state: null, lastError: 'boom' },
      ],
    })
    clock.advanceTo(100)
    expect(tree(running(root, 'orders')).children[0]).toMatchObject({
      status: 'running',
      restarts: 1,
      state: 'working',
    })
  })

  it('shows the state of a machine that other logic wraps', () => {
    const { settings, start } = workshop()
    const plain = fromTransition((state: null) => state, null)
    const wrapping: typeof plain = {
      ...plain,
      getInitialSnapshot: (scope, input) => ({
        ...plain.getInitialSnapshot(scope, input),
        machine: { value: { open: 'waiting' } },
      }),
    }
    const children = [spec('a', { logic: wrapping })]
    const root = start(supervisor({ ...settings, name: 'top', strategy: 'one_for_one', children }))
    expect(tree(root).children[0]?.state).toBe('open.waiting')
  })

  it('knows no child that is not running', () => {
    const { settings, start } = workshop()
    const root = start(supervisor({ ...settings, name: 'top', strategy: 'one_for_one', children: [spec('a')] }))
    expect(childOf(root, 'b')).toBeNull()
    expect(childOf(running(root, 'a'), 'anything')).toBeNull()
    running(root, 'a').send({ type: 'finish' })
    expect(childOf(root, 'a')).toBeNull()
  })
})
