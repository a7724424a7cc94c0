/** Requests that no client means: every one is answered or ignored, and the line goes on. */
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { BTC, type Client, type SocketHouse, socketHouse } from './socket-house.ts'

let house: SocketHouse
let client: Client

beforeEach(async () => {
  house = await socketHouse()
  house.quote('49999.9', '50000.1')
  house.trade('50000', '0.5')
  client = await house.connect()
})
afterEach(() => house.stop())

const METHODS = [
  ...['subscribe', 'unsubscribe', 'ping', 'add_order', 'batch_add', 'amend_order', 'edit_order', 'cancel_order'],
  ...['batch_cancel', 'cancel_all', 'cancel_all_orders_after', 'toString', '__proto__', ''],
]
const NAMES = [
  ...['channel', 'symbol', 'depth', 'interval', 'snapshot', 'event_trigger', 'order_type', 'side', 'order_qty'],
  ...['limit_price', 'limit_price_type', 'triggers', 'conditional', 'time_in_force', 'expire_time', 'effective_time'],
  ...['deadline', 'cl_ord_id', 'order_userref', 'order_id', 'orders', 'timeout', 'validate', 'display_qty', 'margin'],
  ...['cash_order_qty', 'stp_type', 'fee_preference', 'trigger_price', 'leverage', 'price', 'reference', 'price_type'],
]
const TEXTS = [
  ...[BTC, 'XBT/USD', 'ticker', 'book', 'ohlc', 'executions', 'balances', 'instrument', 'limit', 'market', 'iceberg'],
  ...['stop-loss', 'trailing-stop', 'trailing-stop-limit', 'settle-position', 'buy', 'sell', 'gtd', 'ioc', 'fok'],
  ...['static', 'pct', 'quote', 'index', '2026-11-02T12:00:05Z', '2026-02-30T00:00:00Z', '', '__proto__'],
]

/** Numbers as they are written, not as a float would be. */
const number = fc.constantFrom('0', '-1', '0.01', '50000', '1e5', '1e300', '-0', '0.000000001', '99999999999999999999')
const text = fc.constantFrom(...TEXTS).map((value) => JSON.stringify(value))
const plain = fc.oneof(number, text, fc.constantFrom('true', 'false', 'null'))
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    plain,
    fc.array(tie('value'), { maxLength: 4 }).map((each) => `[${each.join(',')}]`),
    fc
      .array(fc.tuple(fc.constantFrom(...NAMES), tie('value')), { maxLength: 8 })
      .map((each) => `{${each.map(([name, given]) => `${JSON.stringify(name)}:${given}`).join(',')}}`),
  ),
}))
/** Mostly what a client would say, with something else in places. */
const params = fc
  .array(fc.tuple(fc.constantFrom(...NAMES), value), { maxLength: 14 })
  .map((given) => given.map(([name, each]) => `${JSON.stringify(name)}:${each}`))

it('answers whatever it is asked, and never breaks over it', async () => {
  const token = house.venue.tokenFor()
  const usual = `"order_type":"limit","side":"buy","symbol":"${BTC}","order_qty":0.01,"limit_price":100,"token":"${token}"`
  const requests = fc.sample(fc.tuple(fc.constantFrom(...METHODS), params, fc.boolean()), { numRuns: 3000, seed: 42 })
  for (const [index, [method, given, isUsual]] of requests.entries()) {
    const members = [...(isUsual ? [usual] : [`"token":"${token}"`]), ...given].join(',')
    client.socket.send(`{"method":${JSON.stringify(method)},"params":{${members}},"req_id":${index}}`)
  }
  for (const broken of ['', '[]', '1', 'null', '"x"', '{', '{"method":1}', '[[[[', '{"params":{}}', '\u0000'])
    client.socket.send(broken)
  client.ask({ method: 'ping', req_id: 1_000_000 })
  await client.answer(1_000_000)
  expect(client.socket.readyState).toBe(client.socket.OPEN)
  expect(house.errors).toEqual([])
  const answered = client.heard.filter(({ frame }) => frame.method !== undefined && frame.req_id < 1_000_000)
  expect(new Set(answered.map(({ frame }) => frame.req_id)).size).toBe(requests.length)
  expect(answered.filter(({ frame }) => frame.success).length).toBeGreaterThan(200)
  expect(answered.filter(({ frame }) => frame.success === false).every(({ frame }) => frame.error !== '')).toBe(true)
}, 30_000)
