import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { createExchangeGateway, exchangeLogic, type MayAdd } from '../../actors/exchange.actor.ts'
import { orderId, venueOrderId } from '../../src/domain/ids.ts'
import type { OrderView } from '../../src/domain/order.ts'
import type { ExecutionReport, VenueErrorClass } from '../../src/ports/exchange.ts'
import { ALLOWED, factOf, fillOf, orderOf, requestOf, settle, T0, tradingHouse } from './trading-house.ts'

const ORDER = orderId('o1')
const TO = 'order:o1' as const
const V1 = venueOrderId('V1')

function gatewayHouse(permission: Partial<MayAdd> = {}) {
  const house = tradingHouse()
  house.listenAs(TO, 'order:o2', 'signals', 'system')
  const strays: ExecutionReport[] = []
  const reconciler = { stray: (report: ExecutionReport) => void strays.push(report) }
  house.enlist('exchange', createActor(exchangeLogic(house.house, reconciler, { hear: () => undefined }))).start()
  const gateway = createExchangeGateway(house.house, { ...ALLOWED, ...permission })
  const submit = () => gateway.submit(TO, { orderId: ORDER, request: requestOf(), deadlineAt: T0 + 5_000 })
  const answered = async (given: unknown) => {
    house.calls.at(-1)?.answer(given)
    await settle()
    return house.heardBy(TO).slice()
  }
  const counted = () => house.heardBy('signals').map((message) => message.ok)
  return { ...house, gateway, submit, answered, counted, strays }
}
const refused = (code: VenueErrorClass) => ({ kind: 'refused', code, message: 'no' })
const LOST = { kind: 'lost', problem: 'timeout' }

describe('a placement', () => {
  it('is told as sent before the venue is asked, with our id and the deadline that the venue must keep', () => {
    const { submit, heardBy, calls, gateway } = gatewayHouse()
    submit()
    expect(heardBy(TO)).toEqual([{ name: TO, type: 'venue.sent', seenAt: T0 }])
    expect(calls[0]).toMatchObject({
      method: 'place',
      order: { clientOrderId: ORDER, request: requestOf(), deadlineAt: T0 + 5_000 },
    })
    expect(gateway.inFlight).toBe(1)
  })

  it.each([
    [
      { kind: 'done', value: { venueOrderId: V1 } },
      { type: 'venue.acknowledged', venueOrderId: V1 },
    ],
    [refused('funds'), { type: 'venue.refused', code: 'funds', message: 'no' }],
    [LOST, { type: 'venue.answerLost', problem: 'timeout' }],
    // A venue that is out of service may have taken the order all the same.
    [refused('outage'), { type: 'venue.answerLost', problem: 'no' }],
  ])('answered %j becomes one report', async (answer, report) => {
    const { submit, answered, gateway } = gatewayHouse()
    submit()
    expect(await answered(answer)).toEqual([
      { name: TO, type: 'venue.sent', seenAt: T0 },
      { name: TO, ...report, seenAt: T0 },
    ])
    expect(gateway.inFlight).toBe(0)
  })

  it('that breaks its promise never to throw is a lost answer, not a crash', async () => {
    const { submit, calls, heardBy, counted, gateway } = gatewayHouse()
    submit()
    calls[0]?.fail(new Error('socket hang up'))
    await settle()
    expect(heardBy(TO).at(-1)).toEqual({
      ...{ name: TO, type: 'venue.answerLost', problem: 'Error: socket hang up', seenAt: T0 },
    })
    expect(counted()).toEqual([false])
    expect(gateway.inFlight).toBe(0)
  })
})

