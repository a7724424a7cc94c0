import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clientId, orderRequest } from '../orders.ts'
import { type Loopback, NOON, openLoopback, type Reply, SECRET } from './loopback.ts'

const ID = clientId(1)
const TAKEN: Reply = { result: { descr: { order: 'buy' }, txid: ['OUF4EM-FRGI2-MQMWZD'] } }

let venue: Loopback
beforeEach(async () => {
  venue = await openLoopback()
})
afterEach(() => venue.stop())

const place = (changes: Parameters<typeof orderRequest>[0] = {}, deadlineAt = NOON + 5_000) =>
  venue.settle(venue.exchange.place({ clientOrderId: ID, request: orderRequest(changes), deadlineAt }))
const formOf = (method: string) => {
  const { nonce: _, ...form } = venue.asked.findLast((call) => call.method === method)?.form ?? {}
  return form
}

describe('an order on its way to Kraken', () => {
  it('carries our id, its deadline, exact numbers, and fees in quote', async () => {
    venue.reply('AddOrder', TAKEN)
    const answer = await place({ quantity: '0.00012345', limitPrice: '40000.1', postOnly: true })
    expect(answer).toEqual({ kind: 'done', value: { venueOrderId: 'OUF4EM-FRGI2-MQMWZD' } })
    expect(formOf('AddOrder')).toEqual({
      ...{ pair: 'XBTUSDT', type: 'buy', ordertype: 'limit', volume: '0.00012345', price: '40000.1' },
      ...{ oflags: 'fciq,post', cl_ord_id: ID, deadline: '2026-01-05T12:00:05.000Z' },
    })
  })

  it.each([
    ['market', { limitPrice: null }, {}],
    ['stop-loss', { limitPrice: null, triggerPrice: '38000' }, { price: '38000', trigger: 'last' }],
    ['take-profit', { limitPrice: null, triggerPrice: '44000' }, { price: '44000', trigger: 'last' }],
    [
      'stop-loss-limit',
      { limitPrice: '37900', triggerPrice: '38000' },
      { price: '38000', price2: '37900', trigger: 'last' },
    ],
    [
      'take-profit-limit',
      { limitPrice: '43900', triggerPrice: '44000' },
      { price: '44000', price2: '43900', trigger: 'last' },
    ],
    [
      'trailing-stop',
      { limitPrice: null, trailing: { offset: '1.5', isPercent: true } },
      { price: '+1.5%', trigger: 'last' },
    ],
    [
      'trailing-stop',
      { limitPrice: null, trailing: { offset: '600', isPercent: false } },
      { price: '+600', trigger: 'last' },
    ],
  ] as const)('of the type %s has its prices where Kraken reads them', async (type, changes, prices) => {
    venue.reply('AddOrder', TAKEN)
    await place({ side: 'sell', type, ...changes })
    expect(formOf('AddOrder')).toEqual({
      ...{ pair: 'XBTUSDT', type: 'sell', ordertype: type, volume: '0.01', ...prices },
      ...{ oflags: 'fciq', cl_ord_id: ID, deadline: '2026-01-05T12:00:05.000Z' },
    })
  })

  it('is never cancelled for an entry of ours that rests in its way, where it is a way out: the entry goes', async () => {
    venue.reply('AddOrder', TAKEN)
    const stpOf = async (purpose: 'entry' | 'stop' | 'exit' | 'rebalance'): Promise<unknown> => {
      await place({ purpose })
      return formOf('AddOrder').stptype
    }
    expect([await stpOf('stop'), await stpOf('exit')]).toEqual(['cancel-oldest', 'cancel-oldest'])
    expect([await stpOf('entry'), await stpOf('rebalance')]).toEqual([undefined, undefined])
  })

  it('ends at its time in whole seconds, never later', async () => {
    venue.reply('AddOrder', TAKEN)
    await place({ timeInForce: 'GTD', expiresAt: NOON + 900_999 })
    expect(formOf('AddOrder')).toMatchObject({ timeinforce: 'GTD', expiretm: String(NOON / 1000 + 900) })
    await place({ timeInForce: 'IOC' })
    expect(formOf('AddOrder')).toMatchObject({ timeinforce: 'IOC' })
  })

  it('is spot without leverage and reduce-only, and margin with both', async () => {
    venue.reply('AddOrder', TAKEN)
    await place({ leverage: 1, reduceOnly: true })
    expect(formOf('AddOrder')).not.toHaveProperty('reduce_only')
    expect(formOf('AddOrder')).not.toHaveProperty('leverage')
    await place({ leverage: 2, reduceOnly: true })
    expect(formOf('AddOrder')).toMatchObject({ leverage: '2', reduce_only: 'true' })
  })

  it('is never good for longer than our lease', async () => {
    venue.reply('AddOrder', TAKEN)
    if (venue.lease !== null) venue.lease = { ...venue.lease, expiresAt: NOON + 3_000 }
    await place()
    expect(formOf('AddOrder')).toMatchObject({ deadline: '2026-01-05T12:00:03.000Z' })
  })

  it('is refused here when its deadline is past, in Kraken’s words', async () => {
    expect(await place({}, NOON - 1)).toEqual({
      ...{ kind: 'refused', code: 'deadline', message: 'EService:Deadline elapsed' },
    })
    expect(venue.asked).toEqual([])
  })

  it('is checked without being placed', async () => {
    venue.reply('AddOrder', { result: { descr: { order: 'buy' } } })
    const order = { clientOrderId: ID, request: orderRequest(), deadlineAt: NOON + 5_000 }
    expect(await venue.settle(venue.exchange.validate(order))).toEqual({ kind: 'done', value: null })
    expect(formOf('AddOrder')).toMatchObject({ validate: 'true', volume: '0.01' })
  })

  it('is amended and cancelled by our id', async () => {
    venue.reply('AmendOrder', { result: { amend_id: 'TWDZ6B-GYVS5-CBQLBG' } })
    venue.reply('CancelOrder', { result: { count: 1 } })
    const change = { clientOrderId: ID, quantity: '0.02', limitPrice: '38000', triggerPrice: '38100' }
    expect(await venue.settle(venue.exchange.amend(change))).toEqual({ kind: 'done', value: null })
    expect(formOf('AmendOrder')).toEqual({
      ...{ cl_ord_id: ID, order_qty: '0.02', limit_price: '38000', trigger_price: '38100' },
      deadline: expect.stringMatching(/^2026-01-05T12:00:0/),
    })
    expect(await venue.settle(venue.exchange.cancel(ID))).toEqual({ kind: 'done', value: null })
    expect(formOf('CancelOrder')).toEqual({ cl_ord_id: ID })
  })

  it('is not cancelled when Kraken counts none', async () => {
    venue.reply('CancelOrder', { result: { count: 0 } })
    expect(await venue.settle(venue.exchange.cancel(ID))).toMatchObject({ kind: 'refused', code: 'gone' })
  })
})

