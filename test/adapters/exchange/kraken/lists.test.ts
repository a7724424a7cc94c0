import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pair } from '../../../../src/domain/ids.ts'
import { marketData } from '../../../support/market-data.ts'
import { BTC, clientId } from '../orders.ts'
import { type Loopback, NOON, openLoopback, type Reply } from './loopback.ts'

const ID = clientId(1)
const ORDER = 'OUF4EM-FRGI2-MQMWZD'

let venue: Loopback
beforeEach(async () => {
  venue = await openLoopback()
})
afterEach(() => venue.stop())

const row = (changes: object = {}, descr: object = {}) => ({
  ...{ refid: null, userref: null, cl_ord_id: ID, status: 'open', opentm: '1767614400.1234', starttm: 0, expiretm: 0 },
  descr: { pair: 'XBTUSDT', type: 'buy', ordertype: 'limit', price: '40000.0', price2: '0', ...descr },
  ...{ vol: '0.01000000', vol_exec: '0.00000000', oflags: 'fciq', misc: '', ...changes },
})
const trade = (order: string, changes: object = {}) => ({
  ...{ ordertxid: order, pair: 'XBTUSDT', time: 1767614401.9999, type: 'buy', ordertype: 'limit', maker: false },
  ...{ price: '40000.10000', cost: '400.001', fee: 1.6e-7, vol: '0.01000000', trade_id: 7, ...changes },
})
const list = (name: string, rows: object): Reply => ({ result: { [name]: rows, count: Object.keys(rows).length } })
const found = () => venue.settle(venue.exchange.lookUp(ID))
const methods = () => venue.asked.map((call) => call.method)

describe('looking an order up by our id', () => {
  it('is null only when open orders, closed orders and trades were read and none has it', async () => {
    expect(await found()).toEqual({ kind: 'done', value: null })
    expect(methods()).toEqual(['OpenOrders', 'ClosedOrders', 'TradesHistory'])
    expect(venue.asked[0]?.form).toMatchObject({ cl_ord_id: ID })
  })

  it.each(['OpenOrders', 'ClosedOrders', 'TradesHistory'])('is not null when %s could not be read', async (method) => {
    venue.reply(method, { errors: ['EService:Busy'] })
    expect(await found()).toMatchObject({ kind: 'lost' })
    venue.reply(method, { errors: ['EAPI:Rate limit exceeded'] })
    expect(await found()).toMatchObject({ kind: 'refused', code: 'rate' })
  })

  it('is not null when the venue did not filter its list', async () => {
    venue.reply('ClosedOrders', list('closed', { OTHER: row({ cl_ord_id: clientId(2), status: 'closed' }) }))
    expect(await found()).toMatchObject({ kind: 'lost' })
  })

  it('finds an open order as it stands', async () => {
    venue.reply('OpenOrders', list('open', { [ORDER]: row() }))
    expect(await found()).toEqual({
      kind: 'done',
      value: {
        ...{ venueOrderId: ORDER, status: 'open', quantity: '0.01', limitPrice: '40000', triggerPrice: null },
        ...{ filled: '0', fills: [], reason: null },
      },
    })
  })

  it('finds a closed order with every execution: id, price, fee, maker or taker, to the millisecond', async () => {
    venue.reply('ClosedOrders', list('closed', { [ORDER]: row({ status: 'closed', vol_exec: '0.01000000' }) }))
    const others = { T9: trade('OTHER') }
    venue.reply('TradesHistory', list('trades', { T1: trade(ORDER), ...others }))
    const fill = { price: '40000.1', quantity: '0.01', fee: '0.00000016', liquidity: 'taker', at: 1767614401999 }
    expect(await found()).toMatchObject({
      value: { status: 'filled', filled: '0.01', fills: [{ tradeId: 'T1', ...fill }] },
    })
    expect(venue.asked.at(-1)?.form).toMatchObject({ start: '1767614399', consolidate_taker: 'false' })
  })

  it('does not claim to know an order whose executions are not all listed yet', async () => {
    venue.reply('ClosedOrders', list('closed', { [ORDER]: row({ status: 'closed', vol_exec: '0.01000000' }) }))
    expect(await found()).toMatchObject({ kind: 'lost' })
  })

  it('reads page after page of trades until they come to what was filled', async () => {
    venue.reply('ClosedOrders', list('closed', { [ORDER]: row({ status: 'closed', vol_exec: '0.01000000' }) }))
    const page = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`X${n}`, trade('OTHER')]))
    venue.reply('TradesHistory', list('trades', page), list('trades', { T1: trade(ORDER) }))
    expect(await found()).toMatchObject({ kind: 'done', value: { fills: [{ tradeId: 'T1' }] } })
    expect(venue.asked.filter((call) => call.method === 'TradesHistory').map((call) => call.form.ofs)).toEqual([
      '0',
      '50',
    ])
  })

  it('finds an order that only its trades show', async () => {
    venue.reply('TradesHistory', list('trades', { T1: trade(ORDER) }))
    venue.reply('QueryOrders', { result: { [ORDER]: row({ status: 'closed', vol_exec: '0.01000000' }) } })
    expect(await found()).toMatchObject({ kind: 'done', value: { venueOrderId: ORDER, fills: [{ tradeId: 'T1' }] } })
  })

  it('reads trigger and limit of a triggered order where Kraken keeps them, and why it ended', async () => {
    const stop = row(
      { status: 'canceled', reason: 'User requested' },
      { ordertype: 'stop-loss-limit', price: '38000.0', price2: '37900.0' },
    )
    venue.reply('ClosedOrders', list('closed', { [ORDER]: stop }))
    expect(await found()).toMatchObject({
      value: { status: 'cancelled', triggerPrice: '38000', limitPrice: '37900', reason: 'User requested' },
    })
  })
})

