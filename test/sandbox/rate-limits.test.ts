import { afterEach, describe, expect, it } from 'vitest'
import { type OpenSandbox, openSandbox, T0, type Wire } from './open-sandbox.ts'

let sandbox: OpenSandbox
afterEach(() => sandbox?.stop())

const open = async (over: Parameters<typeof openSandbox>[0] = {}): Promise<void> => {
  sandbox = await openSandbox(over)
  sandbox.trade('BTC/USDT', '50000')
  sandbox.trade('XRP/USDT', '0.5')
}
const order = { pair: 'XBTUSDT', type: 'buy', ordertype: 'limit', price: '40000', volume: '0.0001' }
const call = async (method: string, fields: Record<string, unknown> = {}) => {
  const { error, result } = await sandbox.private(method, fields)
  return error[0] ?? (result as Wire)
}
const counter = () => sandbox.venue.rateCounter(sandbox.venue.instruments[0]?.symbol ?? ('' as never))
const at = (seconds: number) => sandbox.clock.advanceTo(T0 + seconds * 1_000)

describe('the engine counter of a pair', () => {
  it('stands at 8 points after an add, an amendment at 7 s and a cancel 36 s later, but for what decayed', async () => {
    // A tier without decay does not exist: what the calls charge is what the counter gains in one moment.
    await open({ tier: 'starter' })
    const { txid } = await call('AddOrder', order)
    const gains = [counter()]
    at(7)
    let before = counter()
    await call('AmendOrder', { txid: txid[0], order_qty: '0.0002' })
    gains.push(counter() - before)
    at(43)
    before = counter()
    await call('CancelOrder', { txid: txid[0] })
    gains.push(counter() - before)
    expect(gains).toEqual([1, 3, 4])
    expect(gains.reduce((sum, gain) => sum + gain)).toBe(8)
  })

  it('stands at 26.6 ten seconds after fifty orders on the Intermediate tier', async () => {
    await open({ tier: 'intermediate' })
    for (let index = 0; index < 50; index += 1) await call('AddOrder', order)
    at(10)
    expect(counter()).toBeCloseTo(26.6, 10)
  })

  it('refuses the order that would be one too many, for this pair alone, until it has decayed', async () => {
    await open({ tier: 'starter' })
    for (let pair = 0; pair < 6; pair += 1) {
      const { txid } = await call('AddOrder', order)
      await call('CancelOrder', { txid: txid[0] })
    }
    expect(counter()).toBe(54)
    const { txid } = await call('AddOrder', order)
    expect(await call('CancelOrder', { txid: txid[0] })).toBe('EOrder:Rate limit exceeded')
    expect(await call('AddOrder', { ...order, pair: 'XRPUSDT', price: '0.4', volume: '10' })).toHaveProperty('txid')
    at(5)
    // Five points have gone, and the order is old enough to cost 6.
    expect(await call('CancelOrder', { txid: txid[0] })).toEqual({ count: 1 })
  })

  it('is charged for an order that is refused, and not for the age of one that was not changed', async () => {
    await open()
    const { txid } = await call('AddOrder', order)
    expect(await call('AddOrder', { ...order, volume: '100' })).toBe('EOrder:Insufficient funds')
    expect(counter()).toBe(2)
    expect(await call('AmendOrder', { txid: txid[0], order_qty: '100' })).toBe('EOrder:Insufficient funds')
    expect(counter()).toBe(3)
  })

  it('is charged for the order that is one too many as well', async () => {
    await open({ tier: 'starter' })
    for (let index = 0; index < 60; index += 1) await call('AddOrder', { ...order, ordertype: 'market' })
    expect(await call('AddOrder', order)).toBe('EOrder:Rate limit exceeded')
    expect(counter()).toBe(61)
  })

  it('is charged half for orders in a batch', async () => {
    await open()
    const { pair, ...one } = order
    await sandbox.private('AddOrderBatch', { pair, orders: [one, one, one] }, { json: true })
    expect(counter()).toBe(1.5)
  })

  it('is charged nothing for what is only checked', async () => {
    await open()
    await call('AddOrder', { ...order, validate: 'true' })
    expect(counter()).toBe(0)
  })
})

it('a pair takes no more open orders than the tier allows', async () => {
  await open({ tier: 'intermediate' })
  const answers: Wire[] = []
  for (let index = 0; index < 81; index += 1) answers.push(await call('AddOrder', order))
  expect(answers.slice(0, 80).every((answer) => answer.txid !== undefined)).toBe(true)
  expect(answers[80]).toBe('EOrder:Orders limit exceeded')
})

describe('the REST counter of a key', () => {
  it('takes twenty calls at once on Pro and the next a second later, while orders go on', async () => {
    await open()
    const answers: Wire[] = []
    for (let index = 0; index < 21; index += 1) answers.push(await call('Balance'))
    expect(answers.filter((answer) => answer === 'EAPI:Rate limit exceeded')).toHaveLength(1)
    expect(await call('AddOrder', order)).toHaveProperty('txid')
    at(0.999)
    expect(await call('Balance')).toBe('EAPI:Rate limit exceeded')
    at(1)
    expect(await call('Balance')).toHaveProperty('XXBT')
  })

  it('is charged two for history', async () => {
    await open({ tier: 'starter' })
    const answers: Wire[] = []
    for (let index = 0; index < 8; index += 1) answers.push(await call('TradesHistory'))
    expect(answers.indexOf('EAPI:Rate limit exceeded')).toBe(7)
  })

  it('is not charged for public calls', async () => {
    await open({ tier: 'starter' })
    for (let index = 0; index < 40; index += 1) expect((await sandbox.public('Time')).error).toEqual([])
  })
})

it('for load tests, the limits can be switched off', async () => {
  await open({ tier: 'starter', limits: false })
  for (let index = 0; index < 100; index += 1) expect(await call('AddOrder', order)).toHaveProperty('txid')
  for (let index = 0; index < 30; index += 1) expect(await call('TradesHistory')).toHaveProperty('count')
})
