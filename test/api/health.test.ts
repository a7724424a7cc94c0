import { describe, expect, it } from 'vitest'
import { deskAndApi } from './test-desk.ts'

describe('health', () => {
  it('is alive while the process answers, also when nothing inside works', async () => {
    const { desk, get } = deskAndApi()
    desk.broken = new Error('no desk')
    expect(await get('/health/live')).toMatchObject({ status: 200, json: { status: 'live' } })
  })

  it('is ready when the system says so', async () => {
    const { get } = deskAndApi()
    const answer = await get('/health/ready')
    expect(answer).toMatchObject({ status: 200, json: { status: 'ready', state: 'trading', mode: 'paper' } })
  })

  it('answers 503 with every reason while it is not ready', async () => {
    const { desk, get } = deskAndApi()
    const reasons = ['reconciling with the venue', 'no fresh price of BTC/USDT']
    desk.systemNow = { ...desk.systemNow, ready: false, state: 'reconciling', notReadyBecause: reasons }
    const { status, json, response } = await get('/health/ready')
    expect(status).toBe(503)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(json).toMatchObject({ title: 'Not ready', status: 503, detail: reasons.join('; '), reasons })
  })

  it('names the state where no reason is given', async () => {
    const { desk, get } = deskAndApi()
    desk.systemNow = { ...desk.systemNow, ready: false, state: 'booting' }
    expect((await get('/health/ready')).json.detail).toBe('the system is booting')
  })
})
