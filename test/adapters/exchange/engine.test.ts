import { describe, expect, it } from 'vitest'
import type { NewOrder } from '../../../src/adapters/exchange/simulated/venue-order.ts'
import { pair } from '../../../src/domain/ids.ts'
import { amount, roundUpTo, text } from '../../../src/domain/units.ts'
import {
  book,
  brief,
  fillsIn,
  freshEngine,
  held,
  MARKET,
  newOrder,
  opened,
  quote,
  START,
  submit,
  T0,
  trade,
} from './engine.harness.ts'
import { BTC, clientId } from './orders.ts'

const SELL_STOP = { side: 'sell', type: 'stop-loss', limitPrice: null, triggerPrice: '39500' } as const

describe('a taker without a book', () => {
  it.each([
    ['buy', 'taker 0.01 @ 40008.1'],
    ['sell', 'taker 0.01 @ 39991.9'],
  ] as const)('pays half a spread and a tick beyond the last print: %s', (side, expected) => {
    expect(brief(submit(opened(), { ...MARKET, side }))).toEqual([expected])
  })

  it.each([
    ['buy', 'taker 0.01 @ 40000.8'],
    ['sell', 'taker 0.01 @ 39999.4'],
  ] as const)('pays a tick beyond the quote where one is known: %s', (side, expected) => {
    const engine = opened()
    engine.onMarket(quote('39999.5', '40000.7', T0))
    expect(brief(submit(engine, { ...MARKET, side }))).toEqual([expected])
  })

  it('rounds to the tick against the taker', () => {
    const engine = freshEngine()
    engine.onMarket(trade('40000.3', '1', T0))
    expect(brief(submit(engine, MARKET))).toEqual(['taker 0.01 @ 40008.5'])
  })

  it('takes up to the limit of a limit order that crosses, and no worse', () => {
    expect(brief(submit(opened(), { limitPrice: '40008' }))).toEqual(['taker 0.01 @ 40008'])
    expect(brief(submit(opened(), { limitPrice: '40100' }))).toEqual(['taker 0.01 @ 40008.1'])
    expect(brief(submit(opened(), { limitPrice: '40007.9' }))).toEqual([])
  })

  it('is refused while no price of the pair has been seen', () => {
    expect(brief(submit(freshEngine(), MARKET))).toEqual(['EService:Unavailable'])
  })

  it('waits for the next price while the line is down', () => {
    const engine = opened()
    engine.onMarket({ kind: 'line', up: false, reason: 'gone', at: T0 })
    expect(brief(submit(engine, { ...MARKET, side: 'sell' }))).toEqual([])
    expect(held(engine, 'BTC')).toBe('0.01')
    expect(brief(engine.onMarket(trade('39000', '1', T0 + 9_000)))).toEqual(['taker 0.01 @ 38992.1'])
  })

  it('does not use a quote that is too old', () => {
    const engine = opened()
    engine.onMarket(quote('30000', '30001', T0))
    expect(brief(submit(engine, { ...MARKET, side: 'sell' }, T0 + 10_001))).toEqual(['taker 0.01 @ 39991.9'])
  })
})

