import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AnyActorRef } from 'xstate'
import type { Message } from '../../../actors/supervision/journaled.ts'
import { supervisor } from '../../../actors/supervision/supervisor.ts'
import { inputOf, STREAM, stateOf, tillHouse, totalOf } from './till.ts'
import { running, workshop } from './workshop.ts'

const sell = (cents: number, more: object = {}): Message => ({ type: 'sell', cents, seenAt: 10, ...more }) as Message

describe('write first, act afterwards', () => {
  it('lets no fact and no effect leave before what was heard is durable', async () => {
    const house = tillHouse()
    house.journal.hold()
    const till = house.start()
    till.send(sell(5))
    await Promise.resolve()
    expect(totalOf(till)).toBe(5)
    expect(house.left).toEqual([])

    house.journal.release()
    await house.journal.settled()
    expect(house.left[0]).toBe('fact opened')
    expect(house.left).toHaveLength(5)
  })

  it('lets facts leave before effects, each in the order in which they were decided', async () => {
    const house = tillHouse()
    const till = house.start()
    till.send(sell(5))
    till.send(sell(7))
    await house.journal.settled()
    const bell = (total: number) => `${STREAM} ring-bell {"total":${total}}`
    const drawer = (total: number) => `${STREAM} open-drawer {"total":${total}}`
    expect(house.left).toEqual([
      'fact opened',
      ...['fact sold 5', 'fact total 5', bell(5), drawer(5)],
      ...['fact sold 7', 'fact total 12', bell(12), drawer(12)],
    ])
  })

  it('journals a birth once: a stream that is in the journal already is not born again', async () => {
    const house = tillHouse()
    house.start(inputOf({ isNew: false }))
    await house.journal.settled()
    expect(await house.rows()).toEqual([])
    expect(house.left).toEqual([])
  })
})

describe('what is never journaled', () => {
  it('a message that makes the machine throw: the actor crashes with the disk untouched', async () => {
    const house = tillHouse()
    const till = house.start()
    await house.journal.settled()
    const before = await house.rows()
    till.send({ type: 'break', seenAt: 10 })
    await house.journal.settled()
    expect(till.getSnapshot().status).toBe('error')
    expect(await house.rows()).toEqual(before)
  })

  it('an event that the present state has no answer to: it is counted and changes nothing', async () => {
    const house = tillHouse()
    const till = house.start()
    await house.journal.settled()
    const before = stateOf(till)
    till.send({ type: 'start-till', seenAt: 10 })
    await house.journal.settled()
    expect(house.unhandled).toEqual([`${STREAM} start-till in "open"`])
    expect(stateOf(till)).toBe(before)
    expect((await house.rows()).map((row) => row.type)).toEqual(['start-till', 'system.draining'])
  })
})

describe('a fact or an effect that cannot leave', () => {
  it.each(['fact total 5', `${STREAM} ring-bell`])('(%s) crashes the actor: it is not left half told', async (what) => {
    const house = tillHouse({ refuses: what })
    const till = house.start()
    till.send(sell(5))
    await house.journal.settled()
    expect(till.getSnapshot()).toMatchObject({ status: 'error', error: new Error(`${what} cannot leave`) })
    expect((await house.rows()).filter((row) => row.type === 'sell')).toHaveLength(1)
    expect(house.journal.failures).toEqual([])
  })

  it('lets the supervisor bring it back, with what was journaled, to say what it may have missed', async () => {
    const house = tillHouse({ refuses: `${STREAM} ring-bell` })
    const world = workshop()
    const restored: number[] = []
    const till = {
      ...{ id: STREAM, logic: house.logic, input: () => inputOf(), restart: 'transient' as const },
      beforeRestart: () => house.journal.settled(),
      onRestored: (ref: AnyActorRef) => void restored.push(totalOf(ref)),
    }
    const root = world.start(supervisor({ ...world.settings, name: 'top', strategy: 'one_for_one', children: [till] }))
    running(root, STREAM).send(sell(5))
    await house.journal.settled()
    world.clock.advanceTo(1_000)
    await new Promise((resolve) => setImmediate(resolve))
    expect(restored).toEqual([5])
  })
})