describe('what adds risk', () => {
  const AWAY = { state: 'away', sinceAt: T0, problem: 'no route to host', rows: 'waiting' } as const
  const EXIT = requestOf({ side: 'sell', intent: 'close', purpose: 'exit', type: 'market', limitPrice: null })

  it('is refused before it leaves while the database is away, by name; exits leave', async () => {
    const { gateway, house, calls, heardBy } = gatewayHouse()
    house.journal.health = () => AWAY
    gateway.submit(TO, { orderId: ORDER, request: requestOf(), deadlineAt: T0 + 5_000 })
    await settle()
    expect(heardBy(TO)).toEqual([
      {
        ...{ name: TO, type: 'venue.refused', code: 'outage', seenAt: T0 },
        message: 'the database is away: nothing that adds risk is sent',
      },
    ])
    gateway.submit(TO, { orderId: ORDER, request: EXIT, deadlineAt: T0 + 5_000 })
    expect(calls.map(({ method }) => method)).toEqual(['place'])
  })

  it('is refused before it leaves when trading was stopped since it was written down', async () => {
    const { submit, calls, heardBy, counted } = gatewayHouse({ mayOpenRisk: () => false })
    submit()
    await settle()
    expect(calls).toEqual([])
    expect(heardBy(TO)).toMatchObject([{ type: 'venue.refused', code: 'mode' }])
    // The venue was not asked, so nothing is said of it.
    expect(counted()).toEqual([])
  })

  it('is refused before it leaves when a breaker tripped since it was approved, though trading is not paused by it', async () => {
    const { submit, calls, books, heardBy } = gatewayHouse()
    const figures = { valuePct: '10', thresholdPct: '10', until: T0 + 1 }
    books.apply(factOf({ type: 'risk.breakerTripped', breaker: 'weekly_loss', ...figures }))
    submit()
    await settle()
    expect(calls).toEqual([])
    expect(heardBy(TO)).toMatchObject([{ type: 'venue.refused', code: 'mode' }])
  })

  it('is refused before it leaves on a symbol whose other order has no known state', async () => {
    const { submit, calls, books, heardBy } = gatewayHouse()
    books.apply(
      factOf({ type: 'order.unknown', order: orderOf('other', requestOf({ key: 'x' }), { phase: 'unknown' }) }),
    )
    submit()
    await settle()
    expect(calls).toEqual([])
    expect(heardBy(TO)).toMatchObject([{ message: 'an order on BTC/USDT has no known state' }])
  })

  it('trades the core book only while trading runs and is reconciled', async () => {
    const core = requestOf({ book: 'core', purpose: 'rebalance', positionId: null, intent: 'increase' })
    const allowed = async (permission: Partial<MayAdd>): Promise<number> => {
      const { gateway, calls } = gatewayHouse({ mayOpenRisk: () => false, ...permission })
      gateway.submit(TO, { orderId: ORDER, request: core, deadlineAt: T0 + 5_000 })
      await settle()
      return calls.length
    }
    expect(await allowed({})).toBe(1)
    expect(await allowed({ control: () => 'PAUSED' })).toBe(0)
    expect(await allowed({ isReconciling: () => true })).toBe(0)
  })
})

describe('an amendment', () => {
  it.each([
    [{ kind: 'done', value: null }, [{ type: 'venue.amendAccepted', triggerPrice: '39500' }]],
    [refused('validation'), [{ type: 'venue.amendRefused', code: 'validation', message: 'no' }]],
    [LOST, [{ type: 'venue.answerLost', problem: 'timeout' }]],
    // A venue that is out of service may have made the change all the same.
    [refused('outage'), [{ type: 'venue.answerLost', problem: 'no' }]],
  ])('answered %j', async (answer, reports) => {
    const { gateway, answered, calls } = gatewayHouse()
    gateway.amend(TO, { orderId: ORDER, triggerPrice: '39500' })
    expect(calls[0]?.order).toEqual({ clientOrderId: ORDER, triggerPrice: '39500' })
    expect(await answered(answer)).toEqual(reports.map((report) => ({ name: TO, ...report, seenAt: T0 })))
  })
})

describe('a cancellation', () => {
  it.each([
    // Taken is not ended: the end comes as a report.
    [{ kind: 'done', value: null }, []],
    [refused('gone'), [{ type: 'venue.cancelRefused', code: 'gone', message: 'no' }]],
    [LOST, [{ type: 'venue.answerLost', problem: 'timeout' }]],
  ])('answered %j', async (answer, reports) => {
    const { gateway, answered, calls } = gatewayHouse()
    gateway.cancel(TO, ORDER)
    expect(calls[0]?.order).toBe(ORDER)
    expect(await answered(answer)).toEqual(reports.map((report) => ({ name: TO, ...report, seenAt: T0 })))
  })
})