describe('a taker with a book', () => {
  const asks = [
    ['40001', '0.02'],
    ['40002', '0.03'],
  ] as const
  const booked = () => {
    const engine = opened()
    engine.onMarket(book([['39999', '0.5']], asks, T0))
    return engine
  }

  it('walks the levels, best first', () => {
    expect(brief(submit(booked(), { ...MARKET, quantity: '0.04' }))).toEqual([
      'taker 0.02 @ 40001',
      'taker 0.02 @ 40002',
    ])
  })

  it('takes what there is and cancels the rest of a market order', () => {
    expect(brief(submit(booked(), { ...MARKET, quantity: '0.06' }))).toEqual([
      'taker 0.02 @ 40001',
      'taker 0.03 @ 40002',
      'cancelled: Insufficient liquidity',
    ])
  })

  it('stops at its limit, rests with a limit order and cancels an immediate one', () => {
    const engine = booked()
    expect(brief(submit(engine, { quantity: '0.04', limitPrice: '40001' }))).toEqual(['taker 0.02 @ 40001'])
    expect(engine.find(clientId(1))).toMatchObject({ status: 'open', filled: '0.02' })
    expect(brief(submit(booked(), { quantity: '0.04', limitPrice: '40001', timeInForce: 'IOC' }))).toEqual([
      'taker 0.02 @ 40001',
      'cancelled: Immediate or cancel',
    ])
  })

  it('remembers what it took from a level until the level shows another size', () => {
    const engine = booked()
    submit(engine, { ...MARKET, quantity: '0.02' })
    engine.onMarket(book([['39999', '0.5']], asks, T0 + 2))
    expect(brief(submit(engine, MARKET, T0 + 3, 2))).toEqual(['taker 0.01 @ 40002'])
    engine.onMarket(
      book(
        [['39999', '0.5']],
        [
          ['40001', '0.025'],
          ['40002', '0.03'],
        ],
        T0 + 4,
      ),
    )
    expect(brief(submit(engine, MARKET, T0 + 5, 3))).toEqual(['taker 0.01 @ 40001'])
  })

  it('forgets the book when the line drops, and when it is too old', () => {
    const engine = booked()
    expect(brief(submit(engine, MARKET, T0 + 10_001))).toEqual(['taker 0.01 @ 40008.1'])
    const dropped = booked()
    dropped.onMarket({ kind: 'line', up: false, reason: null, at: T0 })
    dropped.onMarket(trade('40000', '1', T0))
    expect(brief(submit(dropped, MARKET))).toEqual(['taker 0.01 @ 40008.1'])
  })
})

