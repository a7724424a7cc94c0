import { describe, expect, it } from 'vitest'
import type { MatchingEngine } from '../../../src/adapters/exchange/simulated/engine.ts'
import { flowsOf } from '../../../src/adapters/exchange/simulated/port-forms.ts'
import type { NewOrder } from '../../../src/adapters/exchange/simulated/venue-order.ts'
import { asset, pair } from '../../../src/domain/ids.ts'
import { amount } from '../../../src/domain/units.ts'
import {
  book,
  brief,
  held,
  MARKET,
  marginEngine,
  opened,
  restarted as restartedAs,
  submit,
  T0,
  trade,
} from './engine.harness.ts'
import { clientId } from './orders.ts'

const HOURS = 3_600_000
const USDT = asset('USDT')

/** A venue with margin that has seen one print at 40,000. */
const begun = (): MatchingEngine => {
  const engine = marginEngine()
  engine.onMarket(trade('40000', '1', T0))
  return engine
}

const restarted = (engine: MatchingEngine): MatchingEngine => restartedAs(engine, marginEngine())

const LONG = { ...MARKET, leverage: 2, quantity: '0.1' } as const
const SHORT = { ...LONG, side: 'sell' } as const

const total = (engine: MatchingEngine, code = 'USDT') => engine.balances().find((row) => row.asset === code)?.total

/** A long of 0.1 BTC at 40,008.1, twice levered, then what follows a millisecond apart. */
const long = (changes: Partial<NewOrder> = {}): MatchingEngine => {
  const engine = begun()
  submit(engine, { ...LONG, ...changes }, T0 + 1, 1)
  return engine
}

describe('a position on margin', () => {
  it('ties up its margin of the quote, pays the trade’s fee and the opening fee, and moves no base', () => {
    const engine = long()
    expect(engine.positions()).toMatchObject([
      {
        ...{ positionId: engine.trades()[0]?.tradeId, side: 'buy', leverage: 2, price: '40008.1', quantity: '0.1' },
        ...{ closed: '0', cost: '4000.81', margin: '2000.405', fee: '32.80665', net: '-0.81' },
        rolloverAt: T0 + 1 + 4 * HOURS,
      },
    ])
    expect([total(engine), held(engine, 'USDT'), total(engine, 'BTC')]).toEqual(['9967.19335', '2000.405', '1'])
    expect(engine.trades()).toMatchObject([
      { leverage: 2, margin: '2000.405', fee: '32.00648', ledgers: ['LABCDE-FGHIJ-000001', 'LABCDE-FGHIJ-000002'] },
    ])
    expect(engine.ledger().map((entry) => [entry.kind, entry.amount, entry.fee])).toEqual([
      ['margin', '0', '32.00648'],
      ['rollover', '0', '0.80017'],
    ])
    expect(engine.collateral(USDT)).toEqual({
      ...{ asset: 'USDT', equity: '9966.38335', used: '2000.405', free: '7965.97835', level: '4.9822' },
    })
  })

  it('brings its profit when it is closed, also over a restart', () => {
    for (const engine of [long(), restarted(long())]) {
      engine.onMarket(trade('41000', '1', T0 + 2))
      expect(brief(submit(engine, { ...SHORT, reduceOnly: true }, T0 + 3, 2))).toEqual(['taker 0.1 @ 40991.7'])
      expect(engine.positions()).toEqual([])
      expect([total(engine), held(engine, 'USDT'), total(engine, 'BTC')]).toEqual(['10032.75999', '0', '1'])
    }
  })

  it('may be short, and costs its loss', () => {
    const engine = begun()
    submit(engine, SHORT, T0 + 1, 1)
    engine.onMarket(trade('41000', '1', T0 + 2))
    submit(engine, { ...LONG, reduceOnly: true }, T0 + 3, 2)
    // 39,991.9 sold, 41,008.3 bought back; fees 31.99352 and 32.80664, opening 0.79984.
    expect([total(engine), engine.positions()]).toEqual(['9832.76', []])
  })

  it('is netted with what is opened on the other side: first closed, oldest first, then opened the other way', () => {
    const engine = long()
    submit(engine, { ...LONG, quantity: '0.05' }, T0 + 2, 2)
    submit(engine, { ...SHORT, quantity: '0.12' }, T0 + 3, 3)
    expect(engine.positions()).toMatchObject([{ side: 'buy', quantity: '0.05', closed: '0.02', margin: '600.1215' }])
    submit(engine, SHORT, T0 + 4, 4)
    expect(engine.positions()).toMatchObject([{ side: 'sell', quantity: '0.07', closed: '0' }])
    expect(held(engine, 'USDT')).toBe(engine.collateral(USDT).used)
  })

  it('is charged a rollover fee every four hours, of what is still open', () => {
    const engine = long()
    expect(restarted(engine).nextDueAt()).toBe(T0 + 1 + 4 * HOURS)
    const events = engine.advanceTo(T0 + 1 + 8 * HOURS)
    expect(events).toMatchObject([
      { kind: 'booked', entry: { kind: 'rollover', amount: '0', fee: '0.80017', balance: '9966.39318' } },
      { kind: 'booked', entry: { fee: '0.80017', at: T0 + 1 + 8 * HOURS } },
    ])
    expect(engine.positions()[0]?.fee).toBe('34.40699')
    submit(engine, { ...SHORT, reduceOnly: true }, engine.now + 1, 2)
    expect(engine.nextDueAt()).toBeNull()
  })

  it('tells the account’s flows what it cost to hold, and not what it traded', () => {
    const engine = long()
    engine.deposit(USDT, '5', T0 + 2)
    submit(engine, { ...SHORT, type: 'settle-position', quantity: '0' }, T0 + 3, 2)
    expect(flowsOf(engine.ledger(), 0)).toMatchObject([
      { kind: 'financing', tradeId: expect.stringMatching(/^T/), amount: '-0.80017', fee: '0.80017', at: T0 + 1 },
      { kind: 'deposit', amount: '5' },
    ])
  })

  it('rolls over also when it was opened by a print', () => {
    const engine = begun()
    submit(engine, { ...LONG, type: 'limit', limitPrice: '39000' }, T0 + 1, 1)
    engine.onMarket(trade('38900', '10', T0 + 2))
    expect(engine.nextDueAt()).toBe(T0 + 2 + 4 * HOURS)
  })
})

