import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type Asking,
  asking,
  BTC,
  type Client,
  type Frame,
  type SocketHouse,
  START,
  socketHouse,
} from './socket-house.ts'

const MINUTE = 60_000
let house: SocketHouse
let client: Client
let ask: Asking['ask']
let limit: Asking['limit']

const execution = async (type = 'update'): Promise<Frame> => (await client.on('executions', type)).data[0]
const rows = (channel: string): Frame[] =>
  client.heard.filter(({ frame }) => frame.channel === channel).flatMap(({ frame }) => frame.data)
const sequences = (channel: string): number[] =>
  client.heard.filter(({ frame }) => frame.channel === channel).map(({ frame }) => frame.sequence)

beforeEach(async () => {
  house = await socketHouse()
  house.quote('49999.9', '50000.1')
  house.trade('50000', '0.5')
  client = await house.connect()
  ;({ ask, limit } = asking(house, client))
})
afterEach(() => house.stop())

describe('executions', () => {
  it('tell an order from its arrival to its last fill, numbered from one', async () => {
    const subscribed = await ask('subscribe', { channel: 'executions' })
    expect(subscribed.result).toMatchObject({
      ...{ channel: 'executions', maxratecount: 180, snap_orders: true, snap_trades: false },
    })
    expect(await client.on('executions', 'snapshot')).toMatchObject({ data: [], sequence: 1 })
    const added = await limit(50_000, { cl_ord_id: 'mine' })
    const order_id = added.result.order_id
    expect(added.result).toEqual({ order_id, cl_ord_id: 'mine' })
    expect(await execution()).toMatchObject({
      ...{ order_id, cl_ord_id: 'mine', order_userref: 0, exec_type: 'pending_new', order_status: 'pending_new' },
      ...{ symbol: BTC, side: 'buy', order_type: 'limit', order_qty: 0.01, limit_price: 50_000, cum_qty: 0 },
      ...{ limit_price_type: 'static', time_in_force: 'GTC', fee_ccy_pref: 'fciq', stop_price: 0 },
    })
    // A sparse row: nothing but which order, when, and what of it.
    expect(await execution()).toEqual({
      ...{ timestamp: '2026-11-02T12:00:00.000001Z', order_status: 'new', exec_type: 'new' },
      ...{ order_id, cl_ord_id: 'mine', order_userref: 0 },
    })
    house.trade('49990', '1', 'sell')
    const fill = await execution()
    expect(fill).toMatchObject({
      ...{ order_id, exec_type: 'trade', order_status: 'partially_filled', last_qty: 0.01, last_price: 50_000 },
      ...{ cum_qty: 0.01, cum_cost: 500, avg_price: 50_000, liquidity_ind: 'm', cost: 500, fee_usd_equiv: 2 },
      ...{ fees: [{ asset: 'USDT', qty: 2 }], trade_id: 1 },
    })
    expect(fill.exec_id).toMatch(/^T[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{6}$/)
    expect(await execution()).toMatchObject({ order_id, exec_type: 'filled', order_status: 'filled', cum_qty: 0.01 })
    expect(sequences('executions')).toEqual([1, 2, 3, 4, 5])
  })

  it('begin with open orders, and with the last fills where they are wanted', async () => {
    await limit(49_000, { order_userref: 7, order_qty: 0.02 })
    await ask('add_order', { order_type: 'market', side: 'sell', symbol: BTC, order_qty: 0.5 })
    await ask('subscribe', { channel: 'executions', snap_trades: true })
    const { data } = await client.on('executions', 'snapshot')
    expect(data.map((row: Frame) => row.exec_type)).toEqual(['new', ...data.slice(1).map(() => 'trade')])
    expect(data[0]).toMatchObject({ order_userref: 7, order_status: 'new', order_qty: 0.02, limit_price: 49_000 })
    expect(data.length).toBeGreaterThan(1)
    expect(data.slice(1).every((row: Frame) => row.order_status === 'filled' && row.liquidity_ind === 't')).toBe(true)
  })

  it('count each subscription from one again', async () => {
    await ask('subscribe', { channel: 'executions' })
    await limit(49_000)
    expect((await ask('unsubscribe', { channel: 'executions' })).result).toEqual({ channel: 'executions' })
    await limit(48_000)
    await ask('subscribe', { channel: 'executions' })
    await client.on('executions', 'snapshot')
    await client.on('executions', 'snapshot')
    expect(sequences('executions')).toEqual([1, 2, 3, 1])
  })

  it('tell triggers, changes and ends, or with order_status off only that orders open and end', async () => {
    const quiet = await house.connect()
    await ask('subscribe', { channel: 'executions', snap_orders: false, order_status: false }, quiet)
    await ask('subscribe', { channel: 'executions', snap_orders: false, ratecounter: true })
    const stop = await ask('add_order', {
      ...{ order_type: 'stop-loss-limit', side: 'sell', symbol: BTC, order_qty: 0.01, limit_price: 49_600 },
      triggers: { price: 49_500, reference: 'last' },
    })
    const { order_id } = stop.result
    expect(await execution()).toMatchObject({
      triggers: { reference: 'last', price: 49_500, price_type: 'static', status: 'untriggered' },
    })
    expect(await execution()).toMatchObject({ exec_type: 'new', ratecount: 1 })
    await ask('amend_order', { order_id, order_qty: 0.02, limit_price: 49_650 })
    expect(await execution()).toMatchObject({
      ...{ exec_type: 'amended', amended: true, reason: 'User requested', order_qty: 0.02, limit_price: 49_650 },
    })
    house.quote('49479.9', '49480.1')
    house.trade('49480', '0.1', 'sell')
    expect(await execution()).toMatchObject({ exec_type: 'status', order_id, triggers: { status: 'triggered' } })
    await ask('cancel_order', { order_id: [order_id] })
    await client.next(({ channel, data }) => channel === 'executions' && data[0].exec_type === 'canceled')
    const ended = rows('executions').at(-1)
    expect(ended).toMatchObject({ order_status: 'canceled', reason: 'User requested', cancel_reason: 'User requested' })
    await limit(49_000, { time_in_force: 'gtd', expire_time: '2026-11-02T12:00:30Z' })
    house.clock.advanceTo(START + 31_000)
    house.trade('49480', '0.1', 'sell')
    await client.next(({ channel, data }) => channel === 'executions' && data[0].exec_type === 'expired')
    await quiet.next(({ channel, data }) => channel === 'executions' && data[0].exec_type === 'expired')
    const told = quiet.heard.filter(({ frame }) => frame.channel === 'executions').map(({ frame }) => frame)
    const types = new Set(told.map((frame) => frame.data[0].exec_type))
    expect([...types].every((type) => ['new', 'trade', 'filled', 'canceled', 'expired'].includes(type))).toBe(true)
    expect(told.map((frame) => frame.sequence)).toEqual(told.map((_, index) => index + 1))
  })
})

describe('executions of the rarer orders', () => {
  const types = () => rows('executions').map((row) => [row.exec_type, row.order_status])
  const told = (execType: string) =>
    client.next(({ channel, data }) => channel === 'executions' && data[0]?.exec_type === execType)
  beforeEach(() => ask('subscribe', { channel: 'executions', snap_orders: false }))

  it('tell a scheduled order as pending until its time has come', async () => {
    await limit(49_000, { effective_time: '2026-11-02T12:00:30Z' })
    const { frame } = await told('pending_new')
    expect(frame.data[0].effective_time).toBe('2026-11-02T12:00:30.000000Z')
    house.clock.advanceTo(START + 31_000)
    house.trade('50000', '0.1')
    await told('new')
    expect(types()).toEqual([
      ['pending_new', 'pending_new'],
      ['new', 'new'],
    ])
  })

  it('tell how a trailing stop follows, where it lies, and that it went off', async () => {
    await ask('add_order', {
      ...{ order_type: 'trailing-stop', side: 'sell', symbol: BTC, order_qty: 0.01 },
      triggers: { price: 100, price_type: 'quote' },
    })
    expect((await told('pending_new')).frame.data[0]).toMatchObject({
      ...{ triggers: { price: 100, price_type: 'quote', actual_price: 49_900 }, stop_price: 49_900 },
    })
    house.quote('49800', '49800.2')
    house.trade('49800', '1', 'sell')
    expect((await told('status')).frame.data[0].triggers).toMatchObject({ status: 'triggered', peak_price: 50_000 })
    await told('filled')
    const refused = await ask('add_order', {
      ...{ order_type: 'trailing-stop', side: 'sell', symbol: BTC, order_qty: 0.01, triggers: { price: 49_900 } },
    })
    expect(refused.error).toBe('EGeneral:Invalid arguments:triggers')
  })

  it('tell each part that an iceberg shows', async () => {
    await ask('add_order', {
      ...{ order_type: 'iceberg', side: 'buy', symbol: BTC, order_qty: 0.03, display_qty: 0.01, limit_price: 49_000 },
    })
    expect((await told('pending_new')).frame.data[0].display_qty).toBe(0.01)
    house.quote('48999', '49000')
    house.trade('48990', '0.04', 'sell')
    const { frame } = await told('iceberg_refill')
    expect(frame.data[0]).toMatchObject({ order_status: 'partially_filled', display_qty: 0.01 })
  })

  it('tell what a fill spawned, and from which order', async () => {
    const { order_id } = (
      await ask('add_order', {
        ...{ order_type: 'market', side: 'buy', symbol: BTC, order_qty: 0.01 },
        conditional: { order_type: 'stop-loss', trigger_price: 45_000 },
      })
    ).result
    const { frame } = await told('pending_new')
    expect(frame.data[0].contingent).toEqual({
      ...{ order_type: 'stop-loss', trigger_price: 45_000, trigger_price_type: 'static' },
    })
    const spawned = await client.next(({ channel, data }) => channel === 'executions' && data[0]?.ord_ref_id)
    expect(spawned.frame.data[0]).toMatchObject({ ord_ref_id: order_id, side: 'sell', order_type: 'stop-loss' })
  })

  it('tell a market buy by what it may spend, and that it is done when it has been spent', async () => {
    await ask('add_order', { order_type: 'market', side: 'buy', symbol: BTC, cash_order_qty: 1000 })
    expect((await told('pending_new')).frame.data[0]).toMatchObject({ cash_order_qty: 1000 })
    const { frame } = await told('filled')
    expect(frame.data[0].order_status).toBe('filled')
    expect(Number(frame.data[0].cum_cost)).toBeCloseTo(1000, 0)
  })

  it('tell a fill or kill that was killed', async () => {
    const level = (price: string) => [{ price, quantity: '0.1' }]
    house.hear({ kind: 'book', symbol: BTC, bids: level('49999'), asks: level('50001'), at: house.clock.now() })
    await limit(50_001, { order_qty: 0.5, time_in_force: 'fok' })
    const { frame } = await told('canceled')
    expect(frame.data[0]).toMatchObject({ cum_qty: 0, reason: expect.any(String) })
    expect(types().map(([type]) => type)).toEqual(['pending_new', 'new', 'canceled'])
  })
})

describe('balances', () => {
  it('begin with every asset, then tell both sides of a trade as entries of one ledger', async () => {
    await ask('subscribe', { channel: 'balances' })
    const snapshot = await client.on('balances', 'snapshot')
    expect(snapshot.sequence).toBe(1)
    expect(snapshot.data.find((row: Frame) => row.asset === 'USDT')).toEqual({
      ...{ asset: 'USDT', asset_class: 'currency', balance: 50_000 },
      wallets: [{ type: 'spot', id: 'main', balance: 50_000 }],
    })
    await ask('add_order', { order_type: 'limit', side: 'sell', symbol: BTC, order_qty: 0.1, limit_price: 50_000 })
    house.trade('50010', '4')
    const [paid, got] = [(await client.on('balances')).data[0], (await client.on('balances')).data[0]]
    expect(paid).toMatchObject({
      ...{ asset: 'BTC', type: 'trade', category: 'trade', amount: -0.1, fee: 0, balance: 0.9 },
      ...{ wallet_type: 'spot', wallet_id: 'main', asset_class: 'currency' },
    })
    expect(got).toMatchObject({ asset: 'USDT', amount: 5000, fee: 20, balance: 54_980, ref_id: paid.ref_id })
    expect(sequences('balances')).toEqual([1, 2, 3])
  })
})

describe('tokens', () => {
  it('are refused after a quarter of an hour, but hold on a line with a private subscription', async () => {
    await ask('subscribe', { channel: 'executions' })
    house.clock.advanceTo(START + 16 * MINUTE)
    expect((await limit(49_000)).success).toBe(true)
    const late = await house.connect()
    expect(await ask('subscribe', { channel: 'executions' }, late)).toMatchObject({
      ...{ success: false, error: 'ESession:Invalid session' },
    })
    await ask('unsubscribe', { channel: 'executions' })
    expect(await limit(48_000)).toMatchObject({ success: false, error: 'ESession:Invalid session' })
  })

  it('are refused when a fault says so', async () => {
    house.faults.add([{ kind: 'token-expiry' }])
    expect((await ask('subscribe', { channel: 'balances' })).error).toBe('ESession:Invalid session')
  })
})
