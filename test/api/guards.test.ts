import { describe, expect, it } from 'vitest'
import { seededIds, seededRandom } from '../../src/adapters/chance/seeded.ts'
import { deskAndApi } from './test-desk.ts'

const DOCUMENTED = [
  '/health/live',
  '/health/ready',
  '/api/v1/coordinator/status',
  '/api/v1/positions',
  '/api/v1/positions/exposure',
  '/api/v1/positions/:id',
  '/api/v1/positions/:id/snapshots',
  '/api/v1/orders',
  '/api/v1/orders/:id',
  '/api/v1/fills',
  '/api/v1/portfolio/allocation',
  '/api/v1/portfolio/history',
  '/api/v1/portfolio/rebalances',
  '/api/v1/portfolio/rebalances/trades',
  '/api/v1/portfolio/scheduled-trades',
  '/api/v1/portfolio/hodl',
  '/api/v1/risk',
  '/api/v1/risk/history',
  '/api/v1/supervision',
]

describe('the manifest', () => {
  it('mounts every documented route and no other', () => {
    const { app } = deskAndApi()
    const mounted = app.routes.filter((route) => route.method === 'GET').map((route) => route.path)
    expect(mounted.toSorted()).toEqual(DOCUMENTED.toSorted())
  })

  it.each(DOCUMENTED)('answers other methods on %s with 405 and Allow', async (path) => {
    const { get } = deskAndApi()
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const { status, json, response } = await get(path.replace(':id', 'x'), { method })
      expect(status).toBe(405)
      expect(response.headers.get('allow')).toBe('GET, HEAD')
      expect(json.type).toBe('urn:triplegain:problem:method-not-allowed')
    }
  })

  it('answers HEAD like GET, without a body', async () => {
    const { status, text } = await deskAndApi().get('/health/live', { method: 'HEAD' })
    expect({ status, text }).toEqual({ status: 200, text: '' })
  })
})

describe('errors', () => {
  it('answers 404 as a problem for what is not there', async () => {
    for (const path of ['/', '/api/v1/nothing', '/api/v1/orders/', '/health']) {
      const { status, json, response } = await deskAndApi().get(path)
      expect(status).toBe(404)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(json).toEqual({
        type: 'urn:triplegain:problem:not-found',
        title: 'Not found',
        status: 404,
        detail: `there is nothing at ${path}`,
        instance: path,
      })
    }
  })

  it('answers 500 with an id that the log has, and never says what broke', async () => {
    const { desk, get, log } = deskAndApi()
    desk.broken = new Error('password=hunter2')
    const { status, json, text } = await get('/api/v1/orders')
    const id = seededIds(seededRandom('errors')).next()
    expect(status).toBe(500)
    expect(json).toMatchObject({ status: 500, id, instance: `urn:uuid:${id}`, detail: `the log has it under ${id}` })
    expect(text).not.toMatch(/hunter2|\.ts|\bat /)
    expect(log.lines).toHaveLength(1)
    expect(log.lines[0]).toMatchObject({ level: 'error', fields: { id, method: 'GET', path: '/api/v1/orders' } })
    expect(log.lines[0]?.fields.error).toMatch(/hunter2\n\s+at /)
  })

  it('answers 504 when an answer takes longer than 45 s, and leaves no timer', async () => {
    const { app, clock } = deskAndApi()
    const never = Promise.withResolvers<Response>()
    app.get('/slow', () => never.promise)
    const answer = app.request('/slow')
    clock.advanceTo(clock.now() + 44_999)
    clock.advanceTo(clock.now() + 1)
    const response = await answer
    expect(response.status).toBe(504)
    expect(await response.json()).toMatchObject({ type: 'urn:triplegain:problem:timed-out', status: 504 })
    expect(clock.nextDueAt()).toBeNull()
    never.resolve(new Response('late'))
  })

  it('leaves no timer behind an answer in time', async () => {
    const { clock, get } = deskAndApi()
    await get('/health/live')
    expect(clock.nextDueAt()).toBeNull()
  })
})

describe('guards', () => {
  it.each(['localhost', 'LOCALHOST:3000', '127.0.0.1', '127.0.0.1:49152', '[::1]:3000'])(
    'serves the host %s',
    async (host) => {
      expect((await deskAndApi().get('/health/live', { headers: { host } })).status).toBe(200)
    },
  )

  it.each([
    'evil.example',
    'evil.example:3000',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '192.168.0.7:3000',
    '0.0.0.0:3000',
  ])('refuses the host %s with 403, as after DNS rebinding', async (host) => {
    const { status, json } = await deskAndApi().get('/api/v1/orders', { headers: { host } })
    expect(status).toBe(403)
    expect(json.type).toBe('urn:triplegain:problem:foreign-host')
  })

  it.each(['/health/live', '/api/v1/nothing'])('sends its security headers with %s', async (path) => {
    const { headers } = (await deskAndApi().get(path)).response
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'")
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })
})