describe('what becomes of a call', () => {
  it.each<[string, Reply]>([
    ['a 520 after the engine', { status: 520, body: '<html>' }],
    ['a 503', { status: 503, body: '{"error":["EOrder:Unknown order"]}' }],
    ['a reset connection', 'reset'],
    ['an answer that is no JSON', { status: 200, body: '<html>' }],
    ['an answer without a result', { status: 200, body: '{"error":[]}' }],
    ['EService:Unavailable', { errors: ['EService:Unavailable'] }],
    ['EService:Busy', { errors: ['EService:Busy'] }],
    ['EGeneral:Internal error', { errors: ['EGeneral:Internal error:7'] }],
    ['an error nobody documents', { errors: ['EService:Strange'] }],
    ['several errors, one of which leaves it open', { errors: ['EOrder:Invalid price', 'EService:Busy'] }],
  ])('%s leaves a placement lost, never refused', async (_what, reply) => {
    venue.reply('AddOrder', reply)
    expect(await place()).toMatchObject({ kind: 'lost' })
  })

  it('no answer within five seconds leaves it lost', async () => {
    venue.reply('AddOrder', 'never')
    expect(await place()).toEqual({ kind: 'lost', problem: 'AddOrder: no answer within 5000 ms' })
    expect(venue.clock.now() - NOON).toBeGreaterThanOrEqual(5_000)
    expect(venue.clock.now() - NOON).toBeLessThan(5_200)
  })

  it('a key is not carried to another address', async () => {
    venue.reply('AddOrder', { status: 307, body: '', location: '/0/private/CancelOrder' })
    venue.reply('CancelOrder', { result: { count: 1 } })
    expect(await place()).toMatchObject({ kind: 'lost' })
    expect(venue.asked.map((call) => call.method)).toEqual(['AddOrder'])
  })

  it.each([
    ['EOrder:Insufficient funds', 'funds'],
    ['EOrder:Rate limit exceeded', 'rate'],
    ['EService:Market in cancel_only mode', 'mode'],
    ['EService:Deadline elapsed', 'deadline'],
    ['EGeneral:Permission denied', 'auth'],
  ] as const)('%s is a refusal of the class %s', async (error, code) => {
    venue.reply('AddOrder', { errors: [error] })
    expect(await place()).toEqual({ kind: 'refused', code, message: error })
  })

  it('a warning with a result is logged and takes nothing back', async () => {
    venue.reply('AddOrder', { ...TAKEN, errors: ['WOrder:Slow'] })
    expect((await place()).kind).toBe('done')
    expect(venue.logged.join()).toContain('WOrder:Slow')
  })

  it('questions wait out a throttling, orders do not', async () => {
    const until = NOON / 1000 + 10
    venue.reply('BalanceEx', { errors: [`EService: Throttled: ${until}`] }, { result: {} })
    venue.reply('AddOrder', TAKEN)
    expect(await venue.settle(venue.exchange.balances())).toMatchObject({ kind: 'refused', code: 'rate' })
    expect(await venue.settle(venue.exchange.balances())).toMatchObject({ kind: 'refused', code: 'rate' })
    expect((await place()).kind).toBe('done')
    venue.clock.advanceTo(until * 1000)
    expect(await venue.settle(venue.exchange.balances())).toEqual({ kind: 'done', value: [] })
    expect(venue.asked.filter((call) => call.method === 'BalanceEx')).toHaveLength(2)
  })

  it('says no secret in logs or answers', async () => {
    const told: unknown[] = []
    for (const reply of ['reset', { status: 520, body: 'x' }, { errors: ['EAPI:Invalid key'] }] as const) {
      venue.reply('AddOrder', reply)
      told.push(await place())
    }
    const said = JSON.stringify([told, venue.logged])
    for (const secret of [SECRET, 'the-api-key', 'a-token']) expect(said).not.toContain(secret)
  })
})

