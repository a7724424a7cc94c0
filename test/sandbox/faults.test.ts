import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { simulatedClock } from '../../src/adapters/clock/simulated.ts'
import { type OpenSandbox, openSandbox, T0, type Wire } from './open-sandbox.ts'

let sandbox: OpenSandbox
beforeEach(async () => {
  sandbox = await openSandbox()
  sandbox.trade('BTC/USDT', '50000')
})
afterEach(() => sandbox.stop())

const ORDER = { pair: 'XBTUSDT', type: 'buy', ordertype: 'limit', price: '40000', volume: '0.001' }
const add = () => sandbox.private('AddOrder', ORDER)
const ask = (fault: unknown) => sandbox.adminPost('/faults', fault)
const fired = async (): Promise<Record<string, number>> => (await sandbox.adminGet('/faults')).fired
const open = () => sandbox.venue.openOrders().length

describe('a fault asked for at run time', () => {
  it('drop-request: the connection is reset, and the engine never heard of the order', async () => {
    await ask({ kind: 'drop-request', match: { method: 'AddOrder' } })
    await expect(add()).rejects.toThrow('fetch failed')
    expect([open(), sandbox.venue.requests()]).toEqual([0, []])
    expect((await add()).error).toEqual([])
    expect((await fired())['drop-request']).toBe(1)
  })

  it('drop-answer: the connection is reset, and the order is there', async () => {
    await ask({ kind: 'drop-answer', match: { method: 'AddOrder' } })
    await expect(add()).rejects.toThrow('fetch failed')
    expect(open()).toBe(1)
    expect((await fired())['drop-answer']).toBe(1)
  })

  it('server-error: HTTP 520 without JSON, and the order is there', async () => {
    await ask({ kind: 'server-error', match: { method: 'AddOrder' } })
    await expect(add()).rejects.toThrow(SyntaxError)
    await ask({ kind: 'server-error', status: 503, match: { method: 'Balance' } })
    const response = await fetch(`${sandbox.rest}/0/private/Balance`, { method: 'POST', body: 'nonce=1' })
    expect(response.status).toBe(503)
    expect(open()).toBe(1)
    expect((await fired())['server-error']).toBe(2)
  })

  it('delay: the request waits before it reaches anything; delay-answer: the answer waits after', async () => {
    await ask([
      { kind: 'delay', delayMs: 80, match: { method: 'Time' } },
      { kind: 'delay-answer', delayMs: 80, match: { method: 'AddOrder' } },
    ])
    const began = performance.now()
    await sandbox.public('Time')
    expect(performance.now() - began).toBeGreaterThan(75)
    let isAnswered = false
    const answer = add().then(() => {
      isAnswered = true
    })
    while (open() === 0) await new Promise((turn) => setImmediate(turn))
    expect(isAnswered).toBe(false)
    await answer
    expect(await fired()).toMatchObject({ delay: 1, 'delay-answer': 1 })
  })

  it('rate-limit: a storm of refusals that no counter explains', async () => {
    await ask({ kind: 'rate-limit', count: 3 })
    expect((await sandbox.private('Balance')).error).toEqual(['EAPI:Rate limit exceeded'])
    expect((await add()).error).toEqual(['EOrder:Rate limit exceeded'])
    expect((await sandbox.public('Time')).error).toEqual([])
    expect((await sandbox.private('CancelAll')).error).toEqual(['EOrder:Rate limit exceeded'])
    expect((await add()).error).toEqual([])
    expect((await fired())['rate-limit']).toBe(3)
  })

  it('mode: a request finds the market closed, which lasts as long as was asked', async () => {
    await sandbox.stop()
    const wire = simulatedClock(T0)
    sandbox = await openSandbox({ wire })
    sandbox.trade('BTC/USDT', '50000')
    await ask({ kind: 'mode', mode: 'cancel_only', forMs: 30, match: { method: 'AddOrder' } })
    const status = async () => (await sandbox.public('SystemStatus')).result.status
    expect(await status()).toBe('online')
    expect((await add()).error).toEqual(['EService:Market in cancel_only mode'])
    wire.advanceTo(T0 + 29)
    expect(await status()).toBe('cancel_only')
    wire.advanceTo(T0 + 30)
    expect(await status()).toBe('online')
    expect((await add()).error).toEqual([])
    expect((await fired()).mode).toBe(1)
  })

  it('token-expiry: a fresh token is not taken', async () => {
    const { result } = await sandbox.private('GetWebSocketsToken')
    await ask({ kind: 'token-expiry' })
    expect([1, 2].map(() => sandbox.venue.tokenIsValid(result.token))).toEqual([false, false])
    expect((await fired())['token-expiry']).toBe(1)
  })
})

