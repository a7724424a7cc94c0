/** Which market the process listens to: Kraken's on loopback, and what is said when there is no Kraken. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it, type TestContext } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import { realClock } from '../../src/adapters/clock/real.ts'
import { type PaperRun, runPaper } from '../../src/assembly/paper.ts'
import { pair } from '../../src/domain/ids.ts'
import { isoTime } from '../../src/domain/utc.ts'
import { krakenRestServer } from '../support/kraken-rest.ts'
import { Arrivals, type KrakenServer, krakenServer } from '../support/kraken-server.ts'
import { get } from './process.ts'

const config = loadConfig({ dir: resolve(import.meta.dirname, '../../config'), env: {} })
type Later = TestContext['onTestFinished']

type Ready = Parameters<PaperRun['onReady']>

/** Runs paper trading in this process; `stop` drains it and gives the exit code. */
function start(later: Later, over: Partial<PaperRun> & Pick<PaperRun, 'feed'>) {
  const dataDir = mkdtempSync(join(tmpdir(), 'triplegain-feeds-'))
  later(() => rmSync(dataDir, { recursive: true, force: true }))
  const logged = new Arrivals<{ readonly message: string; readonly fields: Readonly<Record<string, unknown>> }>()
  const ready = Promise.withResolvers<Ready>()
  const asked = Promise.withResolvers<(reason: string) => void>()
  const write = (message: string, fields: Readonly<Record<string, unknown>> = {}) => logged.push({ message, fields })
  const code = runPaper({
    ...{ config, symbols: [pair('BTC/USDT'), pair('XRP/USDT')], seed: 'feeds', dataDir, databaseUrl: null, port: 0 },
    log: { debug: () => undefined, info: write, warn: write, error: write },
    onReady: (...given) => ready.resolve(given),
    onStopAsked: (stop) => {
      asked.resolve(stop)
      return () => undefined
    },
    ...over,
  })
  return {
    logged,
    ready: () =>
      Promise.race([
        ready.promise,
        code.then((ended): never => {
          throw new Error(`it ended with ${ended}`)
        }),
      ]),
    code,
    stop: async () => {
      const stop = await asked.promise
      stop('the test is over')
      return code
    },
  }
}

it.concurrent('says loudly, in log, banner and status, that the simulated market stands in for Kraken', {
  timeout: 40_000,
}, async ({ onTestFinished }) => {
  const nobody = await krakenRestServer(() => 0)
  await nobody.close()
  const run = start(onTestFinished, { feed: 'auto', krakenRestUrl: nobody.url })
  const [lines, facts] = await run.ready()
  expect(lines.join('\n')).toMatch(/simulated, invented prices\. A FALLBACK: Kraken does not answer: /)
  expect(facts.feed).toMatchObject({ name: 'simulated', fallback: true })
  expect(run.logged.all.map(({ message }) => message)).toContain('the simulated market stands in')
  expect(await run.stop()).toBe(0)
})

it.concurrent('does not start at all on the feed kraken where Kraken does not answer', { timeout: 40_000 }, async ({
  onTestFinished,
}) => {
  const nobody = await krakenRestServer(() => 0)
  await nobody.close()
  const run = start(onTestFinished, { feed: 'kraken', krakenRestUrl: nobody.url })
  await expect(run.code).rejects.toThrow(/SystemStatus/)
})

it.concurrent('trades on the prices of a Kraken on loopback, and sees its line drop and come back', {
  timeout: 60_000,
}, async ({ onTestFinished }) => {
  const clock = realClock()
  const rest = await krakenRestServer(() => clock.now())
  const kraken = await krakenServer()
  onTestFinished(() => Promise.all([rest.close(), kraken.close()]).then(() => undefined))
  const run = start(onTestFinished, { feed: 'kraken', krakenRestUrl: rest.url, krakenSocketUrl: kraken.url })
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