describe('an order on margin', () => {
  it('holds the margin and the fees of what it opens, on either side', () => {
    const engine = begun()
    submit(engine, { ...LONG, type: 'limit', limitPrice: '39000' }, T0 + 1, 1)
    // 1,950 margin, 0.82 % of 3,900.
    expect(held(engine, 'USDT')).toBe('1981.98')
    submit(engine, { ...SHORT, type: 'limit', limitPrice: '41000' }, T0 + 2, 2)
    expect([held(engine, 'USDT'), held(engine, 'BTC')]).toEqual(['4065.6', '0'])
    expect(held(restarted(engine), 'USDT')).toBe('4065.6')
  })

  it('holds nothing for what it closes, of which only so much is to be closed', () => {
    const engine = long()
    const before = held(engine, 'USDT')
    const sale = { ...SHORT, type: 'limit', limitPrice: '45000' } as const
    submit(engine, { ...sale, quantity: '0.06' }, T0 + 2, 2)
    submit(engine, { ...sale, reduceOnly: true }, T0 + 3, 3)
    expect(held(engine, 'USDT')).toBe(before)
    submit(engine, { ...sale, quantity: '0.06' }, T0 + 4, 4)
    // 0.04 are left to be closed; 0.02 at 45,000 open: 450 margin, 0.82 % of 900.
    expect(held(engine, 'USDT')).toBe('2457.785')
  })

  it('amended below what it closes holds nothing', () => {
    const engine = long()
    submit(engine, { ...SHORT, type: 'limit', limitPrice: '45000' }, T0 + 2, 2)
    engine.amend({ id: clientId(2), quantity: '0.05' }, T0 + 3)
    expect(brief(engine.advanceTo(T0 + 3))).toEqual(['amended'])
    expect(held(engine, 'USDT')).toBe('2000.405')
  })

  it.each<[string, Partial<NewOrder>, string]>([
    ['more than the margin allows', { quantity: '1.3', leverage: 5 }, 'EOrder:Insufficient margin'],
    ['a leverage that the pair does not list', { leverage: 7 }, 'EGeneral:Invalid arguments:leverage'],
    ['an amount in quote units', { quantityInQuote: true, quantity: '100' }, 'EGeneral:Invalid arguments:oflags'],
    ['a fee in base units', { feeIn: 'base' }, 'EGeneral:Invalid arguments:oflags'],
    ['a reduction of nothing', { reduceOnly: true }, 'EOrder:Reduce only:No position exists'],
    ['a reduction on spot', { reduceOnly: true, leverage: 1 }, 'EGeneral:Invalid arguments:reduce_only'],
    ['a settlement of nothing', { type: 'settle-position', quantity: '0' }, 'EOrder:Reduce only:No position exists'],
  ])('is refused for %s', (_what, changes, message) => {
    expect(brief(submit(begun(), { ...LONG, ...changes }))).toEqual([message])
  })

  it('is refused where losses that are not yet realised have eaten the free margin', () => {
    const engine = long({ quantity: '1', leverage: 5 })
    engine.onMarket(trade('38600', '1', T0 + 2))
    const order = { ...LONG, quantity: '0.01', type: 'limit', limitPrice: '38000' } as const
    expect(brief(submit(engine, order, T0 + 3, 2))).toEqual([])
    engine.onMarket(trade('38500', '1', T0 + 4))
    expect(brief(submit(engine, order, T0 + 5, 3))).toEqual(['EOrder:Insufficient margin'])
  })

  it('that may only reduce never opens the other side, and is cancelled when nothing is left', () => {
    const engine = long()
    const exit = { ...SHORT, type: 'stop-loss', reduceOnly: true } as const
    submit(engine, { ...exit, triggerPrice: '39500' }, T0 + 2, 2)
    submit(engine, { ...exit, triggerPrice: '39400', quantity: '0.2' }, T0 + 3, 3)
    expect(brief(engine.onMarket(trade('39300', '1', T0 + 4)))).toEqual([
      'taker 0.1 @ 39492',
      'cancelled: Reduce only:Position is closed',
    ])
    expect(engine.positions()).toEqual([])
  })

  it('with closing terms spawns an exit that may only reduce', () => {
    const terms = { limitPrice: null, trailing: null, limitOffset: null } as const
    const engine = long({ close: { ...terms, type: 'stop-loss', triggerPrice: '39500' } })
    expect(engine.openOrders()).toMatchObject([{ side: 'sell', leverage: 2, reduceOnly: true, quantity: '0.1' }])
    expect(brief(engine.onMarket(trade('39500', '1', T0 + 2)))).toEqual(['taker 0.1 @ 39492'])
    expect(engine.positions()).toEqual([])
  })

  it('is refused for any leverage where margin is off', () => {
    expect(brief(submit(opened(), LONG))).toEqual(['EGeneral:Invalid arguments:leverage'])
  })
})