describe('the account at Kraken', () => {
  it('lists every open order, ours by id and somebody else’s without', async () => {
    const others = row(
      { cl_ord_id: 'by-hand' },
      { pair: 'XBTUSD', type: 'sell', ordertype: 'stop-loss', price: '30000' },
    )
    venue.reply('OpenOrders', list('open', { [ORDER]: row(), OTHER: others, ODD: row({}, { pair: 'AAPLxUSD' }) }))
    expect(await venue.settle(venue.exchange.openOrders())).toMatchObject({
      kind: 'done',
      value: [
        { clientOrderId: ID, symbol: 'BTC/USDT', side: 'buy', type: 'limit', openedAt: 1767614400123 },
        { clientOrderId: null, symbol: 'BTC/USD', side: 'sell', type: 'stop-loss', triggerPrice: '30000' },
      ],
    })
    expect(venue.logged.join()).toContain('AAPLxUSD')
  })

  it('holds what open orders hold, and keeps staked balances apart', async () => {
    venue.reply('BalanceEx', {
      result: { XXBT: { balance: 1.2435, hold_trade: 0.8423 }, 'XBT.M': { balance: '2.50', hold_trade: '0' } },
    })
    expect(await venue.settle(venue.exchange.balances())).toEqual({
      kind: 'done',
      value: [
        { asset: 'BTC', total: '1.2435', held: '0.8423' },
        { asset: 'XBT.M', total: '2.5', held: '0' },
      ],
    })
  })

  it('pays its own fees, as shares of the cost', async () => {
    venue.reply('TradeVolume', {
      result: {
        ...{
          currency: 'ZUSD',
          volume: '1',
          fees: { XBTUSDT: { fee: '0.8000', min_fee: '0.1' }, XXBTZUSD: { fee: '0.4' } },
        },
        fees_maker: { XBTUSDT: { fee: '0.4000', minfee: '0.0000' } },
      },
    })
    const answer = await venue.settle(venue.exchange.fees([BTC, pair('BTC/USD')]))
    expect(answer.kind === 'done' ? [...answer.value] : answer).toEqual([
      ['BTC/USDT', { maker: '0.004', taker: '0.008' }],
      ['BTC/USD', { maker: '0.004', taker: '0.004' }],
    ])
    expect(venue.asked.at(-1)?.form.pair).toBe('XBTUSDT,XBTUSD')
  })

  it('tells what moved a balance and is no trade, oldest first, fee included', async () => {
    const entry = (type: string, second: number, changes: object = {}) => ({
      ...{ refid: 'R', time: NOON / 1000 + second, type, subtype: '', aclass: 'currency', asset: 'XXBT' },
      ...{ amount: '0.5', fee: '0.0001', balance: '1', ...changes },
    })
    venue.reply('Ledgers', {
      result: {
        ledger: {
          L5: entry('withdrawal', 50, { amount: '-0.2' }),
          L4: entry('staking', 40, { asset: 'XBT.M', fee: '0' }),
          L3: entry('trade', 30),
          L2: entry('deposit', 20),
          L1: entry('deposit', 0),
        },
        count: 5,
      },
    })
    expect(await venue.settle(venue.exchange.flows(NOON))).toEqual({
      kind: 'done',
      value: [
        { flowId: 'L2', kind: 'deposit', asset: 'BTC', amount: '0.4999', fee: '0.0001', at: NOON + 20_000 },
        { flowId: 'L4', kind: 'other', asset: 'XBT.M', amount: '0.5', fee: '0', at: NOON + 40_000 },
        { flowId: 'L5', kind: 'withdrawal', asset: 'BTC', amount: '-0.2001', fee: '0.0001', at: NOON + 50_000 },
      ],
    })
  })

  it('lists the executions of the account, whoever ordered them, oldest first', async () => {
    venue.reply(
      'TradesHistory',
      list('trades', { T2: trade('B', { time: 1767614403 }), T1: trade('A'), T0: trade('Z', { time: 1767614400 }) }),
    )
    const entry = {
      time: NOON / 1000 + 1,
      type: 'trade',
      subtype: '',
      aclass: 'currency',
      amount: '0.01',
      balance: '1',
    }
    venue.reply('Ledgers', {
      result: {
        ledger: {
          L1: { ...entry, refid: 'T2', asset: 'XXBT', fee: '0.00002' },
          L2: { ...entry, refid: 'T2', asset: 'USDT', fee: '0' },
        },
        count: 2,
      },
    })
    const answer = await venue.settle(venue.exchange.trades(NOON))
    expect(venue.asked.at(-1)?.form).toMatchObject({ type: 'trade' })
    expect(answer).toMatchObject({
      kind: 'done',
      value: [
        {
          venueOrderId: 'A',
          clientOrderId: null,
          symbol: 'BTC/USDT',
          side: 'buy',
          orderType: 'limit',
          feeAsset: 'USDT',
        },
        { venueOrderId: 'B', feeAsset: 'BTC', fill: { fee: '0.00002' } },
      ],
    })
  })

  it.each([
    [['query-funds', 'query-open-trades', 'modify-trades', 'close-trades'], true, false],
    [['query-funds', 'modify-trades', 'withdraw-funds'], true, true],
    [['query-funds', 'query-open-trades', 'close-trades'], false, false],
  ])('knows what a key with %j may do', async (permissions, mayTrade, mayWithdraw) => {
    venue.reply('GetApiKeyInfo', { result: { apiKeyName: 'k', nonceWindow: 0, permissions } })
    const value = { mayTrade, mayWithdraw, nonceWindowMs: 0 }
    expect(await venue.settle(venue.exchange.permissions())).toEqual({ kind: 'done', value })
  })

  it('finds out by probes what a key may do where the venue does not tell', async () => {
    venue.reply('WithdrawMethods', { errors: ['EGeneral:Permission denied'] })
    venue.reply('AddOrder', { errors: ['EGeneral:Invalid arguments'] })
    const value = { mayTrade: true, mayWithdraw: false, nonceWindowMs: null }
    expect(await venue.settle(venue.exchange.permissions())).toEqual({ kind: 'done', value })
    venue.reply('WithdrawMethods', { result: [] })
    expect(await venue.settle(venue.exchange.permissions())).toMatchObject({ value: { mayWithdraw: true } })
    venue.reply('WithdrawMethods', { errors: ['EService:Busy'] })
    expect(await venue.settle(venue.exchange.permissions())).toMatchObject({ kind: 'lost' })
  })

  it('arms the dead-man switch in whole seconds, and disarms it by zero', async () => {
    venue.reply('CancelAllOrdersAfter', { result: { currentTime: 'x', triggerTime: 'y' } })
    for (const ms of [59_500, 0]) await venue.settle(venue.exchange.cancelAllAfter(ms))
    expect(venue.asked.map((call) => call.form.timeout)).toEqual(['60', '0'])
  })

  it('tells the engine’s mode and what is listed', async () => {
    venue.reply('SystemStatus', { result: { status: 'post_only', timestamp: 'x' } })
    expect(await venue.settle(venue.exchange.system())).toEqual({ kind: 'done', value: 'post_only' })
    const listed = await venue.settle(venue.exchange.instruments())
    expect(listed.kind === 'done' && listed.value.map((instrument) => instrument.symbol)).toEqual([
      'BTC/USDT',
      'BTC/USD',
    ])
  })
})

