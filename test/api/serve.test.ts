import { request } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { realClock } from '../../src/adapters/clock/real.ts'
import { type ServedApi, ServeError, serveApi } from '../../src/api/serve.ts'
import { deskAndApi } from './test-desk.ts'

const served: ServedApi[] = []
async function serve(port = 0, host?: string) {
  const { app, log } = deskAndApi()
  const api = await serveApi({ app, port, clock: realClock(), log, ...(host === undefined ? {} : { host }) })
  served.push(api)
  return { api, app }
}
afterEach(async () => {
  await Promise.all(served.splice(0).map((api) => api.close()))
})

describe('serveApi', () => {
  it('takes any free port for 0 and answers on loopback', async () => {
    const { api } = await serve()
    expect(api.port).toBeGreaterThan(0)
    expect(api.url).toBe(`http://127.0.0.1:${api.port}`)
    const response = await fetch(`${api.url}/health/live`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual({ status: 'live' })
  })

  it('refuses a rebound name on the wire', async () => {
    const { api } = await serve()
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
    request(`${api.url}/api/v1/orders`, { headers: { host: 'evil.example' } }, (answer) => resolve(answer.statusCode))
      .on('error', reject)
      .end()
    expect(await promise).toBe(403)
  })

  it('says in one line that a port is taken', async () => {
    const { api } = await serve()
    const second = serve(api.port)
    await expect(second).rejects.toThrow(ServeError)
    await expect(second).rejects.toMatchObject({
      problem: 'port-taken',
      message: `port ${api.port} is taken: choose another with --port`,
    })
  })

  it.each(['0.0.0.0', '::', '192.168.0.7', 'example.org'])(
    'refuses to serve on %s while there are no keys',
    async (host) => {
      await expect(serve(0, host)).rejects.toMatchObject({ problem: 'not-loopback' })
    },
  )

  it('closes while a client keeps its line open, and answers nobody afterwards', async () => {
    const { api } = await serve()
    const client = connect(api.port, '127.0.0.1')
    await new Promise((resolve) => client.once('connect', resolve))
    const gone = new Promise((resolve) => client.once('close', resolve))
    await Promise.all([api.close(), api.close()])
    await gone
    await expect(fetch(`${api.url}/health/live`)).rejects.toThrow()
  })
})
