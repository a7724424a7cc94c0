/** What orders of one account do to each other: closing orders, self-trades, icebergs behind themselves, limits. */
import { describe, expect, it } from 'vitest'
import { MatchingEngine } from '../../../src/adapters/exchange/simulated/engine.ts'
import { ENGINE_DEFAULTS } from '../../../src/adapters/exchange/simulated/engine-options.ts'
import type { CloseTerms, NewOrder } from '../../../src/adapters/exchange/simulated/venue-order.ts'
import { BUILT_IN_INSTRUMENTS } from '../../../src/domain/instrument.ts'
import { amount, roundDownToStep, roundUpTo, text } from '../../../src/domain/units.ts'
import {
  book,
  brief,
  freshEngine,
  held,
  MARKET,
  opened,
  quote,
  restarted,
  START,
  submit,
  T0,
  trade,
} from './engine.harness.ts'
import { clientId } from './orders.ts'

const NOTHING = { limitPrice: null, triggerPrice: null, trailing: null, limitOffset: null } as const
const STOP: CloseTerms = { ...NOTHING, type: 'stop-loss', triggerPrice: '38500' }

const spawnedOf = (engine: MatchingEngine) =>
  [...engine.closedOrders(), ...engine.openOrders()].filter((row) => row.refId !== null)

describe('an order with closing terms', () => {
  it('spawns an order of each fill’s size on the other side, which refers to it', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000', userref: 7, clientOrderId: null, close: STOP })
    const [primary] = engine.openOrders()
    engine.onMarket(trade('38900', '0.02', T0 + 2))
    engine.onMarket(trade('38900', '1', T0 + 3))
    expect(spawnedOf(engine)).toMatchObject([
      { side: 'sell', type: 'stop-loss', quantity: '0.005', triggerPrice: '38500', status: 'open', userref: 7 },
      { side: 'sell', type: 'stop-loss', quantity: '0.005', refId: primary?.venueOrderId, clientOrderId: null },
    ])
    expect(held(engine, 'BTC')).toBe('0.01')
    expect(brief(engine.onMarket(trade('38500', '1', T0 + 4)))).toEqual([
      'taker 0.005 @ 38492.2',
      'taker 0.005 @ 38492.2',
    ])
  })

  it('spawns for the fills of a taker too, over a restart and independent of what becomes of it', () => {
    const engine = opened()
    engine.onMarket(book([['39999', '0.5']], [['40001', '0.004']], T0))
    submit(engine, { limitPrice: '40001', close: { ...NOTHING, type: 'take-profit', triggerPrice: '42000' } })
    const again = restarted(engine)
    for (const each of [engine, again]) {
      each.cancel(clientId(1), T0 + 2)
      each.advanceTo(T0 + 2)
      expect(spawnedOf(each)).toMatchObject([{ quantity: '0.004', status: 'open' }])
      expect(brief(each.onMarket(trade('42000', '1', T0 + 3)))).toEqual(['taker 0.004 @ 39999'])
    }
  })

  it('numbers what it spawns like any other order, also what may not be', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000', close: STOP }, T0 + 1, 1)
    engine.onMarket(trade('38900', '0.0001', T0 + 2))
    submit(engine, { limitPrice: '30000' }, T0 + 3, 2)
    expect(new Set([...engine.closedOrders(), ...engine.openOrders()].map((row) => row.venueOrderId)).size).toBe(3)
  })

  it('says so where the spawned order may not be, and keeps it as cancelled', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000', close: STOP })
    const events = engine.onMarket(trade('38900', '0.0001', T0 + 2))
    expect(brief(events)).toEqual(['maker 0.000025 @ 39000', 'cancelled: Order minimum not met'])
    expect(spawnedOf(engine)).toMatchObject([{ status: 'cancelled', reason: 'Order minimum not met' }])
    expect(held(engine, 'BTC')).toBe('0')
  })

  it('spawns trailing stops that count from the price at the fill', () => {
    const engine = opened()
    const close: CloseTerms = { ...NOTHING, type: 'trailing-stop', trailing: { offset: '500', isPercent: false } }
    submit(engine, { ...MARKET, close })
    expect(spawnedOf(engine)).toMatchObject([{ best: '40000', triggerPrice: '39500', side: 'sell' }])
  })

  it.each<[string, CloseTerms, string]>([
    ['a market order', { ...NOTHING, type: 'market' }, 'EGeneral:Invalid arguments:close'],
    ['a stop without a price', { ...NOTHING, type: 'stop-loss' }, 'EGeneral:Invalid arguments:trigger'],
    ['a price between ticks', { ...STOP, triggerPrice: '38500.01' }, 'EOrder:Tick size check failed'],
  ])('is refused with %s', (_what, close, message) => {
    expect(brief(submit(opened(), { close }))).toEqual([message])
  })
})

