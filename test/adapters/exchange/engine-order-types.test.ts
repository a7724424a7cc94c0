import { describe, expect, it } from 'vitest'
import type { NewOrder } from '../../../src/adapters/exchange/simulated/venue-order.ts'
import { amount, text } from '../../../src/domain/units.ts'
import {
  book,
  brief,
  freshEngine,
  held,
  MARKET,
  opened,
  quote,
  restarted,
  submit,
  T0,
  trade,
} from './engine.harness.ts'
import { clientId } from './orders.ts'

const totalOf = (engine: ReturnType<typeof opened>, asset: string) =>
  engine.balances().find((row) => row.asset === asset)?.total

describe('a scheduled order', () => {
  it('waits for its start with its money held, then opens and works', () => {
    const engine = opened()
    expect(brief(submit(engine, { limitPrice: '40100', startsAt: T0 + 5_000 }))).toEqual(['pending'])
    expect(engine.find(clientId(1))).toMatchObject({ status: 'pending', openedAt: T0 + 1 })
    expect(held(engine, 'USDT')).toBe('404.208')
    expect(brief(engine.onMarket(trade('38000', '1', T0 + 4_999)))).toEqual([])
    expect(restarted(engine).nextDueAt()).toBe(T0 + 5_000)
    const events = engine.advanceTo(T0 + 5_000)
    expect(events.map((event) => event.kind)).toEqual(['opened', 'filled', 'booked', 'booked'])
  })

  it('can be amended and cancelled before it starts', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000', startsAt: T0 + 5_000 })
    engine.amend({ id: clientId(1), limitPrice: '40100' }, T0 + 2)
    expect(brief(engine.advanceTo(T0 + 2))).toEqual(['amended'])
    engine.cancel(clientId(1), T0 + 3)
    expect(brief(engine.advanceTo(T0 + 6_000))).toEqual(['cancelled: User requested'])
    expect(held(engine, 'USDT')).toBe('0')
  })

  it('must not expire before it starts', () => {
    const times = { timeInForce: 'GTD', startsAt: T0 + 5_000, expiresAt: T0 + 5_000 } as const
    expect(brief(submit(opened(), times))).toEqual(['EGeneral:Invalid arguments:expiretm'])
  })

  it('of the trailing kind counts from the price at its start, where the funds still cover that', () => {
    const trailing = { type: 'trailing-stop', trailing: { offset: '100', isPercent: false } } as const
    const engine = opened({}, { USDT: '450' })
    submit(engine, { ...trailing, startsAt: T0 + 5_000 })
    engine.onMarket(trade('42000', '1', T0 + 2))
    engine.advanceTo(T0 + 5_000)
    expect(engine.find(clientId(1))).toMatchObject({ status: 'open', best: '42000', triggerPrice: '42100' })
    const poorer = opened({}, { USDT: '410' })
    submit(poorer, { ...trailing, startsAt: T0 + 5_000 })
    poorer.onMarket(trade('42000', '1', T0 + 2))
    expect(brief(poorer.advanceTo(T0 + 5_000))).toEqual(['cancelled: Insufficient funds'])
    expect(held(poorer, 'USDT')).toBe('0')
  })
})

describe('fill or kill', () => {
  const booked = () => {
    const engine = opened()
    const asks = [
      ['40001', '0.02'],
      ['40002', '0.03'],
    ] as const
    engine.onMarket(book([['39999', '0.5']], asks, T0))
    return engine
  }

  it('fills all of it at once, over as many levels as its limit allows', () => {
    const order = { timeInForce: 'FOK', limitPrice: '40002', quantity: '0.05' } as const
    expect(brief(submit(booked(), order))).toEqual(['taker 0.02 @ 40001', 'taker 0.03 @ 40002'])
  })

  it.each([
    ['the book is too thin', { limitPrice: '40002', quantity: '0.06' }],
    ['its limit ends before', { limitPrice: '40001', quantity: '0.03' }],
  ])('fills nothing where %s', (_why, changes) => {
    const engine = booked()
    expect(brief(submit(engine, { timeInForce: 'FOK', ...changes }))).toEqual(['cancelled: Fill or kill'])
    expect(engine.find(clientId(1))).toMatchObject({ status: 'cancelled', filled: '0' })
  })

  it('does not rest where the market is away, or nobody knows the price', () => {
    expect(brief(submit(opened(), { timeInForce: 'FOK', limitPrice: '39000' }))).toEqual(['cancelled: Fill or kill'])
    expect(brief(submit(freshEngine(), { timeInForce: 'FOK' }))).toEqual(['cancelled: Fill or kill'])
  })
})

