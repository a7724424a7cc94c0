import { describe, expect, it } from 'vitest'
import { createDeadMan } from '../../actors/dead-man.ts'
import { createExchangeGateway } from '../../actors/exchange.actor.ts'
import { orderLogic } from '../../actors/order.actor.ts'
import { type Cause, createOrderDesk, type OrderDesk } from '../../actors/orders.actor.ts'
import { positionLogic } from '../../actors/position.actor.ts'
import { createPositionDesk } from '../../actors/positions.actor.ts'
import type { Message } from '../../actors/supervision/journaled.ts'
import { createTriggerIndex } from '../../actors/trigger-index.ts'
import type { OrderRequest, OrderView } from '../../src/domain/order.ts'
import { instrument } from '../domain/risk-builders.ts'
import {
  ALLOWED,
  BTC,
  factOf,
  fillOf,
  orderOf,
  POSITION,
  requestOf,
  SETTINGS,
  settle,
  tradingHouse,
} from './trading-house.ts'

const CAUSE = { correlationId: 'story' }

/** Positions over an order desk that writes down what it is asked. */
function positionHouse(refuses: (request: OrderRequest) => string | null = () => null) {
  const house = tradingHouse()
  const asked: string[] = []
  const requests: OrderRequest[] = []
  const causes: Cause[] = []
  const orders: OrderDesk = {
    place: (request, cause) => {
      asked.push(`place ${request.key} ${request.quantity}`)
      requests.push(request)
      causes.push(cause)
      const refused = refuses(request)
      return refused === null ? { orderId: orderOf(request.key).orderId } : { refused }
    },
    cancel: (key, reason) => asked.push(`cancel ${key}: ${reason}`) > 0,
    amend: (key, change) => asked.push(`amend ${key} ${JSON.stringify(change)}`) > 0,
    cancelEntries: () => 0,
    revive: () => {},
    watch: () => {},
    close: () => {},
    unwritten: () => [],
    isClosed: () => false,
  }
  const triggers = createTriggerIndex((id, trigger, price) =>
    house.house.addresses.tell(`position:${id}`, {
      type: 'trigger.crossed',
      trigger,
      price,
      seenAt: house.clock.now(),
    }),
  )
  const desk = createPositionDesk(
    house.house,
    positionLogic(house.house, { orders, triggers, deadMan: createDeadMan(house.house) }),
    house.spawn,
  )
  const open = (): boolean =>
    desk.open(
      {
        ...{ positionId: POSITION, proposalId: 'proposal-1', side: 'long', leverage: 1, instrument: instrument(BTC) },
        ...{ entry: requestOf(), stopLoss: '39000', takeProfit: '43000' },
      },
      CAUSE,
    )
  const filledEntry = (): OrderView =>
    orderOf('entry', requestOf(), {
      ...{ status: 'FILLED', phase: 'settling', filled: '0.01', cost: '400', fills: [fillOf('t1', '40000', '0.01')] },
    })
  /** What the books hear, the position hears. */
  const report = (order: OrderView): void => {
    const fact = factOf({ type: 'order.opened', order })
    house.books.apply(fact)
    desk.pass(fact)
  }
  const stopOrder = (changes: Partial<OrderView> = {}): OrderView => {
    const request = requests.find((one) => one.purpose === 'stop')
    if (request === undefined) throw new Error('no stop was asked for')
    return orderOf('stop', requestOf(request), changes)
  }
  const state = () => house.stateOf(`position:${POSITION}`)
  return { ...house, asked, requests, causes, triggers, desk, open, filledEntry, report, stopOrder, state }
}

describe('a position that is opened', () => {
  it('asks for its entry once its birth is on the disk, in the story of its decision', async () => {
    const { open, asked, causes, journal, told } = positionHouse()
    journal.hold()
    open()
    await settle()
    expect(asked).toEqual([])
    journal.release()
    await settle()
    expect(asked).toEqual(['place position-1/entry/1 0.01'])
    expect(causes).toEqual([CAUSE])
    expect(told('position.opening')[0]).toMatchObject({ correlationId: 'story' })
  })

  it('hears of its own orders alone, protects what was filled, and watches both prices', async () => {
    const { open, report, filledEntry, asked, triggers, stopOrder, state, desk } = positionHouse()
    open()
    await settle()
    desk.pass(factOf({ type: 'order.opened', order: orderOf('other', requestOf({ positionId: null })) }))
    desk.pass(factOf({ type: 'system.draining', reason: 'no order in it' }))
    expect(state()).toBe('opening')
    report(filledEntry())
    await settle()
    expect(asked.at(-1)).toBe('place position-1/stop/1 0.01')
    expect(triggers.size).toBe(3)
    report(stopOrder())
    await settle()
    expect(state()).toBe('protected')
  })

  it('is closed by its target: the stop is taken back first, then what is held is sold', async () => {
    const { open, report, filledEntry, asked, triggers, stopOrder, state, told } = positionHouse()
    open()
    await settle()
    report(filledEntry())
    await settle()
    report(stopOrder())
    await settle()
    triggers.tick(BTC, '43000')
    await settle()
    expect(asked.at(-1)).toBe('cancel position-1/stop/1: position is closing')
    report(stopOrder({ status: 'CANCELLED', phase: 'settling' }))
    await settle()
    expect(asked.at(-1)).toBe('place position-1/exit/1 0.01')
    expect(told('position.closing')[0]?.reason).toBe('take_profit')
    expect(state()).toBe('closing')
    expect(triggers.size).toBe(0)
  })

  it('follows the price where it is said to, takes that for neither stop nor target, and moves its stop at the venue', async () => {
    const { open, report, filledEntry, asked, stopOrder, state, house, clock } = positionHouse()
    const reach = async (): Promise<void> => {
      const crossing = { type: 'trigger.crossed', trigger: 'trail', price: '40500', seenAt: clock.now() } as const
      house.addresses.tell(`position:${POSITION}`, crossing)
      await settle()
    }
    open()
    await settle()
    report(filledEntry())
    await settle()
    await reach()
    expect(state()).toBe('protecting')
    report(stopOrder())
    await settle()
    await reach()
    clock.advanceTo(clock.now() + SETTINGS.positionPolicy.graceMs)
    await settle()
    expect(state()).toBe('protected')
    expect(asked.at(-1)).toBe('amend position-1/stop/1 {"triggerPrice":"39892.5"}')
  })

  it('is told when the desk turns its order away, and ends where nothing was held', async () => {
    const { open, state, told } = positionHouse(() => 'the process is stopping')
    open()
    await settle()
    await settle()
    expect(told('position.closed')[0]?.position).toMatchObject({ status: 'closed', closeReason: 'entry_unfilled' })
    expect(state()).toBe('closed')
  })

  it('is closed on request, and says false where it does not live', async () => {
    const { open, desk, asked } = positionHouse()
    expect(desk.close(POSITION, 'api')).toBe(false)
    open()
    await settle()
    expect(desk.close(POSITION, 'api')).toBe(true)
    await settle()
    expect(asked.at(-1)).toBe('cancel position-1/entry/1: position is closing')
  })
})