describe('the end of a journaled actor', () => {
  it('waits for its last append: the machine is done, the actor lives until the disk has it', async () => {
    const house = tillHouse()
    const till = house.start()
    till.subscribe({ complete: () => void house.left.push('the actor is done') })
    await house.journal.settled()
    house.journal.hold()
    till.send(sell(5))
    till.send({ type: 'shut', seenAt: 11 })
    await Promise.resolve()
    expect(stateOf(till).machine.status).toBe('done')
    expect(till.getSnapshot().status).toBe('active')

    house.journal.release()
    await house.journal.settled()
    expect(till.getSnapshot().status).toBe('done')
    expect(house.left.slice(-2)).toEqual(['fact closed', 'the actor is done'])
  })

  it('is not brought forward by an event that comes after the machine is done', async () => {
    const house = tillHouse()
    const till = house.start()
    house.journal.hold()
    till.send({ type: 'shut', seenAt: 11 })
    till.send(sell(5))
    expect(till.getSnapshot().status).toBe('active')
    expect(totalOf(till)).toBe(0)
    expect(house.unhandled).toEqual([`${STREAM} sell in "closed"`])
    house.journal.release()
    await house.journal.settled()
    expect(till.getSnapshot().status).toBe('done')
  })

  it('stops at once when it is told to', () => {
    const house = tillHouse()
    house.journal.hold()
    const till = house.start()
    till.stop()
    expect(till.getSnapshot().status).toBe('stopped')
  })
})

describe('a restart by the supervisor', () => {
  it('comes back with the last good state, after the appends that were on their way', async () => {
    const house = tillHouse()
    const world = workshop()
    const till = {
      ...{ id: STREAM, logic: house.logic, input: () => inputOf(), restart: 'transient' as const },
      beforeRestart: () => house.journal.settled(),
      onRestored: () => void house.left.push('restored'),
    }
    const top = supervisor({ ...world.settings, name: 'top', strategy: 'one_for_one', children: [till] })
    const root = world.start(top)
    await house.journal.settled()
    house.journal.hold()
    running(root, STREAM).send(sell(5))
    running(root, STREAM).send({ type: 'break' })
    world.clock.advanceTo(1_000)
    await new Promise((resolve) => setImmediate(resolve))
    expect(house.left).toEqual(['fact opened'])

    house.journal.release()
    await new Promise((resolve) => setImmediate(resolve))
    expect(house.left.at(-2)).toBe(`${STREAM} open-drawer {"total":5}`)
    expect(house.left.at(-1)).toBe('restored')
    const again = running(root, STREAM)
    expect(totalOf(again)).toBe(5)
    expect(stateOf(again).unreleased).toBe(0)

    again.send(sell(1))
    again.send({ type: 'shut', seenAt: 12 })
    await house.journal.settled()
    expect(again.getSnapshot().status).toBe('done')
    const rows = await house.rows()
    expect(rows.filter((row) => row.kind === 'heard').map((row) => row.type)).toEqual([
      'start-till',
      'sell',
      'sell',
      'shut',
    ])
  })

  it('of one whose machine was done ends at once: nothing of it is waited for', () => {
    const house = tillHouse()
    house.journal.hold()
    const till = house.start()
    till.send({ type: 'shut', seenAt: 11 })
    const checkpoint = till.getPersistedSnapshot()
    expect(house.logic.restoreSnapshot?.(checkpoint, {} as never)).toMatchObject({ status: 'done', unreleased: 0 })
  })
})

