import { describe, expect, it } from 'vitest'
import { allocation, deskAndApi, NOW } from './test-desk.ts'

describe('allocation', () => {
  it('shows holdings against targets, with money as text', async () => {
    const { status, json } = await deskAndApi().get('/api/v1/portfolio/allocation')
    expect(status).toBe(200)
    expect(json).toEqual({ ...allocation(), at: new Date(NOW).toISOString() })
  })

  it('answers 503 with Retry-After while the account has not been valued', async () => {
    const { desk, get } = deskAndApi()
    desk.allocationNow = null
    const { status, json, response } = await get('/api/v1/portfolio/allocation')
    expect(status).toBe(503)
    expect(json).toMatchObject({ type: 'urn:triplegain:problem:no-allocation', status: 503 })
    expect(response.headers.get('retry-after')).toBe('5')
  })
})
