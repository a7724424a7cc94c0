/** Money on margin that no order of ours moved: charges, and what the venue or a hand closed. */
import { describe, expect, it } from 'vitest'
import { createFinancing } from '../../actors/financing.ts'
import { bookTaking } from '../../actors/liquidation.ts'
import type { Flow, VenueTrade } from '../../src/domain/account-history.ts'
import type { Fact } from '../../src/domain/facts.ts'
import { asset, orderId, type PositionId, positionId, tradeId, venueOrderId } from '../../src/domain/ids.ts'
import { amount, sumOf, text } from '../../src/domain/units.ts'
import {
  BTC,
  balance,
  factOf,
  fillOf,
  orderOf,
  POSITION,
  positionOf,
  requestOf,
  settle,
  T0,
  tradingHouse,
} from './trading-house.ts'

const MARKS = { 'BTC/USDT': { price: '40000', at: T0 } }

function marginHouse() {
  const house = tradingHouse()
  house.openAccount([balance('USDT', '10000'), balance('BTC', '1')], { 'BTC/USDT': '40000' })
  const { publish } = house.house
  /** A long at 2 whose entry was filled by the trade `t-<id>`. */
  const open = (id: PositionId, quantity: string, price: string, openedAt = T0): void => {
    const fill = fillOf(`t-${id}`, price, quantity, '0', openedAt)
    const order = orderOf(`o-${id}`, requestOf({ key: `${id}/entry/1`, positionId: id, leverage: 2, quantity }))
    const filled = { ...order, filled: quantity, cost: text(amount(price).times(quantity)), fills: [fill] }
    publish('orders', factOf({ type: 'order.filled', order: { ...filled, status: 'FILLED' }, fill }, openedAt))
    const position = positionOf({ positionId: id, leverage: 2, quantity, entryPrice: price, openedAt })
    publish('positions', factOf({ type: 'position.protected', position, gapMs: 0 }, openedAt))
  }
  const financing = createFinancing(house.house, () => MARKS)
  return { ...house, open, financing }
}
const chargeOf = (flowId: string, trade: string, fee = '0.5'): Flow => ({
  ...{ flowId, kind: 'financing', tradeId: tradeId(trade), asset: asset('USDT'), amount: `-${fee}`, fee, at: T0 },
})

describe('a charge', () => {
  it('is booked once to the position whose trade opened it, however often it is told', async () => {
    const { open, financing, told, books } = marginHouse()
    open(POSITION, '0.1', '40000')
    for (const flowId of ['L1', 'L1', 'L2']) financing.hear(chargeOf(flowId, `t-${POSITION}`))
    await settle()
    expect(told('account.financed')).toMatchObject([
      { positionId: POSITION, flow: { flowId: 'L1' }, valueUsd: '-0.5' },
      { flow: { flowId: 'L2' } },
    ])
    expect(books.financingOf(POSITION)).toBe('1')
    expect(books.totals()).toEqual({ USDT: '9999', BTC: '1' })
    expect(books.ledger()).toMatchObject({ tradingCash: '-1', flows: '0' })
  })

  it('that comes before its fill waits for it, and one of a stranger is left to the comparison', async () => {
    const { open, financing, told } = marginHouse()
    financing.hear(chargeOf('L1', `t-${POSITION}`))
    financing.hear(chargeOf('L2', 'somebody’s'))
    await settle()
    expect(told('account.financed')).toEqual([])
    open(POSITION, '0.1', '40000')
    financing.retry()
    financing.retry()
    await settle()
    expect(told('account.financed')).toMatchObject([{ flow: { flowId: 'L1' } }])
  })

  it('is part of what a closed position came to, also where it is told later', () => {
    const { open, financing, books, house } = marginHouse()
    open(POSITION, '0.1', '40000')
    financing.hear(chargeOf('L1', `t-${POSITION}`, '2'))
    const position = positionOf({ leverage: 2, status: 'closed', realisedGross: '10', fees: '3' })
    house.publish('positions', factOf({ type: 'position.closed', position }))
    expect(books.statistics().pnlNet).toBe('5')
    financing.hear(chargeOf('L2', `t-${POSITION}`, '1'))
    expect(books.statistics().pnlNet).toBe('4')
  })
})