describe('a settlement', () => {
  it('of a long pays what it cost, and hands over what was bought', () => {
    const engine = long()
    expect(brief(submit(engine, { ...SHORT, type: 'settle-position', quantity: '0' }, T0 + 2, 2))).toEqual([
      'taker 0.1 @ 40008.1',
    ])
    expect([total(engine), total(engine, 'BTC'), held(engine, 'USDT')]).toEqual(['5966.38335', '1.1', '0'])
    expect(engine.positions()).toEqual([])
    expect(engine.find(clientId(2))).toMatchObject({ status: 'filled', filled: '0.1', fee: '0' })
  })

  it('of a short hands over the base, a part of it first, the oldest position first', () => {
    const engine = begun()
    submit(engine, SHORT, T0 + 1, 1)
    engine.onMarket(trade('41000', '1', T0 + 2))
    submit(engine, { ...SHORT, quantity: '0.05' }, T0 + 3, 2)
    submit(engine, { ...LONG, type: 'settle-position', quantity: '0.12' }, T0 + 4, 3)
    expect(engine.find(clientId(3))?.fills.map((fill) => [fill.price, fill.quantity])).toEqual([
      ['39991.9', '0.1'],
      ['40991.7', '0.02'],
    ])
    expect(total(engine, 'BTC')).toBe('0.88')
    expect(engine.positions()).toMatchObject([{ quantity: '0.05', closed: '0.02' }])
  })

  it('is not paid with the margin of what stays open', () => {
    const engine = long({ quantity: '0.4' })
    const settlement = { ...SHORT, type: 'settle-position', quantity: '0.1' } as const
    expect(brief(submit(engine, settlement, T0 + 2, 2))).toEqual(['EOrder:Insufficient funds'])
  })

  it('of more than can be paid is refused', () => {
    const engine = long({ quantity: '1', leverage: 5 })
    const settlement = { ...SHORT, type: 'settle-position', quantity: '0' } as const
    expect(brief(submit(engine, settlement, T0 + 2, 2))).toEqual(['EOrder:Insufficient funds'])
  })
})