describe('a trailing stop', () => {
  const TRAIL = { type: 'trailing-stop', limitPrice: null, trailing: { offset: '500', isPercent: false } } as const

  it('follows the best price since it came, and sells when the price falls that far behind it', () => {
    const engine = opened()
    submit(engine, { ...TRAIL, side: 'sell' })
    expect(engine.find(clientId(1))).toMatchObject({ best: '40000', triggerPrice: '39500' })
    expect(brief(engine.onMarket(trade('41000', '1', T0 + 1_000)))).toEqual([])
    expect(brief(engine.onMarket(trade('40700', '1', T0 + 2_000)))).toEqual([])
    expect(engine.find(clientId(1))).toMatchObject({ best: '41000', triggerPrice: '40500' })
    expect(brief(restarted(engine).onMarket(trade('40500', '1', T0 + 3_000)))).toEqual(['taker 0.01 @ 40491.8'])
    expect(brief(engine.onMarket(trade('40500', '1', T0 + 3_000)))).toEqual(['taker 0.01 @ 40491.8'])
  })

  it('keeps a distance of so many per cent of the best price, on the farther tick', () => {
    const engine = opened()
    submit(engine, { ...TRAIL, side: 'sell', trailing: { offset: '1.5', isPercent: true } })
    engine.onMarket(trade('40001.3', '1', T0 + 1_000))
    expect(engine.find(clientId(1))?.triggerPrice).toBe('39401.2')
  })

  it('buys above the lowest price, and holds less as that falls', () => {
    const engine = opened()
    submit(engine, TRAIL)
    const heldAtFirst = amount(held(engine, 'USDT') ?? 0)
    engine.onMarket(trade('39000', '1', T0 + 1_000))
    expect(engine.find(clientId(1))).toMatchObject({ triggerPrice: '39500', holdPrice: '39508' })
    expect(held(engine, 'USDT')).toBe(text(amount('395.08').plus('3.16064')))
    expect(heldAtFirst.gt(held(engine, 'USDT') ?? 0)).toBe(true)
    expect(brief(engine.onMarket(trade('39500', '1', T0 + 2_000)))).toEqual(['taker 0.01 @ 39508'])
  })

  it('is not moved by prints from before it was there', () => {
    const engine = opened()
    submit(engine, { ...TRAIL, side: 'sell' }, T0 + 500)
    engine.onMarket(trade('45000', '1', T0 + 400))
    expect(engine.find(clientId(1))?.best).toBe('40000')
  })

  it('is sized anew by an amendment, and its trigger by nobody', () => {
    const engine = opened()
    submit(engine, { ...TRAIL, side: 'sell' })
    engine.amend({ id: clientId(1), quantity: '0.02' }, T0 + 2)
    engine.amend({ id: clientId(1), triggerPrice: '39000' }, T0 + 3)
    expect(brief(engine.advanceTo(T0 + 3))).toEqual(['amended', 'EGeneral:Invalid arguments:trigger'])
    expect(engine.find(clientId(1))).toMatchObject({ quantity: '0.02', triggerPrice: '39500' })
  })

  it('with a limit places that so far from the trigger, once it is set off', () => {
    const engine = opened()
    const limitOffset = { offset: '-100', isPercent: false }
    submit(engine, { ...TRAIL, side: 'sell', type: 'trailing-stop-limit', limitOffset })
    engine.onMarket(trade('41000', '1', T0 + 1_000))
    expect(engine.find(clientId(1))).toMatchObject({ triggerPrice: '40500', limitPrice: null })
    expect(brief(engine.onMarket(trade('40300', '1', T0 + 60_000)))).toEqual([])
    expect(engine.find(clientId(1))).toMatchObject({ triggered: true, limitPrice: '40400', status: 'open' })
    expect(brief(engine.onMarket(trade('40401', '1', T0 + 61_000)))).toEqual(['maker 0.01 @ 40400'])
  })

  it('to buy with a limit holds for that limit', () => {
    const engine = opened()
    const limitOffset = { offset: '1', isPercent: true }
    submit(engine, { ...TRAIL, type: 'trailing-stop-limit', limitOffset })
    expect(engine.find(clientId(1))?.holdPrice).toBe('40905')
    expect(brief(engine.onMarket(trade('40500', '1', T0 + 1_000)))).toEqual(['taker 0.01 @ 40508.2'])
  })

  it.each<[string, Partial<NewOrder>, string]>([
    ['a distance of nothing', { trailing: { offset: '0', isPercent: false } }, 'EOrder:Invalid price'],
    ['a distance between ticks', { trailing: { offset: '0.05', isPercent: false } }, 'EOrder:Invalid price'],
    ['a distance beyond zero', { trailing: { offset: '100', isPercent: true } }, 'EOrder:Invalid price'],
    ['no distance of its limit', { type: 'trailing-stop-limit' }, 'EGeneral:Invalid arguments:price'],
  ])('is refused with %s', (_what, changes, message) => {
    expect(brief(submit(opened(), { ...TRAIL, side: 'sell', ...changes }))).toEqual([message])
  })
})