describe('a call under the lease', () => {
  it('is not sent without one', async () => {
    venue.lease = null
    expect(await place()).toMatchObject({ kind: 'refused', code: 'nonce' })
    expect(venue.asked).toEqual([])
  })

  it('is not sent when the lease has run out', async () => {
    if (venue.lease !== null) venue.lease = { ...venue.lease, expiresAt: NOON }
    expect(await place()).toMatchObject({ kind: 'refused', code: 'nonce' })
    expect(venue.asked).toEqual([])
  })

  it('asks for the lease when it is signed, not when it was asked for', async () => {
    venue.reply('BalanceEx', 'never')
    venue.reply('AddOrder', TAKEN)
    const hanging = venue.exchange.balances()
    await venue.settle(venue.called('BalanceEx'))
    const placing = place()
    venue.lease = null
    expect(await placing).toMatchObject({ kind: 'refused', code: 'nonce' })
    await venue.settle(hanging)
    expect(venue.asked.map((call) => call.method)).toEqual(['BalanceEx'])
  })

  it('has a nonce above every one before it', async () => {
    venue.reply('AddOrder', TAKEN)
    await Promise.all([place(), place(), place()])
    const nonces = venue.asked.map((call) => Number(call.form.nonce))
    expect(nonces).toEqual([1001, 1002, 1003])
  })

  it('with a refused nonce goes once more with the next one while we lead', async () => {
    venue.reply('AddOrder', { errors: ['EAPI:Invalid nonce'] }, TAKEN)
    expect((await place()).kind).toBe('done')
    expect(venue.asked.map((call) => call.form.nonce)).toEqual(['1001', '1002'])
    expect(venue.losses).toEqual([])
  })

  it('with a refused nonce is not sent again by a process that no longer leads, and says so', async () => {
    venue.reply('AddOrder', { errors: ['EAPI:Invalid nonce'] }, TAKEN)
    venue.leads = async () => false
    expect(await place()).toEqual({ kind: 'refused', code: 'nonce', message: 'EAPI:Invalid nonce' })
    expect(venue.asked).toHaveLength(1)
    expect(venue.losses).toHaveLength(1)
  })

  it('with a nonce refused twice is given up', async () => {
    venue.reply('AddOrder', { errors: ['EAPI:Invalid nonce'] })
    expect(await place()).toMatchObject({ kind: 'refused', code: 'nonce' })
    expect(venue.asked).toHaveLength(2)
  })

  it('with a refused nonce waits when nobody knows who leads', async () => {
    venue.reply('AddOrder', { errors: ['EAPI:Invalid nonce'] }, TAKEN)
    venue.leads = () => Promise.reject(new Error('the database is away'))
    expect(await place()).toMatchObject({ kind: 'refused', code: 'nonce' })
    expect(venue.asked).toHaveLength(1)
    expect(venue.losses).toEqual([])
  })
})