describe('an order that would trade with an own one', () => {
  /** An own sale at 40,005 rests between what the book offers at 40,001 and at 40,010. */
  const resting = (): MatchingEngine => {
    const engine = opened()
    const asks = [
      ['40001', '0.02'],
      ['40010', '0.5'],
    ] as const
    engine.onMarket(book([['39999', '0.5']], asks, T0))
    submit(engine, { side: 'sell', limitPrice: '40005' }, T0 + 1, 1)
    return engine
  }
  const taker = (engine: MatchingEngine, changes: Partial<NewOrder>) => submit(engine, changes, T0 + 2, 2)

  it.each([
    ['cancel-newest', ['taker 0.02 @ 40001', 'cancelled: Self trade prevention'], 'open'],
    ['cancel-oldest', ['taker 0.02 @ 40001', 'cancelled: Self trade prevention', 'taker 0.02 @ 40010'], 'cancelled'],
    [
      'cancel-both',
      ['taker 0.02 @ 40001', 'cancelled: Self trade prevention', 'cancelled: Self trade prevention'],
      'cancelled',
    ],
  ] as const)('takes what is better first, and then, by %s, ends one of them or both', (selfTrade, told, left) => {
    const engine = resting()
    expect(brief(taker(engine, { ...MARKET, quantity: '0.04', selfTrade }))).toEqual(told)
    expect(engine.find(clientId(1))?.status).toBe(left)
    expect(engine.find(clientId(2))?.status).toBe(selfTrade === 'cancel-oldest' ? 'filled' : 'cancelled')
  })

  it('does not meet it where the market has enough before, or its limit ends before', () => {
    expect(brief(taker(resting(), MARKET))).toEqual(['taker 0.01 @ 40001'])
    const engine = resting()
    expect(brief(taker(engine, { quantity: '0.04', limitPrice: '40004.9' }))).toEqual(['taker 0.02 @ 40001'])
    expect(engine.find(clientId(2))?.status).toBe('open')
  })

  it('meets the better one of two first', () => {
    const engine = resting()
    submit(engine, { side: 'sell', limitPrice: '40004' }, T0 + 1, 3)
    expect(brief(taker(engine, { ...MARKET, quantity: '0.04' }))).toEqual([
      'taker 0.02 @ 40001',
      'cancelled: Self trade prevention',
    ])
    const older = resting()
    submit(older, { side: 'sell', limitPrice: '40004' }, T0 + 1, 3)
    const asks = [
      ['40001', '0.02'],
      ['40004.5', '0.5'],
    ] as const
    older.onMarket(book([['39999', '0.5']], asks, T0 + 1))
    const cancelOldest = { limitPrice: '40005', quantity: '0.04', selfTrade: 'cancel-oldest' } as const
    expect(brief(taker(older, cancelOldest))).toEqual([
      'taker 0.02 @ 40001',
      'cancelled: Self trade prevention',
      'taker 0.02 @ 40004.5',
    ])
    expect([older.find(clientId(1))?.status, older.find(clientId(3))?.status]).toEqual(['open', 'cancelled'])
  })

  it('meets it also where no book is known, and where the market is away', () => {
    const unbooked = opened()
    submit(unbooked, { side: 'sell', limitPrice: '40009' }, T0 + 1, 1)
    expect(brief(taker(unbooked, MARKET))).toEqual(['taker 0.01 @ 40008.1'])
    const closer = opened()
    closer.onMarket(quote('39999', '40020', T0))
    submit(closer, { side: 'sell', limitPrice: '40009' }, T0 + 1, 1)
    expect(brief(taker(closer, { limitPrice: '40009' }))).toEqual(['cancelled: Self trade prevention'])
  })

  it('is set off as a stop like any other taker', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000' }, T0 + 1, 1)
    const stop = { side: 'sell', type: 'stop-loss', limitPrice: null, triggerPrice: '38500' } as const
    taker(engine, stop)
    expect(brief(engine.onMarket(trade('38400', '0.0001', T0 + 60_000)))).toEqual([
      'cancelled: Self trade prevention',
      'maker 0.000025 @ 39000',
    ])
  })

  it('is post-only and would cross an own order: cancelled as such', () => {
    expect(brief(taker(resting(), { limitPrice: '40005', postOnly: true }))).toEqual(['cancelled: Post only order'])
  })

  it('fills or kills only against what comes before an own order', () => {
    const order = { timeInForce: 'FOK', limitPrice: '40010' } as const
    expect(brief(taker(resting(), { ...order, quantity: '0.02' }))).toEqual(['taker 0.02 @ 40001'])
    expect(brief(taker(resting(), { ...order, quantity: '0.03' }))).toEqual(['cancelled: Fill or kill'])
  })
})

