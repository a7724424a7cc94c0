import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Asking, asking, BTC, type Client, type SocketHouse, START, socketHouse } from './socket-house.ts'

let house: SocketHouse
let client: Client
let ask: Asking['ask']
let limit: Asking['limit']
let token: string

beforeEach(async () => {
  house = await socketHouse()
  house.quote('49999.9', '50000.1')
  house.trade('50000', '0.5')
  client = await house.connect()
  ;({ ask, limit, token } = asking(house, client))
})
afterEach(() => house.stop())

describe('orders', () => {
  const open = () => house.venue.openOrders().map((order) => order.limitPrice)

  it('are answered with their ids, and placed nowhere by a validation', async () => {
    expect((await limit(49_000, { validate: true, order_userref: 3 })).result).toEqual({ order_userref: 3 })
    expect(open()).toEqual([])
  })

  it("are refused in Kraken's words", async () => {
    const cases: readonly [object, string][] = [
      [{ order_qty: 1000 }, 'EOrder:Insufficient funds'],
      [{ order_qty: 0.00001 }, 'EOrder:Order minimum not met'],
      [{ limit_price: 49_000.05 }, 'EOrder:Tick size check failed'],
      [{ limit_price: '49000' }, 'Limit_price field must be a number_float'],
      [{ symbol: 'XBT/USDT' }, 'Currency pair not supported XBT/USDT'],
      [{ price: 49_000 }, "Unsupported field: 'price' for the given msg type: add order"],
      [{ order_qty: 1e300 }, 'EGeneral:Invalid arguments:order_qty'],
      [{ order_type: 'wish' }, 'EGeneral:Invalid arguments:order_type'],
      [{ cl_ord_id: 'one', order_userref: 1 }, 'EGeneral:Invalid arguments:cl_ord_id and order_userref'],
      [{ deadline: '2026-11-02T11:59:59Z' }, 'EService:Deadline elapsed'],
      [{ deadline: '2026-11-02T12:02:00Z' }, 'EGeneral:Invalid arguments:deadline'],
      [{ token: 'stolen' }, 'ESession:Invalid session'],
    ]
    for (const [over, error] of cases) expect(await limit(49_000, over)).toMatchObject({ success: false, error })
    expect(open()).toEqual([])
  })

  it('keep every digit of a price and a size', async () => {
    const order = '"order_type":"limit","side":"sell","symbol":"XRP/USDT","order_qty":2.00000001,"limit_price":0.70001'
    house.hear({
      ...{ kind: 'trade', symbol: 'XRP/USDT' as typeof BTC, price: '0.6', quantity: '9', side: 'buy', at: START },
    })
    client.socket.send(`{"method":"add_order","params":{${order},"token":"${token}"},"req_id":77}`)
    await client.answer(77)
    expect(house.venue.openOrders()).toMatchObject([{ quantity: '2.00000001', limitPrice: '0.70001' }])
  })

  it('take triggers and prices relative to the last trade', async () => {
    await ask('add_order', {
      ...{ order_type: 'stop-loss', side: 'sell', symbol: BTC, order_qty: 0.01 },
      triggers: { price: -2, price_type: 'pct' },
    })
    await ask('add_order', {
      ...{ order_type: 'take-profit', side: 'sell', symbol: BTC, order_qty: 0.01 },
      triggers: { price: 150, price_type: 'quote' },
    })
    expect(house.venue.openOrders().map((order) => order.triggerPrice)).toEqual(['49000', '50150'])
  })

  it('are amended in place, or edited into another order', async () => {
    const { order_id } = (await limit(49_000)).result
    const amended = await ask('amend_order', { order_id, limit_price: 49_100, order_qty: 0.02 })
    expect(amended.result).toEqual({ amend_id: expect.stringMatching(/^T/), order_id })
    const edited = await ask('edit_order', { order_id, symbol: BTC, limit_price: 49_200 })
    expect(edited.result).toEqual({ order_id: expect.stringMatching(/^O/), original_order_id: order_id })
    expect(edited.result.order_id).not.toBe(order_id)
    expect(house.venue.openOrders()).toMatchObject([{ limitPrice: '49200', quantity: '0.02' }])
    expect((await ask('amend_order', { order_id, limit_price: 49_300 })).error).toBe('EOrder:Unknown order')
  })

  it('are cancelled with one answer an id, by any of their names', async () => {
    const first = (await limit(49_000)).result.order_id
    await limit(48_000, { cl_ord_id: 'mine' })
    await limit(47_000, { order_userref: 5 })
    client.ask({
      method: 'cancel_order',
      params: { token, order_id: [first, 'OXXXXX-XXXXX-XXXXXX'], cl_ord_id: ['mine'], order_userref: [5] },
      req_id: 50,
    })
    const answers = [await client.answer(50), await client.answer(50), await client.answer(50), await client.answer(50)]
    expect(answers.map((each) => each.result ?? each.error)).toEqual([
      { order_id: first },
      'EOrder:Unknown order',
      { cl_ord_id: 'mine' },
      { order_userref: 5 },
    ])
    expect(open()).toEqual([])
  })

  it('go in batches of one pair, and leave in batches', async () => {
    const order = (limit_price: number, over: object = {}) => ({
      ...{ order_type: 'limit', side: 'buy', order_qty: 0.01, limit_price, ...over },
    })
    const added = await ask('batch_add', { symbol: BTC, orders: [order(49_000), order(48_000, { order_userref: 9 })] })
    expect(added.result).toEqual([{ order_id: expect.any(String) }, { order_id: expect.any(String), order_userref: 9 }])
    const whole = await ask('batch_add', { symbol: BTC, orders: [order(47_000), order(47_000.05)] })
    expect(whole).toMatchObject({ success: false, error: 'EOrder:Tick size check failed' })
    expect((await ask('batch_add', { symbol: BTC, orders: [order(47_000)] })).success).toBe(false)
    const gone = await ask('batch_cancel', { orders: [added.result[0].order_id, '9'] })
    expect(gone).toMatchObject({ method: 'batch_cancel', orders_cancelled: 2, success: true })
    expect(gone.result).toBeUndefined()
    expect(open()).toEqual([])
  })

  it('all leave at once, or when the dead-man switch was not held', async () => {
    await limit(49_000)
    await limit(48_000)
    expect((await ask('cancel_all')).result).toEqual({ count: 2 })
    await limit(47_000)
    expect((await ask('cancel_all_orders_after', { timeout: 60 })).result).toEqual({
      ...{ currentTime: '2026-11-02T12:00:00Z', triggerTime: '2026-11-02T12:01:00Z' },
    })
    house.clock.advanceTo(START + 61_000)
    house.trade('50000', '0.1')
    expect(open()).toEqual([])
  })

  it('are counted against the rate limit of their pair', async () => {
    for (let count = 0; count < 180; count++) await limit(40_000 + count, { order_qty: 0.00005 })
    expect(await limit(39_000)).toMatchObject({ success: false, error: 'EOrder:Rate limit exceeded' })
  })
})