/** A captured answer's result: the third line on. */
function captured(path: string): unknown {
  const file = marketData(`kraken-json/${path}`)
  if (file === null) return null
  return (JSON.parse(readFileSync(file, 'utf8').split('\n').slice(3).join('\n')) as { result: unknown }).result
}

describe.skipIf(marketData('kraken-json') === null)('answers of Kraken itself', () => {
  it('are read: open orders, balances, fees, ledger, trades', async () => {
    venue.reply('OpenOrders', { result: captured('trading/GetOpenOrders.txt') })
    venue.reply('TradesHistory', { result: captured('trading/GetUserTrades.txt') })
    venue.reply('BalanceEx', { result: captured('account/GetAvailableBalances.txt') })
    venue.reply('TradeVolume', { result: captured('account/GetTradeVolume.txt') })
    venue.reply('Ledgers', { result: captured('account/GetLedgerInfo.txt') })
    const { exchange } = venue
    expect(await venue.settle(exchange.openOrders())).toMatchObject({
      value: [
        { venueOrderId: 'OQCLML-BW3P3-BUCMWZ', clientOrderId: null, filled: '0.375', limitPrice: '30010' },
        { venueOrderId: 'OB5VMB-B4U2U-DK2WRW', filled: '0', limitPrice: '14500' },
      ],
    })
    expect(await venue.settle(exchange.trades(0))).toMatchObject({
      value: [{ fill: { quantity: '0.01' } }, { fill: { quantity: '0.02', at: 1688667796880 } }],
    })
    expect(await venue.settle(exchange.balances())).toMatchObject({
      value: [
        { asset: 'USD', total: '25435.21', held: '8249.76' },
        { asset: 'BTC', total: '1.2435' },
      ],
    })
    const fees = await venue.settle(exchange.fees([pair('BTC/USD')]))
    expect(fees.kind === 'done' && fees.value.get(pair('BTC/USD'))).toEqual({ maker: '0', taker: '0.001' })
    expect(await venue.settle(exchange.flows(0))).toEqual({ kind: 'done', value: [] })
  })
})