describe('a resting order', () => {
  it.each([
    ['buy', '39000', '39000', []],
    ['buy', '39000', '38999.9', ['maker 0.01 @ 39000']],
    ['sell', '41000', '41000', []],
    ['sell', '41000', '41000.1', ['maker 0.01 @ 41000']],
  ] as const)('never fills on a touch: %s at %s, print at %s', (side, limitPrice, printed, expected) => {
    const engine = opened()
    submit(engine, { side, limitPrice })
    expect(brief(engine.onMarket(trade(printed, '100', T0 + 2)))).toEqual(expected)
  })

  it('gets at most a quarter of a print, rounded down to the lot', () => {
    const seller = opened()
    submit(seller, { side: 'sell', limitPrice: '41000', quantity: '1' })
    expect(brief(seller.onMarket(trade('41001', '0.00000015', T0 + 2)))).toEqual(['maker 0.00000003 @ 41000'])
    expect(brief(seller.onMarket(trade('41001', '2', T0 + 3)))).toEqual(['maker 0.5 @ 41000'])
    expect(brief(seller.onMarket(trade('41001', '4', T0 + 4)))).toEqual(['maker 0.49999997 @ 41000'])
  })

  it('shares a print with our other orders: the better price first, then the older', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000' }, T0 + 1, 1)
    submit(engine, { limitPrice: '39500' }, T0 + 1, 2)
    submit(engine, { limitPrice: '39000' }, T0 + 1, 3)
    expect(brief(engine.onMarket(trade('38000', '0.06', T0 + 2)))).toEqual([
      'maker 0.01 @ 39500',
      'maker 0.005 @ 39000',
    ])
    expect(engine.find(clientId(1))?.filled).toBe('0.005')
  })

  it('is not forgotten when it came, or was amended, after others had been passed by', () => {
    const engine = opened()
    submit(engine, { limitPrice: '30000' }, T0 + 1, 1)
    engine.onMarket(trade('39990', '1', T0 + 2))
    submit(engine, { limitPrice: '39000' }, T0 + 3, 2)
    expect(brief(engine.onMarket(trade('38990', '1', T0 + 4)))).toEqual(['maker 0.01 @ 39000'])
    engine.onMarket(trade('39990', '1', T0 + 5))
    engine.amend({ id: clientId(1), limitPrice: '39500' }, T0 + 6)
    expect(brief(engine.onMarket(trade('39400', '1', T0 + 7)))).toEqual(['amended', 'maker 0.01 @ 39500'])
  })

  it('waits behind the size displayed when it came', () => {
    const engine = opened()
    engine.onMarket(book([['39999', '0.5']], [['40001', '0.5']], T0))
    submit(engine, { limitPrice: '39999' })
    const hit = (quantity: string, at: number, side: 'buy' | 'sell' = 'sell') =>
      brief(engine.onMarket(trade('39999', quantity, at, side)))
    expect(hit('0.3', T0 + 2)).toEqual([])
    expect(hit('5', T0 + 3, 'buy')).toEqual([])
    expect(hit('0.204', T0 + 4)).toEqual(['maker 0.004 @ 39999'])
    expect(hit('0.02', T0 + 5)).toEqual(['maker 0.005 @ 39999'])
  })

  it('is first in the queue at a price where nothing was displayed', () => {
    const engine = opened()
    engine.onMarket(
      book(
        [
          ['39999', '0.5'],
          ['39990', '1'],
        ],
        [['40001', '0.5']],
        T0,
      ),
    )
    submit(engine, { limitPrice: '39995' })
    expect(brief(engine.onMarket(trade('39995', '0.02', T0 + 2, 'sell')))).toEqual(['maker 0.005 @ 39995'])
  })

  it('does not know its place beyond the last displayed level', () => {
    const engine = opened()
    engine.onMarket(book([['39999', '0.5']], [['40001', '0.5']], T0))
    submit(engine, { limitPrice: '39000' })
    expect(brief(engine.onMarket(trade('39000', '10', T0 + 2, 'sell')))).toEqual([])
  })

  it('keeps its place when its size is amended down, and loses it when its price changes', () => {
    const engine = opened()
    engine.onMarket(
      book(
        [
          ['39999', '0.5'],
          ['39998', '0.9'],
        ],
        [['40001', '0.5']],
        T0,
      ),
    )
    submit(engine, { limitPrice: '39999' })
    engine.onMarket(trade('39999', '0.5', T0 + 2, 'sell'))
    engine.amend({ id: clientId(1), quantity: '0.005' }, T0 + 3)
    expect(brief(engine.onMarket(trade('39999', '0.004', T0 + 4, 'sell')))).toEqual(['amended', 'maker 0.001 @ 39999'])
    engine.amend({ id: clientId(1), limitPrice: '39998' }, T0 + 5)
    expect(brief(engine.onMarket(trade('39998', '0.8', T0 + 6, 'sell')))).toEqual(['amended'])
  })

  it('does not see prints from before it was there', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000' }, T0 + 500)
    expect(brief(engine.onMarket(trade('38000', '10', T0 + 400)))).toEqual([])
  })
})

