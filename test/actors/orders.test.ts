import { describe, expect, it } from 'vitest'
import type { Books } from '../../actors/books.ts'
import { createExchangeGateway } from '../../actors/exchange.actor.ts'
import { orderLogic } from '../../actors/order.actor.ts'
import { createOrderDesk } from '../../actors/orders.actor.ts'
import { orderId } from '../../src/domain/ids.ts'
import type { OrderRequest } from '../../src/domain/order.ts'
import {
  ALLOWED,
  balance,
  factOf,
  filledOrder,
  fillOf,
  orderOf,
  positionOf,
  requestOf,
  settle,
  tradingHouse,
} from './trading-house.ts'

const CAUSE = { correlationId: 'story' }
const STOP: Partial<OrderRequest> = {
  ...{ key: 'position-1/stop/1', side: 'sell', type: 'stop-loss', limitPrice: null, triggerPrice: '39000' },
  ...{ intent: 'reduce', purpose: 'stop' },
}
/** What the position bought under another key: 0.01 BTC that stops and exits may sell. */
const holding = (house: { readonly books: Books }): void => {
  const entry = orderOf('bought', requestOf({ key: 'position-1/entry/0' }))
  house.books.apply(filledOrder(entry, '40000', '0.01'))
}
const CORE: Partial<OrderRequest> = {
  ...{ key: 'plan-1/1/BTC', side: 'sell', intent: 'reduce', purpose: 'rebalance', book: 'core', positionId: null },
}

function orderHouse(mayOpenRisk = true) {
  const house = tradingHouse()
  house.openAccount([balance('BTC', '1'), balance('USDT', '10000')], { 'BTC/USDT': '40000' })
  const permission = { mayOpenRisk: () => mayOpenRisk }
  house.listenAs('exchange')
  const logic = orderLogic(house.house, createExchangeGateway(house.house, ALLOWED))
  const desk = createOrderDesk(house.house, logic, house.spawn, permission)
  const placed = (request = requestOf()): string => {
    const result = desk.place(request, CAUSE)
    if ('refused' in result) throw new Error(result.refused)
    return result.orderId
  }
  const asked = (method: string) => house.calls.filter((call) => call.method === method)
  return { ...house, desk, placed, asked }
}

describe('an intention', () => {
  it('is placed once: asked a second time it is refused before anything is written down', async () => {
    const { desk, placed, asked, journal } = orderHouse()
    placed()
    expect(desk.place(requestOf(), CAUSE)).toEqual({ refused: 'position-1/entry/1 was placed before' })
    await settle()
    expect(desk.place(requestOf(), CAUSE)).toHaveProperty('refused')
    expect(asked('place')).toHaveLength(1)
    expect(journal.countsByType()['place-order']).toBe(1)
  })

  it('is refused again after a restart: the books remember its key', async () => {
    const { desk, books } = orderHouse()
    books.apply(
      factOf({
        type: 'order.filled',
        order: orderOf('old', requestOf(), { status: 'FILLED' }),
        fill: fillOf('t', '40000', '0.01'),
      }),
    )
    expect(desk.place(requestOf(), CAUSE)).toHaveProperty('refused')
  })

  it('goes to the venue only once it is on the disk, under an id of ours', async () => {
    const { journal, placed, asked, told } = orderHouse()
    journal.hold()
    const id = placed()
    await settle()
    expect(asked('place')).toEqual([])
    journal.release()
    await settle()
    expect(asked('place').map((call) => call.order)).toMatchObject([{ clientOrderId: id, request: requestOf() }])
    expect(told('order.intended')[0]).toMatchObject({ correlationId: 'story' })
  })

  it('carries its story into every fact of the order', async () => {
    const { placed, asked, facts } = orderHouse()
    placed()
    await settle()
    asked('place')[0]?.answer({ kind: 'done', value: { venueOrderId: 'V1' } })
    await settle()
    expect(facts.map((fact) => fact.type)).toEqual(['order.intended', 'order.submitted', 'order.opened'])
    expect(new Set(facts.map((fact) => fact.correlationId))).toEqual(new Set(['story']))
  })
})

describe('a closed desk', () => {
  it.each<[string, Partial<OrderRequest>]>([
    ['an entry', {}],
    ['an increase', { intent: 'increase' }],
    ['a rebalance, also one that sells', CORE],
  ])('refuses %s', (_, changes) => {
    const { desk, spawnedKeys } = closedHouse()
    expect(desk.place(requestOf(changes), CAUSE)).toEqual({ refused: 'the process is stopping' })
    expect(spawnedKeys()).toEqual([])
  })

  it.each<[string, Partial<OrderRequest>]>([
    ['a stop', STOP],
    [
      'an exit',
      { ...STOP, key: 'position-1/exit/1', type: 'market', triggerPrice: null, intent: 'close', purpose: 'exit' },
    ],
  ])('takes %s', (_, changes) => {
    const { desk, books } = closedHouse()
    holding({ books })
    expect(desk.place(requestOf(changes), CAUSE)).toHaveProperty('orderId')
  })
})