describe('an iceberg', () => {
  const ICE = { type: 'iceberg', limitPrice: '39999', quantity: '0.03', displayQuantity: '0.01' } as const
  const booked = (): MatchingEngine => {
    const engine = opened()
    engine.onMarket(book([['39999', '0.1']], [['40001', '0.5']], T0))
    return engine
  }

  it('fills what it displays, then displays the next part behind what stands there', () => {
    const engine = booked()
    submit(engine, ICE)
    expect(engine.find(clientId(1))).toMatchObject({ displayed: '0.01', queueAhead: '0.1' })
    expect(brief(engine.onMarket(trade('39999', '0.5', T0 + 2, 'sell')))).toEqual(['maker 0.01 @ 39999', 'restated'])
    expect(engine.find(clientId(1))).toMatchObject({ displayed: '0.01', queueAhead: '0.1', filled: '0.01' })
    expect(brief(engine.onMarket(trade('39999', '0.1', T0 + 3, 'sell')))).toEqual([])
    const again = restarted(engine)
    for (const each of [engine, again])
      expect(brief(each.onMarket(trade('39999', '0.016', T0 + 4, 'sell')))).toEqual(['maker 0.004 @ 39999'])
    expect(engine.find(clientId(1))).toMatchObject({ displayed: '0.006' })
  })

  it('fills all of it when prints go through its price', () => {
    const engine = booked()
    submit(engine, ICE)
    expect(brief(engine.onMarket(trade('39998', '1', T0 + 2)))).toEqual(['maker 0.03 @ 39999'])
  })

  it.each<[string, Partial<NewOrder>]>([
    ['less than a fifteenth', { displayQuantity: '0.0019' }],
    ['more than all of it', { displayQuantity: '0.04' }],
    ['nothing said', { displayQuantity: null }],
    ['another type', { type: 'limit' }],
  ])('is refused with %s displayed', (_what, changes) => {
    expect(brief(submit(booked(), { ...ICE, ...changes }))).toEqual(['EGeneral:Invalid arguments:displayvol'])
  })

  it('may display more or less by an amendment', () => {
    const engine = booked()
    submit(engine, ICE)
    engine.amend({ id: clientId(1), displayQuantity: '0.02' }, T0 + 2)
    engine.amend({ id: clientId(1), displayQuantity: '0.001' }, T0 + 3)
    expect(brief(engine.advanceTo(T0 + 3))).toEqual(['amended', 'EGeneral:Invalid arguments:displayvol'])
    expect(engine.find(clientId(1))).toMatchObject({ displayQuantity: '0.02', displayed: '0.02' })
  })
})

describe('the orders of a pair', () => {
  it('are as many as the account’s tier allows, and no more', () => {
    const engine = new MatchingEngine({
      ...{ instruments: BUILT_IN_INSTRUMENTS, parameters: ENGINE_DEFAULTS, series: 'ABCDEFGHIJ', maxOpenOrders: 2 },
      startingBalances: START,
    })
    engine.onMarket(trade('40000', '1', T0))
    submit(engine, { limitPrice: '39000' }, T0 + 1, 1)
    submit(engine, { limitPrice: '39000', startsAt: T0 + 9_000 }, T0 + 1, 2)
    expect(brief(submit(engine, { limitPrice: '39000' }, T0 + 2, 3))).toEqual(['EOrder:Orders limit exceeded'])
    engine.cancel(clientId(1), T0 + 3)
    expect(brief(submit(engine, { limitPrice: '39000' }, T0 + 3, 4))).toEqual(['cancelled: User requested'])
  })
})

