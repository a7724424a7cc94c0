/** Answers to orders, field by field against recorded ones of Kraken's documentation. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { marketData } from '../../support/market-data.ts'
import { type Asking, asking, BTC, type Client, type Frame, type SocketHouse, socketHouse } from './socket-house.ts'

const samples = marketData('kraken-json/socket')
let house: SocketHouse
let client: Client
let ask: Asking['ask']

beforeEach(async () => {
  house = await socketHouse()
  house.quote('49999.9', '50000.1')
  house.trade('50000', '0.5')
  client = await house.connect()
  ask = asking(house, client).ask
})
afterEach(() => house.stop())

const order = (over: object = {}) => ({
  ...{ order_type: 'limit', side: 'buy', order_qty: 0.01, limit_price: 49_000, ...over },
})
const place = async (over: object = {}): Promise<string> =>
  (await ask('add_order', { symbol: BTC, ...order(over) })).result.order_id

/** The recorded answer: what follows the line with `=`, its request's number filled in. */
function recorded(name: string): Frame {
  const text = readFileSync(join(samples ?? '', `${name}.txt`), 'utf8')
  return JSON.parse(text.slice(text.indexOf('\n=') + 2).replaceAll('|1|', '1'))
}

/** An answer without its values: which fields, of which type, texts by the form of times and ids. */
function formOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(formOf)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([name, member]) => [name, formOf(member)]),
    )
  if (typeof value !== 'string') return typeof value
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6,7})?Z?$/.test(value)) return value.includes('.') ? 'time' : 'second'
  // Ids are six, five and six characters; a few of the recorded ones are made up.
  if (/^[A-Z0-9]{6}-[A-Z0-9]{5}-[A-Z0-9]{6,7}$/.test(value)) return 'id'
  return /_|^[a-f0-9-]{36}$/.test(value) ? value.replace(/[a-f0-9-]{36}/, 'uuid') : 'text'
}

describe.skipIf(samples === null)('an answer has the fields of the recorded one (skipped: no market data)', () => {
  const uuid = '2c6be801-1f53-4f79-a0bb-4ea1c95dfae9'

  it.each([
    ['PlaceOrder', () => ask('add_order', { symbol: BTC, ...order({ order_userref: 100_054 }) })],
    [
      'PlaceMultipleOrders',
      () => ask('batch_add', { symbol: BTC, orders: [order({ order_userref: 1 }), order({ order_userref: 2 })] }),
    ],
    [
      'EditOrder',
      async () => {
        await place({ cl_ord_id: uuid })
        return ask('amend_order', { cl_ord_id: uuid, order_qty: 0.02 })
      },
    ],
    ['ReplaceOrder', async () => ask('edit_order', { order_id: await place(), symbol: BTC, limit_price: 48_000 })],
    ['CancelOrders', async () => ask('cancel_order', { order_id: [await place()] })],
    ['CancelAllOrders', () => ask('cancel_all')],
    ['CancelAllOrdersAfter', () => ask('cancel_all_orders_after', { timeout: 100 })],
  ])('%s', async (name, answer) => {
    expect(formOf(await answer())).toEqual(formOf(recorded(name)))
  })
})