describe('when a fault falls', () => {
  const refusals = async (times: number): Promise<number[]> => {
    const hit: number[] = []
    for (let index = 0; index < times; index += 1)
      if ((await sandbox.private('GetWebSocketsToken')).error.length > 0) hit.push(index)
    return hit
  }

  it('once where nothing is said, then as often as counted, after those that are let pass', async () => {
    await ask({ kind: 'rate-limit' })
    expect(await refusals(3)).toEqual([0])
    await ask({ kind: 'rate-limit', count: 2, skip: 1 })
    expect(await refusals(5)).toEqual([1, 2])
  })

  it('by chance: about as often as asked, and the same for the same seed', async () => {
    await sandbox.stop()
    const runs: number[][] = []
    for (let run = 0; run < 2; run += 1) {
      sandbox = await openSandbox({ limits: false })
      await ask({ kind: 'rate-limit', probability: 0.3 })
      runs.push(await refusals(100))
      if (run === 0) await sandbox.stop()
    }
    expect(runs[0]?.length).toBeGreaterThan(15)
    expect(runs[0]?.length).toBeLessThan(45)
    expect(runs[1]).toEqual(runs[0])
  })

  it('on the pair and method that it names, and on no other', async () => {
    await ask({ kind: 'rate-limit', match: { method: ['AddOrder', 'CancelOrder'], symbol: 'XRP/USDT' }, count: 9 })
    expect((await add()).error).toEqual([])
    const { txid } = (await add()).result
    expect((await sandbox.private('CancelOrder', { txid: txid[0] })).error).toEqual([])
    expect((await sandbox.private('AddOrder', { ...ORDER, pair: 'XRPUSDT' })).error).toEqual([
      'EOrder:Rate limit exceeded',
    ])
  })

  it('no more once it was taken back', async () => {
    const { ids } = await ask([
      { kind: 'rate-limit', count: 9 },
      { kind: 'drop-answer', count: 9 },
    ])
    const remove = (path: string) => fetch(`${sandbox.admin}${path}`, { method: 'DELETE' })
    await remove(`/faults/${ids[1]}`)
    expect(await refusals(1)).toEqual([0])
    await remove('/faults')
    expect(await refusals(1)).toEqual([])
    expect((await sandbox.adminGet('/faults')).active).toEqual([])
  })

  it('from the start, where the sandbox was opened with it', async () => {
    await sandbox.stop()
    sandbox = await openSandbox({ faults: [{ kind: 'rate-limit' }] })
    expect(await refusals(2)).toEqual([0])
  })
})

it.each([
  [{ kind: 'earthquake' }, 'kind'],
  [{ kind: 'delay' }, 'delayMs'],
  [{ kind: 'rate-limit', probability: 2 }, 'probability'],
  [{ kind: 'rate-limit', chance: 1 }, 'chance'],
  [{ kind: 'mode', mode: 'closed' }, 'mode'],
  [{ kind: 'server-error', status: 200 }, 'status'],
])('%o is not a fault, and the answer says why', async (fault, why) => {
  const { status, error }: Wire = await ask([fault])
  expect(status).toBe(400)
  expect(error).toContain(why)
})