describe('fees by Kraken’s ladder', () => {
  const tiered = () => freshEngine({ feeSchedule: 'tiered' }, { USDT: '1000000', BTC: '10' })

  it('fall with the volume of thirty days, and rise when it is past', () => {
    const engine = tiered()
    engine.onMarket(trade('40000', '1', T0))
    submit(engine, { ...MARKET, quantity: '0.0625' }, T0 + 1, 1)
    expect(engine.trades()[0]).toMatchObject({ cost: '2500.50625', fee: '20.00405' })
    expect(engine.fees(engine.trades()[0]?.symbol ?? ('' as never), T0 + 1)).toEqual({
      ...{ volume: '2500', maker: '0.003', taker: '0.006', volume30d: '2500.50625' },
      next: { volume: '10000', maker: '0.0022', taker: '0.0038' },
    })
    submit(engine, { ...MARKET, quantity: '1' }, T0 + 2, 2)
    expect(engine.trades()[1]).toMatchObject({ cost: '40008.1', fee: '240.0486' })
    const later = T0 + 30 * 86_400_000
    engine.onMarket(trade('40000', '1', later))
    submit(engine, MARKET, later + 1, 3)
    expect(engine.trades()[2]).toMatchObject({ cost: '400.081', fee: '3.20065' })
  })

  it('that rose since then are paid out of what is free, and else for less of the order', () => {
    const engine = freshEngine({ feeSchedule: 'tiered' }, { USDT: '5000', BTC: '1' })
    engine.onMarket(trade('40000', '1', T0))
    submit(engine, { ...MARKET, side: 'sell', quantity: '0.07' }, T0 + 1, 1)
    const free = amount(engine.balances()[0]?.total ?? 0)
    const most = text(roundDownToStep(free.div('40240'), amount('0.00000001')))
    const stop = { type: 'stop-loss-limit', limitPrice: '40000', triggerPrice: '40500', quantity: most } as const
    expect(brief(submit(engine, stop, T0 + 2, 2))).toEqual([])
    const later = T0 + 40 * 86_400_000
    const asks = [
      ['39990', '0.1'],
      ['40000', '5'],
    ] as const
    engine.onMarket(book([['39900', '1']], asks, later))
    const events = engine.onMarket(trade('40500', '1', later))
    expect(brief(events)).toEqual([
      'taker 0.1 @ 39990',
      expect.stringMatching(/^taker 0.09\d+ @ 40000$/),
      'cancelled: Insufficient funds',
    ])
    const [first, second] = events.flatMap((event) => (event.kind === 'filled' ? [event.trade] : []))
    expect(first?.fee).toBe('31.992')
    // Which is volume enough for the next step.
    expect(second?.fee).toBe(text(roundUpTo(amount(second?.cost ?? 0).times('0.006'), 5)))
    expect(amount(engine.balances()[0]?.total ?? -1).gte(0)).toBe(true)
  })

  it('are held at the rate of the order’s acceptance', () => {
    const engine = tiered()
    engine.onMarket(trade('40000', '1', T0))
    submit(engine, { limitPrice: '39000' }, T0 + 1, 1)
    submit(engine, { ...MARKET, quantity: '1' }, T0 + 2, 2)
    expect(held(engine, 'USDT')).toBe('393.12')
    expect(held(restarted(engine), 'USDT')).toBe('393.12')
    submit(engine, { limitPrice: '38000' }, T0 + 3, 3)
    expect(engine.find(clientId(3))?.holdRate).toBe('0.0035')
    expect(held(engine, 'USDT')).toBe('774.45')
    engine.cancel(clientId(3), T0 + 3)
    engine.advanceTo(T0 + 3)
    expect(
      engine.onMarket(trade('38000', '1', T0 + 3)).flatMap((event) => (event.kind === 'filled' ? event.trade.fee : [])),
    ).toEqual(['0.78'])
    expect(held(engine, 'USDT')).toBe('0')
  })
})