describe('a market buy in quote units', () => {
  const SPEND = { ...MARKET, quantityInQuote: true, quantity: '1000' } as const

  it('buys the lots that the amount pays for, with the fee on top', () => {
    const engine = opened()
    expect(brief(submit(engine, SPEND))).toEqual(['taker 0.02499493 @ 40008.1'])
    const row = engine.find(clientId(1))
    expect(row).toMatchObject({ status: 'filled', quantity: '1000', filled: '0.02499493', cost: '999.999658933' })
    expect(held(engine, 'USDT')).toBe('0')
  })

  it('walks the book, and is done when what is left buys no lot more', () => {
    const engine = opened()
    const asks = [
      ['40000', '0.02'],
      ['40010', '0.5'],
    ] as const
    engine.onMarket(book([['39999', '0.5']], asks, T0))
    expect(brief(submit(engine, SPEND))).toEqual(['taker 0.02 @ 40000', 'taker 0.00499875 @ 40010'])
    expect(engine.find(clientId(1))?.status).toBe('filled')
    const exact = opened()
    exact.onMarket(book([['39999', '0.5']], asks, T0))
    expect(brief(submit(exact, { ...SPEND, quantity: '800.0004' }))).toEqual(['taker 0.02 @ 40000', 'restated'])
    expect(exact.find(clientId(1))?.status).toBe('filled')
  })

  it.each([
    ['0.49', 'EOrder:Cost minimum not met'],
    ['1', 'EOrder:Order minimum not met'],
    ['10.000001', 'EGeneral:Invalid arguments:volume'],
    ['9921', 'EOrder:Insufficient funds'],
  ])('of %s is refused: %s', (quantity, message) => {
    expect(brief(submit(opened(), { ...SPEND, quantity }))).toEqual([message])
  })

  it('waits with its amount and the fee held while the line is down', () => {
    const engine = opened()
    engine.onMarket({ kind: 'line', up: false, reason: null, at: T0 })
    submit(engine, SPEND)
    expect(held(engine, 'USDT')).toBe('1008')
    expect(brief(engine.onMarket(quote('20000', '20001', T0 + 5)))).toEqual(['taker 0.04999725 @ 20001.1'])
  })
})

describe('a fee in base units', () => {
  it('of a buy is taken from what was bought, and the cost has none', () => {
    const engine = opened()
    submit(engine, { ...MARKET, feeIn: 'base' })
    expect(totalOf(engine, 'BTC')).toBe('1.00992')
    expect(totalOf(engine, 'USDT')).toBe('9599.919')
    expect(engine.trades()).toMatchObject([{ fee: '0.00008', feeAsset: 'BTC', cost: '400.081' }])
    expect(engine.find(clientId(1))?.fee).toBe('3.20065')
  })

  it('of a buy is not held', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000', feeIn: 'base' })
    expect(held(engine, 'USDT')).toBe('390')
  })

  it('of a sale is held and paid beside what is sold', () => {
    const engine = opened()
    const sale = { side: 'sell', limitPrice: '41000', feeIn: 'base' } as const
    expect(brief(submit(engine, { ...sale, quantity: '1' }, T0 + 1, 2))).toEqual(['EOrder:Insufficient funds'])
    submit(engine, sale)
    expect(held(engine, 'BTC')).toBe('0.01008')
    engine.onMarket(trade('41001', '1', T0 + 2))
    expect(totalOf(engine, 'BTC')).toBe('0.98996')
    expect(totalOf(engine, 'USDT')).toBe('10410')
    expect(held(engine, 'BTC')).toBe('0')
  })
})
