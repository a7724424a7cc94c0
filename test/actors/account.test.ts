import { describe, expect, it } from 'vitest'
import { ledgerGap } from '../../src/domain/ledger.ts'
import {
  accountHouse,
  BTC,
  balance,
  factOf,
  filledOrder,
  fillOf,
  orderOf,
  positionOf,
  requestOf,
  T0,
} from './trading-house.ts'

const MINUTE = 60_000

describe('equity', () => {
  it('is unknown, not zero, before the account was opened', () => {
    const { account } = accountHouse()
    expect(account.equity()).toEqual({ usd: null, staleMarks: [] })
    expect(account.view()).toBeNull()
    expect(account.balances()).toEqual([])
  })

  it('is what is held at the mark, positions included', () => {
    const { account, open, bought, mark } = accountHouse()
    open()
    bought('0.01', '40000', '1')
    mark('BTC/USDT', '41000')
    expect(account.equity().usd).toBe('1259')
  })

  it('is unknown while a mark is older than a minute, and names it', () => {
    const { account, open, clock } = accountHouse()
    open()
    clock.advanceTo(T0 + MINUTE + 1)
    expect(account.equity()).toEqual({ usd: null, staleMarks: ['XRP/USDT'] })
    expect(account.view()).toBeNull()
    expect(account.allocation()).toMatchObject({ kind: 'unknown', reason: 'no fresh price of BTC/USDT, XRP/USDT' })
  })
})

describe('balances', () => {
  it('hold what live orders may still take: a buy its cost and fee, a sell its base', () => {
    const { account, open, books } = accountHouse()
    open()
    const stop = requestOf({ key: 'stop', side: 'sell', symbol: BTC, purpose: 'stop', quantity: '0.02' })
    books.apply(factOf({ type: 'order.opened', order: orderOf('entry') }))
    books.apply(factOf({ type: 'order.opened', order: orderOf('stop', stop, { filled: '0.005' }) }))
    const held = Object.fromEntries(account.balances().map((one) => [one.asset, one.held]))
    expect(held.USDT).toBe('403.2')
    books.apply(factOf({ type: 'order.cancelled', order: orderOf('entry', requestOf(), { status: 'CANCELLED' }) }))
    expect(account.balances().find((one) => one.asset === 'USDT')?.held).toBe('0')
  })
})

describe('margin', () => {
  it('is in use from the fill on, also before the position has written down that it heard of it', () => {
    const { account, open, books } = accountHouse()
    open()
    const opening = positionOf({ phase: 'opening', leverage: 2, quantity: '0', entryPrice: '0' })
    books.apply(factOf({ type: 'position.opening', position: opening }))
    books.apply(filledOrder(orderOf('entry', requestOf({ leverage: 2 })), '40000', '0.01'))
    expect(account.margin()).toEqual({ usedUsd: '200', freeUsd: '800' })
    books.apply(factOf({ type: 'position.filled', position: positionOf({ leverage: 2 }) }))
    expect(account.margin()).toEqual({ usedUsd: '200', freeUsd: '800' })
  })
})

describe('the core book', () => {
  it('is the same while a position buys and sells, also before that position has told of its fills', () => {
    const { account, open, books } = accountHouse([balance('USDT', '1000'), balance('BTC', '0.02')])
    open()
    const core = () => {
      const allocation = account.allocation()
      if (allocation.kind === 'unknown') throw new Error(allocation.reason)
      return allocation.rows.map((row) => `${row.quantity} ${row.asset}`)
    }
    const before = core()
    expect(before).toEqual(['0.02 BTC', '0 XRP', '1000 USDT'])
    const entry = orderOf('entry', requestOf(), { status: 'FILLED', filled: '0.01', cost: '400' })
    books.apply(factOf({ type: 'position.opening', position: positionOf({ quantity: '0' }) }))
    books.apply(factOf({ type: 'order.filled', order: entry, fill: fillOf('t1', '40000', '0.01') }))
    expect(core()[0]).toBe('0.02 BTC')
    books.apply(factOf({ type: 'position.filled', position: positionOf({ quantity: '0.01' }) }))
    expect(core()[0]).toBe('0.02 BTC')
    const exit = requestOf({ key: 'position-1/exit/1', side: 'sell', purpose: 'exit', intent: 'close' })
    const sold = orderOf('exit', exit, { status: 'FILLED', filled: '0.01', cost: '400' })
    books.apply(factOf({ type: 'order.filled', order: sold, fill: fillOf('t2', '40000', '0.01') }))
    expect(core()).toEqual(before)
  })
})

describe('the statement', () => {
  it('closes to the last digit against our own balances', () => {
    const { account, open, bought, mark } = accountHouse()
    open()
    bought('0.01', '40000', '3.2')
    mark('BTC/USDT', '41234.5')
    mark('XRP/USDT', '0.4321')
    const statement = account.ledger(account.balances())
    if (statement === null) throw new Error('no statement')
    expect(ledgerGap(statement).toFixed()).toBe('0')
    expect(account.view()?.ledger).toEqual(statement)
  })

  it('is not there while something that is held was never priced', () => {
    const { account, open, bought, marks } = accountHouse([balance('USDT', '1000')])
    open()
    bought('0.01', '40000')
    delete marks['BTC/USDT']
    expect(account.ledger(account.balances())).toBeNull()
    expect(account.view()).toBeNull()
    expect(account.measure()).toBeNull()
  })

  it("is not there where the venue's balances name a coin without a price", () => {
    const { account, open } = accountHouse()
    open()
    expect(account.ledger([...account.balances(), balance('ETH', '1')])).toBeNull()
    expect(account.ledger([...account.balances(), balance('ETH', '0')])).not.toBeNull()
  })
})

it('allocation counts an open position as if it were closed at the mark, net of the fee that this takes', () => {
  const { account, open, bought, mark } = accountHouse()
  open()
  bought('0.01', '40000')
  mark('BTC/USDT', '50000')
  const core = account.allocation()
  if (core.kind === 'unknown') throw new Error('no allocation')
  const shares = Object.fromEntries(core.rows.map((row) => [row.asset, row.valueUsd]))
  expect(core.coreEquityUsd).toBe('1346')
  expect(shares).toEqual({ BTC: '0', XRP: '250', USDT: '1096' })
})