it('a crumb on margin is no coin that the core book could take: it stays open at the venue', () => {
  const { open, books, house } = marginHouse()
  open(POSITION, '0.00001', '40000')
  const before = books.ledger()
  const position = positionOf({ leverage: 2, status: 'closed', quantity: '0' })
  house.publish('positions', factOf({ type: 'position.dustTransferred', position, quantity: '0.00001' }))
  expect(books.ledger()).toEqual(before)
  expect(books.marginLots()).toMatchObject([{ quantity: '0.00001' }])
})

describe('the venue closes what was opened first, whenever we hear of it', () => {
  const [first, second] = [positionId('first'), positionId('second')]
  const sale = (trade: string, price: string, at: number): Fact => {
    const fill = fillOf(trade, price, '0.1', '0', at)
    const request = requestOf({ key: `sale/${trade}`, side: 'sell', leverage: 2, quantity: '0.1' })
    return factOf({ type: 'order.filled', order: { ...orderOf(`o-${trade}`, request), fills: [fill] }, fill }, at)
  }

  it('an entry that is heard late is closed before the one that was heard at once', () => {
    const { open, books, house } = marginHouse()
    open(second, '0.1', '41000', T0 + 2)
    open(first, '0.1', '40000', T0 + 1)
    house.publish('orders', sale('s', '42000', T0 + 3))
    expect(books.totals()).toEqual({ USDT: '10200', BTC: '1' })
    expect(books.ledger()).toMatchObject({ tradingCash: '200' })
    expect(books.marginLots()).toMatchObject([{ tradeId: `t-${second}`, quantity: '0.1' }])
  })

  it('also where it is heard only once something was closed: what that brought is put right', () => {
    const { open, books, house } = marginHouse()
    open(second, '0.1', '41000', T0 + 2)
    house.publish('orders', sale('s', '42000', T0 + 3))
    expect(books.totals()).toEqual({ USDT: '10100', BTC: '1' })
    open(first, '0.1', '40000', T0 + 1)
    expect(books.totals()).toEqual({ USDT: '10200', BTC: '1' })
    expect(books.ledger()).toMatchObject({ tradingCash: '200' })
    expect(books.marginLots()).toMatchObject([{ tradeId: `t-${second}`, quantity: '0.1' }])
  })
})

describe('what was closed without an order of ours', () => {
  const taking = (quantity: string, fee = '3'): VenueTrade => ({
    ...{ venueOrderId: venueOrderId('FORCED'), clientOrderId: null, symbol: BTC, side: 'sell', orderType: 'market' },
    ...{ leverage: 2, fill: fillOf('forced', '30000', quantity, fee), feeAsset: asset('USDT') },
  })
  const [older, younger] = [positionId('older'), positionId('younger')]

  it('is an exit of the positions of that side, oldest first, each with its part of the fee', async () => {
    const { open, told, books, house } = marginHouse()
    open(younger, '0.1', '41000', T0 + 1)
    open(older, '0.2', '40000', T0)
    bookTaking(house, taking('0.25'))
    await settle()
    const late = told('order.filledLate')
    expect(late).toMatchObject([
      { order: { request: { positionId: older, purpose: 'exit', reduceOnly: true }, filled: '0.2', status: 'FILLED' } },
      { order: { request: { positionId: younger }, filled: '0.05', phase: 'done' } },
    ])
    expect(late.map(({ fill }) => fill.fee)).toEqual(['2.4', '0.6'])
    expect(books.marginLots()).toMatchObject([{ quantity: '0.05' }])
    expect(books.order(orderId(`${older}/liquidation/FORCED`))?.venueOrderId).toBe('FORCED')
  })

  it('takes no more than is open, and what no position holds is booked without one', async () => {
    const { open, told, books, house } = marginHouse()
    open(older, '0.2', '40000')
    house.publish(
      'positions',
      factOf({ type: 'position.closed', position: positionOf({ positionId: older, status: 'closed' }) }),
    )
    bookTaking(house, taking('0.7'))
    await settle()
    expect(told('order.filledLate')).toMatchObject([
      { order: { request: { positionId: null } }, fill: { quantity: '0.2' } },
    ])
    expect(books.marginLots()).toEqual([])
    const paid = sumOf(told('order.filledLate').map(({ fill }) => amount(fill.fee)))
    expect(text(paid)).toBe('3')
    expect(books.totals()).toEqual({ USDT: text(amount('10000').minus('2000').minus('3')), BTC: '1' })
  })
})
