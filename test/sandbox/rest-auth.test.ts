import { afterEach, describe, expect, it } from 'vitest'
import { signatureOf } from '../../src/sandbox/api-keys.ts'
import { type OpenSandbox, openSandbox } from './open-sandbox.ts'

let sandbox: OpenSandbox
afterEach(() => sandbox?.stop())

it("a request is signed as in Kraken's own example", () => {
  const secret = 'kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=='
  const body = 'nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25'
  expect(signatureOf(secret, '/0/private/AddOrder', '1616492376594', body)).toBe(
    '4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==',
  )
})

describe('a private call', () => {
  it('is answered to a signed form and to signed JSON alike', async () => {
    sandbox = await openSandbox()
    const form = await sandbox.private('Balance')
    const json = await sandbox.private('Balance', {}, { json: true })
    expect(form).toEqual({
      status: 200,
      error: [],
      result: { XXBT: '1.0000000000', USDT: '50000.00000000', XXRP: '1000.00000000' },
    })
    expect(json).toEqual(form)
  })

  it('is refused with HTTP 200 and Kraken’s string, and does nothing', async () => {
    sandbox = await openSandbox()
    const unknown = await sandbox.private('Balance', {}, { key: 'nobody' })
    const forged = await sandbox.private('Balance', {}, { sign: Buffer.alloc(64).toString('base64') })
    const foreign = await sandbox.private('Balance', {}, { secret: Buffer.alloc(64, 1).toString('base64') })
    expect([unknown, forged, foreign].map(({ status, error }) => [status, ...error])).toEqual([
      [200, 'EAPI:Invalid key'],
      [200, 'EAPI:Invalid signature'],
      [200, 'EAPI:Invalid signature'],
    ])
    const { nonces, requests } = await sandbox.adminGet('/state')
    expect([nonces, requests]).toEqual([[], []])
  })

  it('is signed over the bytes that were sent: a body changed on the way is refused', async () => {
    sandbox = await openSandbox()
    const body = 'nonce=77&pair=XBTUSDT'
    const sign = signatureOf(sandbox.apiSecret, '/0/private/Balance', '77', body)
    expect((await sandbox.private('Balance', {}, { body: `${body}&x=1`, sign })).error).toEqual([
      'EAPI:Invalid signature',
    ])
    expect((await sandbox.private('Balance', {}, { body, sign })).error).toEqual([])
  })

  it('of an unknown method is told so', async () => {
    sandbox = await openSandbox()
    expect((await sandbox.private('Withdrawal')).error).toEqual(['EGeneral:Unknown method'])
    expect((await sandbox.private('constructor')).error).toEqual(['EGeneral:Unknown method'])
    expect((await sandbox.public('toString')).error).toEqual(['EGeneral:Unknown method'])
    expect(await (await fetch(`${sandbox.rest}/1/anything`)).json()).toEqual({ error: ['EGeneral:Unknown method'] })
  })

  it('whose body is no JSON object is refused as an argument', async () => {
    sandbox = await openSandbox()
    for (const body of ['{', '[]', '{"nonce":'])
      expect((await sandbox.private('Balance', {}, { body, json: true })).error).toEqual(['EGeneral:Invalid arguments'])
  })
})

it('a body larger than any request is turned away unread', async () => {
  sandbox = await openSandbox()
  const { status, error } = await sandbox.private('Balance', {}, { body: `nonce=1&x=${'y'.repeat(1024 * 1024)}` })
  expect([status, error]).toEqual([413, ['EGeneral:Invalid arguments']])
})

describe('nonces of one key', () => {
  const ask = async (nonce: string) => (await sandbox.private('Balance', {}, { nonce })).error[0] ?? 'taken'

  it('rise strictly: the same one again and any below are refused', async () => {
    sandbox = await openSandbox()
    const answers: string[] = []
    for (const nonce of ['100', '100', '99', '101', '1000', '102']) answers.push(await ask(nonce))
    expect(answers).toEqual([
      'taken',
      'EAPI:Invalid nonce',
      'EAPI:Invalid nonce',
      'taken',
      'taken',
      'EAPI:Invalid nonce',
    ])
    const { nonces } = await sandbox.adminGet('/state')
    expect(nonces.map((each: { nonce: string }) => each.nonce)).toEqual(['100', '101', '1000'])
  })

  it('are 64-bit numbers: text, nothing at all and more than that are refused', async () => {
    sandbox = await openSandbox()
    expect(await ask('18446744073709551616')).toBe('EAPI:Invalid nonce')
    expect(await ask('1e3')).toBe('EAPI:Invalid nonce')
    expect(await ask('')).toBe('EAPI:Invalid nonce')
    expect(await ask('18446744073709551615')).toBe('taken')
  })

  it('are not used up by a request whose signature is wrong', async () => {
    sandbox = await openSandbox()
    const sign = Buffer.alloc(64).toString('base64')
    await sandbox.private('Balance', {}, { nonce: '500', sign })
    expect(await ask('500')).toBe('taken')
  })

  it('may come late by the key’s window, each only once', async () => {
    sandbox = await openSandbox({ nonceWindow: 10 })
    const answers: string[] = []
    for (const nonce of ['100', '95', '95', '90', '91', '110', '100', '101']) answers.push(await ask(nonce))
    const bad = 'EAPI:Invalid nonce'
    expect(answers).toEqual(['taken', 'taken', bad, bad, 'taken', 'taken', bad, 'taken'])
  })

  it('are counted for each key by itself', async () => {
    sandbox = await openSandbox()
    const { apiKey: key, apiSecret: secret } = await sandbox.adminPost('/keys', {})
    expect(await ask('900')).toBe('taken')
    expect((await sandbox.private('Balance', {}, { key, secret, nonce: '5' })).error).toEqual([])
  })
})

describe('a key’s permissions', () => {
  it('decide what it may call', async () => {
    sandbox = await openSandbox()
    sandbox.trade('BTC/USDT', '50000')
    const { apiKey: key, apiSecret: secret } = await sandbox.adminPost('/keys', { permissions: ['query-funds'] })
    const call = async (method: string, fields = {}) => (await sandbox.private(method, fields, { key, secret })).error
    const order = { pair: 'XBTUSDT', type: 'buy', ordertype: 'limit', price: '40000', volume: '0.01' }
    expect(await call('Balance')).toEqual([])
    expect(await call('GetApiKeyInfo')).toEqual([])
    for (const method of ['AddOrder', 'CancelAll', 'OpenOrders', 'ClosedOrders', 'Ledgers', 'GetWebSocketsToken'])
      expect(await call(method, order)).toEqual(['EGeneral:Permission denied'])
    expect(sandbox.venue.requests()).toEqual([])
  })

  it('and nonce window are told by GetApiKeyInfo, and the usual key may not withdraw', async () => {
    sandbox = await openSandbox()
    const { result } = await sandbox.private('GetApiKeyInfo', {}, { nonce: '4242' })
    expect(result).toMatchObject({ api_key: sandbox.apiKey, nonce: '4242', nonce_window: '0', ip_allowlist: [] })
    expect(result.permissions).toContain('modify-trades')
    expect(result.permissions).not.toContain('withdraw-funds')
  })
})

it('the same seed gives the same key and secret, another seed another', async () => {
  sandbox = await openSandbox()
  const again = await openSandbox()
  expect([again.apiKey, again.apiSecret]).toEqual([sandbox.apiKey, sandbox.apiSecret])
  expect(Buffer.from(sandbox.apiSecret, 'base64')).toHaveLength(64)
  await again.stop()
})