describe('a collateral that is nearly used up', () => {
  const levered = () => long({ quantity: '1', leverage: 5 })

  it('has its orders on margin cancelled and its positions closed at 40 % of the margin, and not before', () => {
    const engine = levered()
    submit(engine, { ...SHORT, type: 'limit', limitPrice: '45000', reduceOnly: true, leverage: 5 }, T0 + 2, 2)
    expect(brief(engine.onMarket(trade('33536.9', '1', T0 + 3)))).toEqual([])
    expect(brief(restarted(engine).onMarket(trade('33536.8', '1', T0 + 4)))).toHaveLength(2)
    expect(brief(engine.onMarket(trade('33536.8', '1', T0 + 4)))).toEqual([
      'cancelled: Liquidation',
      'taker 1 @ 33529.9',
    ])
    expect(engine.closedOrders().at(-1)).toMatchObject({ liquidated: true, type: 'market', reduceOnly: true })
    expect(engine.positions()).toEqual([])
  })

  it('loses no more than there is when the price jumps, and takes orders on spot with it', () => {
    const engine = levered()
    submit(engine, { limitPrice: '15000', quantity: '0.04' }, T0 + 2, 2)
    expect(brief(engine.onMarket(trade('20000', '1', T0 + 60_000)))).toEqual([
      'cancelled: Insufficient margin',
      'taker 1 @ 19995.9',
    ])
    expect([total(engine), held(engine, 'USDT'), total(engine, 'BTC')]).toEqual(['0', '0', '1'])
    expect(engine.ledger().at(-1)).toMatchObject({ kind: 'margin', amount: '-9671.93358', fee: '0', balance: '0' })
  })

  it('is filled up again first of what comes free', () => {
    const engine = long({ quantity: '0.4' })
    const XRP = pair('XRP/USDT')
    engine.onMarket({ ...trade('0.5', '1000', T0 + 2), symbol: XRP })
    submit(engine, { ...SHORT, symbol: XRP, quantity: '4000', leverage: 2 }, T0 + 3, 2)
    engine.withdraw(USDT, engine.collateral(USDT).free, T0 + 4)
    engine.onMarket({ ...trade('0.8', '1000', T0 + 5), symbol: XRP })
    submit(engine, { ...LONG, symbol: XRP, quantity: '4000', leverage: 2, reduceOnly: true }, T0 + 6, 3)
    const used = engine.collateral(USDT).used
    expect([used, amount(held(engine, 'USDT') ?? 0).lt(used)]).toEqual(['8001.62', true])
    engine.deposit(USDT, '5000', T0 + 7)
    expect(held(engine, 'USDT')).toBe(used)
  })

  it('is closed pair by pair, as each has a price and buyers', () => {
    const engine = long({ quantity: '0.5', leverage: 5 })
    const XRP = pair('XRP/USDT')
    engine.onMarket({ ...trade('0.6', '1000', T0 + 2), symbol: XRP })
    submit(engine, { ...LONG, symbol: XRP, quantity: '20000', leverage: 5 }, T0 + 3, 2)
    engine.onMarket({ kind: 'line', up: false, reason: null, at: T0 + 4 })
    const crash = (at: number) => [
      ...engine.onMarket(book([['18000', '0.2']], [['18001', '0.1']], at)),
      ...engine.onMarket(trade('18000', '1', at)),
    ]
    expect(brief(crash(T0 + 5))).toEqual(['taker 0.2 @ 18000', 'cancelled: Insufficient liquidity'])
    const waiting = engine.openOrders().map((order) => [order.venueOrderId, order.symbol, order.liquidated])
    expect(waiting).toEqual([[expect.any(String), 'XRP/USDT', true]])
    const deeper = book([['18000', '0.4']], [['18001', '0.1']], T0 + 7)
    expect(brief(engine.onMarket(deeper))).toEqual(['taker 0.3 @ 18000'])
    expect(engine.openOrders().map((order) => [order.venueOrderId, order.symbol, order.liquidated])).toEqual(waiting)
    engine.onMarket({ ...trade('0.6', '1000', T0 + 8), symbol: XRP })
    expect([engine.openOrders(), engine.positions()]).toEqual([[], []])
  })

  it('is closed at the next price, where no price is to be had at first', () => {
    const engine = levered()
    engine.setMode('cancel_only', T0 + 2)
    expect(brief(engine.onMarket(trade('30000', '1', T0 + 3)))).toEqual([])
    expect(engine.openOrders()).toEqual([])
    engine.setMode('online', T0 + 4)
    expect(brief(engine.onMarket(trade('31000', '1', T0 + 5)))).toEqual(['taker 1 @ 30993.7'])
  })
})