describe('a stop', () => {
  it('fills at its trigger less half a spread and a tick when it is crossed between two prints of a minute', () => {
    const engine = opened()
    submit(engine, SELL_STOP)
    expect(brief(engine.onMarket(trade('38000', '0.001', T0 + 15_000)))).toEqual(['taker 0.01 @ 39492'])
  })

  it('fills at the opening less half a spread and a tick when the minute opens beyond it', () => {
    const engine = opened()
    submit(engine, SELL_STOP)
    expect(brief(engine.onMarket(trade('38000', '0.001', T0 + 60_000)))).toEqual(['taker 0.01 @ 37992.3'])
  })

  it('fills at the price it meets when the line comes back', () => {
    const engine = opened()
    submit(engine, SELL_STOP)
    engine.onMarket({ kind: 'line', up: false, reason: null, at: T0 + 2 })
    expect(brief(engine.onMarket(trade('38000', '1', T0 + 3)))).toEqual(['taker 0.01 @ 37992.3'])
  })

  it('fills a buy stop above, symmetrically', () => {
    const engine = opened()
    submit(engine, { type: 'stop-loss', limitPrice: null, triggerPrice: '40500' })
    expect(brief(engine.onMarket(trade('42000', '1', T0 + 15_000)))).toEqual(['taker 0.01 @ 40508.2'])
  })

  it('fires at once when its trigger is already passed', () => {
    expect(brief(submit(opened(), { ...SELL_STOP, triggerPrice: '40001' }))).toEqual(['taker 0.01 @ 39991.9'])
  })

  it('is set off by a touch, and not by a print above', () => {
    const engine = opened()
    submit(engine, SELL_STOP)
    expect(brief(engine.onMarket(trade('39500.1', '1', T0 + 15_000)))).toEqual([])
    expect(brief(engine.onMarket(trade('39500', '1', T0 + 30_000)))).toEqual(['taker 0.01 @ 39492'])
  })

  it('takes the worse of its own estimate and a quote that may be from before the fall', () => {
    const engine = opened()
    submit(engine, SELL_STOP)
    engine.onMarket(quote('40000', '40001', T0 + 2))
    expect(brief(engine.onMarket(trade('38000', '1', T0 + 3)))).toEqual(['taker 0.01 @ 39492'])
  })

  it('sells a take-profit when the price rises to it', () => {
    const engine = opened()
    submit(engine, { ...SELL_STOP, type: 'take-profit', triggerPrice: '41000' })
    expect(brief(engine.onMarket(trade('41500', '1', T0 + 15_000)))).toEqual(['taker 0.01 @ 40991.7'])
  })

  it('becomes a limit order where it has a limit, and rests when the market is past it', () => {
    const within = opened()
    const order = { ...SELL_STOP, type: 'stop-loss-limit', limitPrice: '39400' } as const
    submit(within, order)
    expect(brief(within.onMarket(trade('39450', '1', T0 + 15_000)))).toEqual(['taker 0.01 @ 39492'])
    const past = opened()
    submit(past, order)
    expect(brief(past.onMarket(trade('38000', '1', T0 + 60_000)))).toEqual([])
    expect(brief(past.onMarket(trade('39401', '1', T0 + 61_000)))).toEqual(['maker 0.01 @ 39400'])
  })

  it('goes on filling at its limit after it was set off, also where that lies on the other side of the trigger', () => {
    const engine = opened()
    submit(engine, { ...SELL_STOP, type: 'stop-loss-limit', limitPrice: '39600' })
    expect(brief(engine.onMarket(trade('39500', '1', T0 + 15_000)))).toEqual([])
    expect(brief(engine.onMarket(trade('39601', '1', T0 + 16_000)))).toEqual(['maker 0.01 @ 39600'])
  })

  it('is not set off by a print from before its trigger was amended', () => {
    const engine = opened()
    submit(engine, SELL_STOP)
    engine.amend({ id: clientId(1), triggerPrice: '39900' }, T0 + 500)
    engine.advanceTo(T0 + 500)
    expect(brief(engine.onMarket(trade('39800', '1', T0 + 400)))).toEqual([])
    expect(brief(engine.onMarket(trade('39800', '1', T0 + 600)))).toEqual(['taker 0.01 @ 39891.9'])
  })

  it('buys only what the funds cover when it was jumped over, and cancels the rest', () => {
    const engine = opened({}, { USDT: '410' })
    submit(engine, { type: 'stop-loss', limitPrice: null, triggerPrice: '40500' })
    const events = engine.onMarket(trade('45000', '1', T0 + 60_000))
    expect(brief(events)).toEqual(['taker 0.00903697 @ 45009.1', 'cancelled: Insufficient funds'])
    expect(engine.balances()).toMatchObject([
      { asset: 'USDT', held: '0' },
      { asset: 'BTC', total: '0.00903697' },
    ])
  })
})