describe('replay of a stream', () => {
  it('gives the state that the stopped process had, and lets nothing leave a second time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 12 }), async (sales) => {
        const house = tillHouse()
        const till = house.start()
        for (const cents of sales) till.send(sell(cents))
        await house.journal.settled()
        const heard = (await house.rows()).filter((row) => row.kind === 'heard')
        const [birth, ...history] = heard.map((row) => ({ ...row.body, type: row.type }) as Message)
        if (birth === undefined) throw new Error('no birth in the journal')

        const next = tillHouse()
        const revived = next.start(inputOf({ birth, history, isNew: false }))
        await next.journal.settled()
        expect(stateOf(revived).machine.context).toEqual(stateOf(till).machine.context)
        expect(stateOf(revived).machine.value).toEqual(stateOf(till).machine.value)
        expect(next.left).toEqual([])
        expect(await next.rows()).toEqual([])
      }),
      { numRuns: 30, seed: 20_251_103 },
    )
  })
})

describe('who caused what', () => {
  it('a fact names the message it follows from, and its story', async () => {
    const house = tillHouse()
    house.start().send(sell(5, { causedBy: 'cause-1' }))
    await house.journal.settled()
    const rows = await house.rows()
    const heard = rows.find((row) => row.type === 'sell')
    expect(heard).toMatchObject({ causationId: 'cause-1', correlationId: 'story', at: 10 })
    expect(heard?.body).toEqual({ cents: 5, seenAt: 10 })
    const [, sold, total] = house.facts
    expect([sold?.causedBy, total?.causedBy]).toEqual([heard?.id, heard?.id])
    expect([sold?.correlationId, total?.correlationId]).toEqual(['story', 'story'])
    expect(new Set(house.correlations)).toEqual(new Set(['story']))
  })

  it("a message's own story goes before the stream's", async () => {
    const house = tillHouse()
    house.start().send(sell(5, { correlationId: 'of the signal' }))
    await house.journal.settled()
    expect(house.facts.map((fact) => fact.correlationId)).toEqual(['story', 'of the signal', 'of the signal'])
    expect(house.correlations).toEqual(['of the signal', 'of the signal'])
  })

  it('in a stream of many stories, a message without one begins one', async () => {
    const house = tillHouse()
    const till = house.start(inputOf({ correlationId: null }))
    till.send(sell(5, { correlationId: 'of the signal' }))
    till.send(sell(6))
    await house.journal.settled()
    const stories = house.facts.map((fact) => fact.correlationId)
    const heard = (await house.rows()).filter((row) => row.kind === 'heard')
    expect(stories).toEqual([heard[0]?.id, ...['of the signal', 'of the signal'], ...[heard[2]?.id, heard[2]?.id]])
  })

  it("keeps the venue's time apart from ours, and says where a fact comes from", async () => {
    const house = tillHouse()
    house.start().send(sell(5, { at: 3, origin: 'reconciled' }))
    await house.journal.settled()
    expect(house.facts[1]).toMatchObject({ at: 3, seenAt: 10, origin: 'reconciled' })
    expect(house.facts[2]).toMatchObject({ at: 10, seenAt: 10, origin: 'reconciled' })
    expect(house.facts[0]).toMatchObject({ origin: 'live' })
    expect(Object.isFrozen(house.facts[1])).toBe(true)
  })
})

it('ids, order and hash are the same however many entries reach the disk at once', async () => {
  const run = async (holdFrom: number, holdTo: number) => {
    const house = tillHouse()
    const till = house.start()
    for (let index = 0; index < 8; index += 1) {
      if (index === holdFrom) house.journal.hold()
      till.send(sell(index))
      if (index === holdTo) house.journal.release()
      await Promise.resolve()
    }
    house.journal.release()
    await house.journal.settled()
    return { rows: await house.rows(), left: house.left, hash: house.journal.hash() }
  }
  const oneByOne = await run(99, 99)
  for (const [from, to] of [
    [0, 7],
    [2, 4],
    [5, 99],
  ] as const)
    expect(await run(from, to)).toEqual(oneByOne)
})