describe('a look-up', () => {
  const order = { venueOrderId: V1, status: 'open', filled: '0', fills: [] }
  it.each([
    [
      { kind: 'done', value: order },
      { type: 'venue.found', order, origin: 'reconciled' },
    ],
    [
      { kind: 'done', value: null },
      { type: 'venue.notFound', origin: 'reconciled' },
    ],
    [refused('rate'), { type: 'venue.lookupFailed', problem: 'no' }],
    [LOST, { type: 'venue.lookupFailed', problem: 'timeout' }],
  ])('answered %j', async (answer, report) => {
    const { gateway, answered } = gatewayHouse()
    gateway.lookUp(TO, { orderId: ORDER, isGlance: false })
    expect(await answered(answer)).toEqual([{ name: TO, ...report, seenAt: T0 }])
  })
})

describe('every call that ends', () => {
  it('is counted: an answer is a success, also a refusal; a lost one is a failure', async () => {
    const { submit, answered, counted } = gatewayHouse()
    for (const answer of [{ kind: 'done', value: { venueOrderId: V1 } }, refused('funds'), LOST]) {
      submit()
      await answered(answer)
    }
    expect(counted()).toEqual([true, true, false])
  })
})

describe('reports of the venue', () => {
  const about = { clientOrderId: ORDER, at: T0 - 40 }
  it.each([
    [
      { kind: 'opened', ...about, venueOrderId: V1 },
      { type: 'venue.opened', venueOrderId: V1 },
    ],
    [
      { kind: 'filled', ...about, venueOrderId: V1, fill: fillOf('t1', '1', '1') },
      { type: 'venue.filled', venueOrderId: V1, fill: fillOf('t1', '1', '1') },
    ],
    [
      { kind: 'cancelled', ...about, reason: 'asked for' },
      { type: 'venue.cancelled', reason: 'asked for' },
    ],
    [{ kind: 'expired', ...about }, { type: 'venue.expired' }],
    [
      { kind: 'amended', ...about, quantity: '1', limitPrice: null, triggerPrice: '2' },
      { type: 'venue.amended', quantity: '1', limitPrice: null, triggerPrice: '2' },
    ],
  ] as const)('%j goes to the order that it names, and to no other', (report, heard) => {
    const { house, heardBy } = gatewayHouse()
    house.addresses.tell('exchange', { type: 'venue.reported', report })
    expect(heardBy(TO)).toEqual([{ name: TO, ...heard, seenAt: T0 }])
    expect(heardBy('order:o2')).toEqual([])
  })

  it('about an order that does not live go to whoever compares us with the venue', () => {
    const { house, heard, strays } = gatewayHouse()
    const report = { kind: 'expired', clientOrderId: orderId('gone'), at: T0 } as const
    house.addresses.tell('exchange', { type: 'venue.reported', report })
    expect(heard).toEqual([])
    expect(strays).toEqual([report])
  })
})

it.each([
  [false, 'read ECONNRESET', 'the exchange line is down: read ECONNRESET'],
  [false, null, 'the exchange line is down: no reason given'],
  [true, null, 'the exchange line came back'],
])('a line that changes puts our picture in doubt (up: %s)', (up, given, reason) => {
  const { house, heardBy } = gatewayHouse()
  house.addresses.tell('exchange', { type: 'line.changed', up, reason: given })
  expect(heardBy('system')).toEqual([
    { name: 'system', type: 'picture.doubted', reason, stopTrading: true, seenAt: T0 },
  ])
})

describe('a way out on margin', () => {
  const ended = (phase: OrderView['phase'], reduceOnly: boolean) => {
    const house = gatewayHouse()
    const request = requestOf({
      purpose: 'stop',
      intent: 'reduce',
      side: 'sell',
      leverage: reduceOnly ? 2 : 1,
      reduceOnly,
    })
    house.house.publish('orders', factOf({ type: 'order.opened', order: orderOf(ORDER, request, { phase }) }))
    const report: ExecutionReport = { kind: 'cancelled', clientOrderId: ORDER, reason: 'Liquidation', at: T0 }
    house.house.addresses.tell('exchange', { type: 'venue.reported', report })
    return house.heardBy('system').map(({ reason }) => reason)
  }
  it('that the venue ends by itself calls for a comparison at once', () => {
    expect(ended('open', true)).toEqual(['the venue took back a way out on margin'])
  })
  it('that we asked it to end, or one on spot, does not', () => {
    expect(ended('cancelling', true)).toEqual([])
    expect(ended('open', false)).toEqual([])
  })
})