describe('fees', () => {
  it.each([
    ['taker', MARKET, '40000', '3.20065'],
    ['maker', { limitPrice: '39999.9' }, '39999', '1.6'],
  ] as const)('of a %s are rounded up to the decimals of the quote', (_kind, changes, printed, fee) => {
    const engine = opened()
    const events = [...submit(engine, changes), ...engine.onMarket(trade(printed, '1', T0 + 2))]
    expect(fillsIn(events).map((fill) => fill.fee)).toEqual([fee])
  })

  it('let the last unit go where an account spent to the last digit over many fills lacks it', () => {
    const engine = opened({ makerFee: '0.008' }, { USDT: '394.09298' })
    submit(engine, { limitPrice: '39000', quantity: '0.01002475' })
    for (let n = 0; n < 200; n += 1) {
      engine.onMarket(trade('38000', '0.00000444', T0 + 2 + n))
      const rest = amount('0.01002475').minus(engine.find(clientId(1))?.filled ?? 0)
      const cost = rest.times(39_000)
      expect(held(engine, 'USDT')).toBe(text(cost.plus(roundUpTo(cost.times('0.008'), 5))))
    }
    engine.onMarket(trade('38000', '1', T0 + 500))
    expect(engine.find(clientId(1))).toMatchObject({ status: 'filled' })
    expect(engine.balances()[0]).toEqual({ asset: 'USDT', total: '0', held: '0' })
  })
})

describe('the fee of a crumb', () => {
  it('is never more than what the sale brings', () => {
    const symbol = pair('XRP/BTC')
    const engine = freshEngine({}, { XRP: '100' })
    engine.submit(newOrder(1, { symbol, side: 'sell', quantity: '10', limitPrice: '0.00002' }), T0)
    const events = engine.onMarket({ ...trade('0.00003', '0.00000004', T0 + 1), symbol })
    expect(fillsIn(events)).toMatchObject([{ quantity: '0.00000001', fee: '0.0000000000002' }])
    expect(engine.balances()).toContainEqual({ asset: 'BTC', total: '0', held: '0' })
  })
})

describe('what the engine refuses', () => {
  it.each<[string, Partial<NewOrder>, string]>([
    ['a pair it does not list', { symbol: pair('DOGE/USDT') }, 'EQuery:Unknown asset pair'],
    ['margin, which is off', { leverage: 2 }, 'EGeneral:Invalid arguments:leverage'],
    ['a settlement of what is not there', { type: 'settle-position' }, 'EGeneral:Invalid arguments:ordertype'],
    ['a trailing stop without a distance', { type: 'trailing-stop' }, 'EGeneral:Invalid arguments:trigger'],
    ['fill or kill for a market order', { ...MARKET, timeInForce: 'FOK' }, 'EGeneral:Invalid arguments:timeinforce'],
    [
      'a sale counted in quote units',
      { ...MARKET, side: 'sell', quantityInQuote: true },
      'EGeneral:Invalid arguments:oflags',
    ],
    ['a price of nothing', { limitPrice: '0' }, 'EOrder:Invalid price'],
    ['a price that is no number', { limitPrice: 'high' }, 'EOrder:Invalid price'],
    ['a limit order without a price', { limitPrice: null }, 'EGeneral:Invalid arguments:price'],
    ['a stop without a trigger', { type: 'stop-loss' }, 'EGeneral:Invalid arguments:trigger'],
    ['a quantity of nothing', { quantity: '0' }, 'EGeneral:Invalid arguments:volume'],
    ['a quantity that is no number', { quantity: 'many' }, 'EGeneral:Invalid arguments:volume'],
    ['post-only for a market order', { ...MARKET, postOnly: true }, 'EGeneral:Invalid arguments:oflags'],
    ['post-only at once or never', { postOnly: true, timeInForce: 'IOC' }, 'EGeneral:Invalid arguments:timeinforce'],
    ['an expiry in the past', { timeInForce: 'GTD', expiresAt: T0 }, 'EGeneral:Invalid arguments:expiretm'],
    [
      'an expiry in more than a month',
      { timeInForce: 'GTD', expiresAt: T0 + 32 * 86_400_000 },
      'EGeneral:Invalid arguments:expiretm',
    ],
    ['what comes after its deadline', { deadlineAt: T0 }, 'EService:Deadline elapsed'],
  ])('%s', (_what, changes, message) => {
    const engine = opened()
    expect(brief(submit(engine, changes))).toEqual([message])
    expect(engine.openOrders()).toEqual([])
    expect(engine.balances()).toEqual(freshEngine().balances())
  })

  it('amendments that the funds, the tick or post-only forbid, leaving the order as it was', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000', postOnly: true })
    const amend = (change: object) => {
      engine.amend({ id: clientId(1), ...change }, engine.now + 1)
      return brief(engine.advanceTo(engine.now + 1))
    }
    expect(amend({ quantity: '1' })).toEqual(['EOrder:Insufficient funds'])
    expect(amend({ limitPrice: '39000.01' })).toEqual(['EOrder:Tick size check failed'])
    expect(amend({ limitPrice: '40100' })).toEqual(['EOrder:Post only order'])
    expect(amend({ triggerPrice: '39000' })).toEqual(['EGeneral:Invalid arguments:trigger'])
    expect(engine.find(clientId(1))).toMatchObject({ quantity: '0.01', limitPrice: '39000', status: 'open' })
    expect(held(engine, 'USDT')).toBe('393.12')
  })
})

