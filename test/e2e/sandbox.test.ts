/** The sandbox as a user starts it: one line of JSON, a market, an end by Ctrl-C. */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { marketData } from '../support/market-data.ts'
import { bench } from './process.ts'

const { triplegain, run, folder, cleanUp } = bench()
afterAll(cleanUp)

const open = async (...args: string[]) => {
  const running = triplegain(['sandbox', '--json', ...args])
  await running.ready()
  const line = running.out[0] ?? ''
  return { running, line, facts: JSON.parse(line) as Record<'rest' | 'ws' | 'apiKey' | 'apiSecret' | 'admin', string> }
}
const ask = async (url: string) => (await (await fetch(url)).json()) as { error: string[]; result: never }

describe('the sandbox', { timeout: 60_000 }, () => {
  it('says where it is in its first line, has a market, and ends with 0 at Ctrl-C', async () => {
    const { running, line, facts } = await open('--seed', '7')
    const { rest, apiKey, apiSecret } = facts
    const port = new URL(rest).port
    expect(line).toBe(
      `{"rest":"http://127.0.0.1:${port}","ws":"ws://127.0.0.1:${port}/v2","apiKey":"${apiKey}","apiSecret":"${apiSecret}","admin":"http://127.0.0.1:${port}/admin"}`,
    )
    const { result } = await ask(`${rest}/0/public/Ticker?pair=XBTUSDT,XBTUSD`)
    expect(Object.keys(result)).toEqual(['XBTUSDT', 'XXBTZUSD'])
    running.signal('SIGINT')
    expect(await running.ended).toBe(0)
    expect(running.out).toHaveLength(1)
  })

  it('has the account that was asked for, and faults from a file', async () => {
    const file = join(folder(), 'faults.json')
    writeFileSync(file, JSON.stringify([{ kind: 'server-error', status: 503, match: { method: 'Time' } }]))
    const { running, facts } = await open('--feed', 'manual', '--balances', 'XBT=2', '--faults', file)
    const state = (await (await fetch(`${facts.admin}/state`)).json()) as { balances: unknown }
    expect(state.balances).toEqual([{ asset: 'BTC', total: '2', held: '0' }])
    const statuses = [1, 2].map(async () => (await fetch(`${facts.rest}/0/public/Time`)).status)
    expect((await Promise.all(statuses)).sort()).toEqual([200, 503])
    running.signal('SIGTERM')
    expect(await running.ended).toBe(0)
  })

  const candles = marketData('candles')
  it.skipIf(candles === null)('plays recorded minutes, at their own time', async () => {
    const window = ['--from', '2021-05-19', '--to', '2021-05-20', '--speed', '600']
    const { running, facts } = await open('--feed', `replay:${candles}`, ...window)
    const time = async () => (await ask(`${facts.rest}/0/public/Time`)).result as { unixtime: number }
    const { unixtime } = await time()
    expect(unixtime).toBeGreaterThanOrEqual(Date.UTC(2021, 4, 19) / 1000)
    expect(unixtime).toBeLessThan(Date.UTC(2021, 4, 20) / 1000)
    // The hours before are known from the files.
    const { XBTUSDT: bars } = (await ask(`${facts.rest}/0/public/OHLC?pair=XBTUSDT&interval=1`)).result as {
      XBTUSDT: unknown[]
    }
    expect(bars).toHaveLength(721)
    running.signal('SIGINT')
    expect(await running.ended).toBe(0)
  })

  it.each([
    [['--faults', '/nowhere.json'], /the faults in \/nowhere\.json cannot be read/],
    [['--balances', 'GOLD=1'], /no asset GOLD/],
    [['--feed', 'replay:/nowhere/candles'], /\/nowhere\/candles cannot be read/],
  ])('%o is misused: one line, exit code 2', async (args, line) => {
    const { code, out, said } = await run(['sandbox', ...args])
    expect([code, out]).toEqual([2, []])
    expect(said).toEqual([expect.stringMatching(line)])
  })

  it('faults that nobody could mean are named, with exit code 2', async () => {
    const file = join(folder(), 'faults.json')
    writeFileSync(file, JSON.stringify([{ kind: 'delay', delayMs: 5 }, { kind: 'delay' }]))
    const { code, said } = await run(['sandbox', '--faults', file])
    expect(code).toBe(2)
    expect(said).toEqual([expect.stringMatching(/fault 1\.delayMs/)])
  })

  it('a port that is taken is told, with exit code 1', async () => {
    const other = createServer()
    await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening))
    const { port } = other.address() as AddressInfo
    const { code, said } = await run(['sandbox', '--port', String(port)])
    other.close()
    expect(code).toBe(1)
    expect(said).toEqual([`triplegain: port ${port} is taken: choose another with --port`])
  })
})