describe('a position of the journal', () => {
  it('registers its triggers again and learns from the books what its orders are', async () => {
    const before = positionHouse()
    before.open()
    await settle()
    before.report(before.filledEntry())
    await settle()
    const heard: Message[] = []
    for await (const row of before.journal.read())
      if (row.kind === 'heard') heard.push({ ...row.body, type: row.type, seenAt: row.at })
    const [birth, ...history] = heard
    if (birth === undefined) throw new Error('nothing was written down')

    const after = positionHouse()
    const entry = before.filledEntry()
    after.books.apply(factOf({ type: 'order.filled', order: entry, fill: fillOf('t1', '40000', '0.01') }))
    after.desk.revive(POSITION, { birth, history, correlationId: 'story', isNew: false })
    expect([after.asked, after.triggers.size]).toEqual([[], 0])
    after.desk.recover(POSITION)
    await settle()
    expect(after.triggers.size).toBe(3)
    // The stop was never written down: it is decided anew under a key of its own.
    expect(after.asked).toEqual(['place position-1/stop/2 0.01'])
    expect(after.told('position.filled').at(-1)).toMatchObject({ origin: 'reconciled', correlationId: 'story' })
  })
})

it('a whole trade through real orders: nothing is placed twice, and the story is one', async () => {
  const house = tradingHouse()
  house.listenAs('exchange')
  const permission = { mayOpenRisk: () => true }
  const logic = orderLogic(house.house, createExchangeGateway(house.house, ALLOWED))
  const orders = createOrderDesk(house.house, logic, house.spawn, permission)
  const triggers = createTriggerIndex(() => true)
  const desk = createPositionDesk(
    house.house,
    positionLogic(house.house, { orders, triggers, deadMan: createDeadMan(house.house) }),
    house.spawn,
  )
  house.bus.subscribe('positions', 'EXECUTION_EVENTS', ({ payload }) => desk.pass(payload))
  const tell = (id: string, report: object): void => {
    house.house.addresses.tell(`order:${id}`, { ...report, seenAt: house.clock.now() } as never)
  }
  desk.open(
    {
      ...{ positionId: POSITION, proposalId: 'proposal-1', side: 'long', leverage: 1, instrument: instrument(BTC) },
      ...{ entry: requestOf(), stopLoss: '39000', takeProfit: null },
    },
    CAUSE,
  )
  await settle()
  const idOf = (index: number): string => String(Object(house.calls[index]?.order).clientOrderId)
  house.calls[0]?.answer({ kind: 'done', value: { venueOrderId: 'V1' } })
  await settle()
  tell(idOf(0), { type: 'venue.filled', venueOrderId: 'V1', fill: fillOf('t1', '40000', '0.01', '3.2') })
  await settle()
  house.calls[1]?.answer({ kind: 'done', value: { venueOrderId: 'V2' } })
  await settle()
  expect(house.books.position(POSITION)).toMatchObject({ phase: 'protected', quantity: '0.01', fees: '3.2' })
  tell(idOf(1), { type: 'venue.filled', venueOrderId: 'V2', fill: fillOf('t2', '38990', '0.01', '3.12') })
  await settle()
  expect(house.books.position(POSITION)).toMatchObject({
    ...{ status: 'closed', closeReason: 'stop_loss', realisedGross: '-10.1', fees: '6.32', quantity: '0' },
  })
  expect(house.calls.map((call) => call.method)).toEqual(['place', 'place'])
  const stories = house.facts.filter((fact) => 'order' in fact || 'position' in fact).map((fact) => fact.correlationId)
  expect(new Set(stories)).toEqual(new Set(['story']))
})