describe('amending', () => {
  it('below what is filled cancels the rest', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000' })
    engine.onMarket(trade('38000', '0.02', T0 + 2))
    engine.amend({ id: clientId(1), quantity: '0.004' }, T0 + 3)
    expect(brief(engine.advanceTo(T0 + 3))).toEqual(['cancelled: Amended below filled quantity'])
    expect(held(engine, 'USDT')).toBe('0')
  })

  it('across the market makes it a taker', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000' })
    engine.amend({ id: clientId(1), limitPrice: '40100' }, T0 + 3)
    expect(brief(engine.advanceTo(T0 + 3))).toEqual(['amended', 'taker 0.01 @ 40008.1'])
  })
})

describe('time', () => {
  it('lets a cancel that is still under way lose to a fill', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000' })
    engine.cancel(clientId(1), T0 + 200)
    expect(brief(engine.onMarket(trade('38000', '1', T0 + 199)))).toEqual(['maker 0.01 @ 39000'])
    expect(brief(engine.advanceTo(T0 + 200))).toEqual(['EOrder:Unknown order'])
  })

  it('lets requests take effect in order of their time, before a print of the same moment', () => {
    const engine = opened()
    engine.submit(newOrder(2, { limitPrice: '39100' }), T0 + 20)
    engine.submit(newOrder(1, { limitPrice: '39000' }), T0 + 10)
    expect(engine.nextDueAt()).toBe(T0 + 10)
    const events = engine.onMarket(trade('38000', '1', T0 + 20))
    expect(events.map((event) => event.kind)).toEqual([
      'answered',
      'opened',
      'answered',
      'opened',
      'filled',
      'booked',
      'booked',
      'filled',
      'booked',
      'booked',
    ])
    expect(engine.find(clientId(1))?.openedAt).toBe(T0 + 10)
  })

  it('expires an order before a print of the same moment', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000', timeInForce: 'GTD', expiresAt: T0 + 900 })
    expect(engine.nextDueAt()).toBe(T0 + 900)
    expect(brief(engine.onMarket(trade('38000', '1', T0 + 900)))).toEqual(['expired'])
    expect(engine.nextDueAt()).toBeNull()
  })

  it('forgets the oldest of more than a thousand closed orders', () => {
    const engine = opened()
    for (let n = 1; n <= 1_001; n += 1) submit(engine, { limitPrice: '40100', postOnly: true }, T0 + n, n)
    expect([engine.find(clientId(1)), engine.find(clientId(2))?.status]).toEqual([null, 'cancelled'])
  })

  it('keeps the accounts of the start untouched by orders that only rest', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000' })
    engine.cancel(clientId(1), T0 + 5)
    engine.advanceTo(T0 + 5)
    expect(Object.fromEntries(engine.balances().map((row) => [row.asset, row.total]))).toEqual(START)
    expect(engine.find(clientId(1))).toMatchObject({ symbol: BTC, status: 'cancelled' })
  })
})
