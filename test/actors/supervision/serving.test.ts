import { describe, expect, it } from 'vitest'
import { type AnyActorRef, assign, createActor, setup } from 'xstate'
import { type SteppedSnapshot, serving, stepped } from '../../../actors/supervision/serving.ts'
import { effect } from '../../../machines/step.ts'
import { running, startedTop } from './workshop.ts'

interface Told {
  readonly type: string
  readonly n?: number
}

const started = (logic: ReturnType<typeof serving<Told>>): AnyActorRef => {
  const actor = createActor(logic)
  actor.subscribe({ error: () => null })
  return actor.start()
}

describe('an actor that serves plain calls', () => {
  it('serves each message once, in order, also one that is sent while it serves', () => {
    const served: (number | undefined)[] = []
    const actor = started(
      serving((message) => {
        served.push(message.n)
        if (message.n === 1) actor.send({ type: 'told', n: 3 })
      }),
    )
    actor.send({ type: 'told', n: 1 })
    actor.send({ type: 'told', n: 2 })
    expect(served).toEqual([1, 3, 2])
  })

  it('does not mistake its own stopping for a message', () => {
    const served: string[] = []
    const actor = started(serving((message) => void served.push(message.type)))
    actor.send({ type: 'told' })
    actor.stop()
    expect(served).toEqual(['told'])
  })

  it('crashes alone on a throw, and its supervisor brings it back to serve the next message', () => {
    const served: string[] = []
    const logic = serving<Told>((message) => {
      if (message.type === 'poison') throw new Error('cannot be served')
      served.push(message.type)
    })
    const { root, clock, story } = startedTop('one_for_one', [
      { id: 'clerk', logic, input: () => undefined, restart: 'permanent' },
      { id: 'other', logic: serving<Told>(() => {}), input: () => undefined, restart: 'permanent' },
    ])
    const other = running(root, 'other')
    running(root, 'clerk').send({ type: 'poison' })
    clock.advanceTo(1_000)
    running(root, 'clerk').send({ type: 'again' })
    expect(served).toEqual(['again'])
    expect(running(root, 'other')).toBe(other)
    expect(story()).toContain('child.restarted clerk')
  })
})

const door = setup({
  types: {
    context: {} as { opened: number },
    input: {} as { type: string },
    events: {} as { type: 'open' } | { type: 'close' } | { type: 'break' } | { type: 'lock' },
  },
  actions: {
    'swing-door': effect<{ opened: number }>(),
    count: assign(({ context }) => ({ opened: context.opened + 1 })),
    explode: assign(() => {
      throw new Error('off its hinges')
    }),
  },
}).createMachine({
  id: 'door',
  context: { opened: 0 },
  initial: 'shut',
  states: {
    shut: {
      entry: { type: 'swing-door', params: ({ context }) => context },
      on: { open: { target: 'ajar', actions: 'count' }, lock: 'locked', break: { actions: 'explode' } },
    },
    ajar: { entry: { type: 'swing-door', params: ({ context }) => context }, on: { close: 'shut' } },
    locked: { type: 'final' },
  },
})

function doorway() {
  const performed: string[] = []
  const unhandled: string[] = []
  const logic = stepped(door, {
    perform: (actor, { type, params }) => void performed.push(`${actor} ${type} ${JSON.stringify(params)}`),
    unhandled: (actor, event, state) => void unhandled.push(`${actor} ${event} in ${state}`),
  })
  const start = (): AnyActorRef => {
    const actor = createActor(logic, { id: 'door', input: { type: 'start' } })
    actor.subscribe({ error: () => null })
    return actor.start()
  }
  return { performed, unhandled, logic, start }
}
const machineOf = (actor: AnyActorRef) => (actor.getSnapshot() as SteppedSnapshot).machine

describe('an actor whose machine needs no journal', () => {
  it('carries its effects out at once, those of its birth too', () => {
    const { performed, start } = doorway()
    const actor = start()
    expect(performed).toEqual(['door swing-door {"opened":0}'])
    actor.send({ type: 'open' })
    expect(performed.at(-1)).toBe('door swing-door {"opened":1}')
    expect(machineOf(actor).value).toBe('ajar')
  })

  it('counts an event without an answer and stays as it is', () => {
    const { unhandled, performed, start } = doorway()
    const actor = start()
    const before = actor.getSnapshot()
    actor.send({ type: 'close' })
    expect(unhandled).toEqual(['door close in "shut"'])
    expect(actor.getSnapshot()).toBe(before)
    expect(performed).toHaveLength(1)
  })

  it('ends with its machine', () => {
    const actor = doorway().start()
    actor.send({ type: 'lock' })
    expect(actor.getSnapshot().status).toBe('done')
  })

  it('stops when it is told to', () => {
    const actor = doorway().start()
    actor.stop()
    expect(actor.getSnapshot().status).toBe('stopped')
  })

  it('comes back from a crash as it was before, without doing its effects again', () => {
    const { performed, logic } = doorway()
    const { root, clock } = startedTop('one_for_one', [
      { id: 'door', logic, input: () => ({ type: 'start' }), restart: 'permanent' },
    ])
    const send = (type: string) => running(root, 'door').send({ type })
    for (const type of ['open', 'close', 'break']) send(type)
    clock.advanceTo(1_000)
    expect(machineOf(running(root, 'door'))).toMatchObject({ value: 'shut', context: { opened: 1 } })
    expect(performed).toHaveLength(3)
    send('open')
    expect(performed.at(-1)).toBe('door swing-door {"opened":2}')
  })
})