function closedHouse() {
  const house = orderHouse()
  house.desk.close()
  return { ...house, spawnedKeys: () => house.calls.map((call) => call.method) }
}

describe('a desk that may not open risk', () => {
  it('refuses an entry that comes after the stop, and takes what reduces risk', () => {
    const { desk, books } = orderHouse(false)
    holding({ books })
    expect(desk.place(requestOf(), CAUSE)).toEqual({ refused: 'risk may not be opened now' })
    expect(desk.place(requestOf(STOP), CAUSE)).toHaveProperty('orderId')
  })
})

describe('cancelling and amending by key', () => {
  it('reaches the order before it is on the disk as well as after', async () => {
    const { desk, placed, asked, journal } = orderHouse()
    journal.hold()
    placed()
    expect(desk.cancel('position-1/entry/1', 'too late')).toBe(true)
    journal.release()
    await settle()
    asked('place')[0]?.answer({ kind: 'done', value: { venueOrderId: 'V1' } })
    await settle()
    expect(asked('cancel')).toHaveLength(1)
  })

  it('amends what rests at the venue', async () => {
    const { desk, placed, asked, books } = orderHouse()
    holding({ books })
    const id = placed(requestOf(STOP))
    await settle()
    asked('place')[0]?.answer({ kind: 'done', value: { venueOrderId: 'V1' } })
    await settle()
    expect(desk.amend('position-1/stop/1', { triggerPrice: '39500' })).toBe(true)
    await settle()
    expect(asked('amend').map((call) => call.order)).toEqual([{ clientOrderId: id, triggerPrice: '39500' }])
  })

  it('answers false for a key that nobody placed', () => {
    const { desk } = orderHouse()
    expect([desk.cancel('nobody', ''), desk.amend('nobody', {})]).toEqual([false, false])
  })
})

it('a sell of the core book promises nothing any more once it has ended, however long ago that was', async () => {
  const { desk, placed, books } = orderHouse()
  const sold = requestOf({ ...CORE, quantity: '0.6' })
  const id = placed(sold)
  await settle()
  const order = orderOf(id, sold, { status: 'FILLED', filled: '0.6' })
  books.apply(factOf({ type: 'order.filled', order, fill: fillOf('sold', '40000', '0.6') }))
  placed()
  // So many have ended since that the books have forgotten it.
  for (let number = 0; number < 1_200; number += 1) {
    const other = orderOf(`o${number}`, requestOf({ key: `other/${number}`, positionId: null }), { status: 'EXPIRED' })
    books.apply(factOf({ type: 'order.opened', order: { ...other, status: 'OPEN' } }))
    books.apply(factOf({ type: 'order.expired', order: other }))
  }
  expect(books.order(orderId(id))).toBeNull()
  expect(desk.place(requestOf({ ...CORE, key: 'plan-2/1/BTC', quantity: '0.4' }), CAUSE)).toHaveProperty('orderId')
})

it('cancelling entries spares stops and exits, and takes rebalances with it', async () => {
  const { desk, placed, asked, heard, stateOf, books } = orderHouse()
  holding({ books })
  const entry = placed()
  const stop = placed(requestOf(STOP))
  const core = placed(requestOf(CORE))
  await settle()
  for (const [index, call] of asked('place').entries())
    call.answer({ kind: 'done', value: { venueOrderId: `V${index}` } })
  await settle()
  expect(desk.cancelEntries('halted')).toBe(2)
  await settle()
  expect(asked('cancel').map((call) => call.order)).toEqual([entry, core])
  expect(stateOf(`order:${stop}`)).toBe('open')
  expect(heard.every((message) => message.type === 'call.ended')).toBe(true)
})

describe('an order of the journal', () => {
  it('comes back to life and asks the venue what became of it, without being placed again', async () => {
    const before = orderHouse()
    const id = before.placed()
    await settle()
    const heard = []
    for await (const row of before.journal.read())
      if (row.kind === 'heard') heard.push({ ...row.body, type: row.type, seenAt: row.at })
    const [birth, ...history] = heard
    if (birth === undefined) throw new Error('nothing was written down')

    const after = orderHouse()
    after.books.apply(before.told('order.submitted')[0] ?? factOf({ type: 'order.submitted', order: orderOf(id) }))
    after.desk.revive(orderId(id), { birth, history, correlationId: 'story', isNew: false })
    await settle()
    expect(after.asked('place')).toEqual([])
    expect(after.asked('lookUp').map((call) => call.order)).toEqual([id])
    expect(after.stateOf(`order:${id}`)).toBe('unknown')
    expect(after.desk.place(requestOf(), CAUSE)).toHaveProperty('refused')
    expect(after.desk.cancel('position-1/entry/1', 'closing')).toBe(true)
  })
})

