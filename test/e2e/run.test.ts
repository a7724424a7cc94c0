/**
 * `triplegain run`: starts, answers, stops, resumes, keeps others out, and says whose prices it trades on. Side by side,
 * since most of it is waiting: for a dead process's lease, for Kraken's pace.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, it } from 'vitest'
import { realClock } from '../../src/adapters/clock/real.ts'
import { isoTime } from '../../src/domain/utc.ts'
import { krakenRestServer } from '../support/kraken-rest.ts'
import { type KrakenServer, krakenServer } from '../support/kraken-server.ts'
import { runHere } from './in-process.ts'
import { bench, get, isFact } from './process.ts'

const { triplegain, run, folder, cleanUp } = bench()
afterAll(cleanUp)

const simulated = (dataDir: string, port = '0') =>
  ['run', '--feed', 'simulated', '--port', port, '--data-dir', dataDir, '--json'] as const

interface Allocation {
  readonly balances: readonly unknown[]
  readonly ledger: { readonly equityStart: string }
}
async function allocationOf(url: string): Promise<Allocation> {
  const answer = await get(url, '/api/v1/portfolio/allocation')
  expect(answer).toMatchObject({ status: 200 })
  return answer.body as Allocation
}

it.concurrent('starts, serves its API, drains on Ctrl-C with 0, and resumes where it was', {
  timeout: 120_000,
}, async () => {
  const dataDir = folder()
  const first = triplegain(simulated(dataDir))
  const { url } = await first.ready()
  await first.logged(isFact('reconciliation.completed'))
  expect(await get(url, '/health/ready')).toMatchObject({ status: 200 })
  expect(await get(url, '/api/v1/coordinator/status')).toMatchObject({ status: 200, body: { state: 'RUNNING' } })
  for (const noun of ['positions', 'orders']) expect((await get(url, `/api/v1/${noun}`)).status).toBe(200)
  const before = await allocationOf(url)
  expect(before.balances.length).toBeGreaterThan(0)
  expect(first.out).toHaveLength(1)

  const ask = (request: string) => run([request, '--data-dir', dataDir])
  expect(await ask('reset')).toMatchObject({
    ...{ code: 1, out: [expect.stringMatching(/^trading +RUNNING, may open risk$/)] },
    said: ['triplegain: refused: neither trading nor a symbol is halted, and no breaker waits'],
  })
  expect(await ask('pause')).toMatchObject({
    ...{ code: 0, out: [expect.stringMatching(/^trading +PAUSED: user until `resume`, opens nothing$/)] },
  })
  expect(await ask('halt')).toMatchObject({ code: 0, out: [expect.stringMatching(/^trading +HALTED: .*HALT exists/)] })
  expect(await ask('reset')).toMatchObject({ code: 0, out: [expect.stringMatching(/^trading +PAUSED: user/)] })
  expect(await ask('resume')).toMatchObject({ code: 0, out: [expect.stringMatching(/^trading +RUNNING/)] })

  const second = await run(simulated(dataDir))
  expect(second).toMatchObject({ code: 3, out: [] })
  expect(second.said).toEqual([expect.stringMatching(/^triplegain: folder in use by process \d+: /)])

  first.signal('SIGINT')
  expect(await first.ended).toBe(0)
  expect(first.log.some(isFact('system.draining'))).toBe(true)

  const again = triplegain(simulated(dataDir))
  const resumed = await again.ready()
  await again.logged(isFact('reconciliation.completed'))
  expect(again.log.find(isFact('system.started'))).toMatchObject({ epoch: 2 })
  const after = await allocationOf(resumed.url)
  expect(after.balances).toEqual(before.balances)
  expect(after.ledger.equityStart).toBe(before.ledger.equityStart)
  again.signal('SIGTERM')
  expect(await again.ended).toBe(0)
})

it.concurrent('recovers from kill -9 once the lease of the dead process has run out', {
  timeout: 120_000,
}, async () => {
  const dataDir = folder()
  const first = triplegain(simulated(dataDir))
  await first.ready()
  await first.logged(isFact('reconciliation.completed'))
  first.signal('SIGKILL')
  expect(await first.ended).toBe(null)

  const again = triplegain(simulated(dataDir))
  await again.ready()
  await again.logged(isFact('reconciliation.completed'))
  expect(again.log.find(isFact('system.started'))).toMatchObject({ epoch: 2 })
  expect(again.log.some(({ msg }) => msg.includes('waiting for its lease'))).toBe(true)
  again.signal('SIGINT')
  expect(await again.ended).toBe(0)
})

it.concurrent('ends with 1 and one line where the port is taken, and starts as ever on another', {
  timeout: 120_000,
}, async () => {
  const dataDir = folder()
  const other = createServer()
  await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening))
  const { port } = other.address() as AddressInfo
  const refused = await run(simulated(dataDir, String(port)))
  other.close()
  expect(refused).toMatchObject({ code: 1, out: [] })
  expect(refused.said).toEqual([`triplegain: port ${port} is taken: choose another with --port`])

  const again = triplegain(simulated(dataDir))
  await again.ready()
  await again.logged(isFact('reconciliation.completed'))
  expect(again.log.find(isFact('system.started'))).toMatchObject({ epoch: 2 })
  again.signal('SIGINT')
  expect(await again.ended).toBe(0)
})

it.concurrent('says loudly, in log and banner, that the simulated market stands in for Kraken', {
  timeout: 120_000,
}, async ({ onTestFinished }) => {
  const nobody = await krakenRestServer(() => 0)
  await nobody.close()
  const run = runHere(onTestFinished, { feed: 'auto' }, { KRAKEN_REST_URL: nobody.url })
  const [lines, facts] = await run.ready()
  expect(lines.join('\n')).toMatch(/simulated, invented prices\. A FALLBACK: Kraken does not answer: /)
  expect(facts.feed).toMatchObject({ name: 'simulated', fallback: true })
  expect(run.logged.all.map(({ message }) => message)).toContain('the simulated market stands in')
  expect(await run.stop()).toBe(0)
})

it.concurrent('goes on when whoever read what it prints has gone, and ends as ever', { timeout: 120_000 }, async () => {
  const dataDir = folder()
  const process = triplegain(simulated(dataDir))
  const { url } = await process.ready()
  await process.logged(isFact('reconciliation.completed'))
  for (const stream of [process.child.stdout, process.child.stderr]) stream?.destroy()
  const pause = () => run(['pause', '--data-dir', dataDir])
  expect([(await pause()).code, (await pause()).code]).toEqual([0, 0])
  expect(await get(url, '/health/ready')).toMatchObject({ status: 200 })
  // A terminal that was closed takes its readers along, and asks like this.
  process.signal('SIGHUP')
  expect(await process.ended).toBe(0)
})

it.concurrent('does not start at all on the feed kraken where Kraken does not answer', { timeout: 120_000 }, async ({
  onTestFinished,
}) => {
  const nobody = await krakenRestServer(() => 0)
  await nobody.close()
  const run = runHere(onTestFinished, { feed: 'kraken' }, { KRAKEN_REST_URL: nobody.url })
  await expect(run.code).rejects.toThrow(/SystemStatus/)
})

it.concurrent('trades on the prices of a Kraken on loopback, and sees its line drop and come back', {
  timeout: 120_000,
}, async ({ onTestFinished }) => {
  const clock = realClock()
  const rest = await krakenRestServer(() => clock.now())
  const kraken = await krakenServer()
  onTestFinished(() => Promise.all([rest.close(), kraken.close()]).then(() => undefined))
  const run = runHere(onTestFinished, { feed: 'kraken' }, { KRAKEN_REST_URL: rest.url, KRAKEN_WS_URL: kraken.url })
  const [, facts] = await run.ready()
  expect(facts.feed).toMatchObject({ name: 'kraken', fallback: false })
  const url = facts.url ?? ''
  await kraken.request(({ params }) => params?.channel === 'book')
  trade(kraken, 'BTC/USDT', '51234.5', clock.now())
  trade(kraken, 'XRP/USDT', '1.25', clock.now())
  await run.logged.next(({ message }) => message === 'reconciliation.completed')
  expect(await get(url, '/health/ready')).toMatchObject({ status: 200 })
  const { body } = await get(url, '/api/v1/portfolio/allocation')
  expect(body).toMatchObject({ balances: expect.arrayContaining([{ asset: 'USDT', total: '1000', held: '0' }]) })

  const before = kraken.lines
  kraken.drop()
  await kraken.request(({ params }) => params?.channel === 'book')
  expect(kraken.lines).toBe(before + 1)
  await run.logged.next(({ message, fields }) => message === 'connection.changed' && fields.state === 'reconnecting')
  expect(await run.stop()).toBe(0)
})

function trade(kraken: KrakenServer, symbol: string, price: string, at: number): void {
  kraken.sendText(
    `{"channel":"trade","type":"update","data":[{"symbol":"${symbol}","side":"sell","price":${price},"qty":0.1,"ord_type":"market","trade_id":1,"timestamp":"${isoTime(at)}"}]}`,
  )
}