it('a trailing stop goes to the venue as it was asked for, and is told where the venue has moved it', async () => {
  const { desk, books, asked, told, house } = orderHouse()
  holding({ books })
  const trailing = { offset: '1.5', isPercent: true }
  const request = requestOf({ ...STOP, type: 'trailing-stop', triggerPrice: null, trailing })
  const placed = desk.place(request, CAUSE)
  await settle()
  expect(asked('place')[0]?.order).toMatchObject({ request: { type: 'trailing-stop', trailing } })
  asked('place')[0]?.answer({ kind: 'done', value: { venueOrderId: 'V1' } })
  await settle()
  const id = 'orderId' in placed ? placed.orderId : ''
  house.addresses.tell(`order:${id}`, {
    ...{ type: 'venue.amended', quantity: '0.01', limitPrice: null, triggerPrice: '39400', seenAt: house.clock.now() },
  })
  await settle()
  expect(told('order.amended')).toMatchObject([{ order: { orderId: id, triggerPrice: '39400' } }])
})

describe('an order that what is held does not bear out', () => {
  it('is refused before it is born, and the refusal is a fact', () => {
    const { desk, told, calls } = orderHouse()
    expect(desk.place(requestOf(STOP), CAUSE)).toHaveProperty('refused')
    expect(told('order.denied')).toMatchObject([{ key: 'position-1/stop/1', orderId: null, symbol: 'BTC/USDT' }])
    expect(calls).toEqual([])
  })

  it('counts what was born a moment ago and is not on the disk yet: of two exits at once one is refused', () => {
    const { desk, books, journal } = orderHouse()
    holding({ books })
    journal.hold()
    const first = desk.place(requestOf(STOP), CAUSE)
    const second = desk.place(requestOf({ ...STOP, key: 'position-1/exit/1', intent: 'close', purpose: 'exit' }), CAUSE)
    expect(first).toHaveProperty('orderId')
    expect(second).toMatchObject({ refused: expect.stringContaining('MORE_THAN_HELD') })
  })

  it('may be a core sell of what no position holds', () => {
    const { desk, books } = orderHouse()
    holding({ books })
    books.apply(factOf({ type: 'position.filled', position: positionOf() }))
    // 1 BTC at the start and 0.01 bought by the position: 1 of it is core.
    expect(desk.place(requestOf({ ...CORE, quantity: '1.001' }), CAUSE)).toHaveProperty('refused')
    expect(desk.place(requestOf({ ...CORE, quantity: '1' }), CAUSE)).toHaveProperty('orderId')
  })

  it('is not made larger than what is held either', async () => {
    const { desk, books, asked, told, placed } = orderHouse()
    holding({ books })
    placed(requestOf(STOP))
    await settle()
    asked('place')[0]?.answer({ kind: 'done', value: { venueOrderId: 'V1' } })
    await settle()
    expect(desk.amend('position-1/stop/1', { quantity: '0.02' })).toBe(false)
    expect(told('order.denied')[0]?.reason).toContain('MORE_THAN_HELD')
    await settle()
    expect(asked('amend')).toEqual([])
  })
})

it('states an invariant broken, once, when more was sold than had been bought', () => {
  const { desk, books, told } = orderHouse()
  holding({ books })
  const stop = orderOf('stop', requestOf(STOP))
  const sale = filledOrder(stop, '39000', '0.01')
  books.apply(sale)
  desk.watch(sale)
  expect(told('order.invariantBroken')).toEqual([])
  const second = filledOrder(orderOf('exit', requestOf({ ...STOP, key: 'position-1/exit/1' })), '39000', '0.01')
  books.apply(second)
  desk.watch(second)
  desk.watch(second)
  expect(told('order.invariantBroken')).toMatchObject([{ problem: '0.01 more was sold than had been bought' }])
})

it('draws the waits before further tries at birth, the same for the same order', async () => {
  const delaysOf = async (): Promise<unknown> => {
    const { placed, journal } = orderHouse()
    placed()
    await settle()
    for await (const row of journal.read()) if (row.type === 'place-order') return row.body.retryDelaysMs
    return null
  }
  const delays = await delaysOf()
  expect(delays).toHaveLength(3)
  expect(await delaysOf()).toEqual(delays)
})
