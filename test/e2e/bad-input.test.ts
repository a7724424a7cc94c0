/** What cannot be done is said in one line that helps, with an exit code that tells. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bench } from './process.ts'

const { run, folder, cleanUp } = bench()
afterAll(cleanUp)

const DAY = ['--from', '2021-05-01', '--to', '2021-05-02']
const replay = (source: string, ...more: string[]) => run(['run', '--feed', `replay:${source}`, ...DAY, ...more])

/** A folder with one file of candles from midnight of 1 May 2021; `lines` are put at its end. */
function candles(count: number, lines: readonly string[] = []): string {
  const source = folder()
  for (const [symbol, price] of [
    ['BTCUSDT', '50000'],
    ['XRPUSDT', '1'],
  ] as const) {
    const from = Date.UTC(2021, 4, 1)
    const rows = Array.from({ length: count }, (_, minute) =>
      [from + minute * 60_000, price, price, price, price, '1'].join(','),
    )
    const content = ['timestamp_ms,open,high,low,close,volume', ...rows, ...(symbol === 'BTCUSDT' ? lines : [])]
    writeFileSync(join(source, `binance_${symbol}_1m_20210501_20210502.csv`), `${content.join('\n')}\n`)
  }
  return source
}

describe('misused: exit code 2', { timeout: 120_000 }, () => {
  it.concurrent('an unknown symbol', async () => {
    const { code, said } = await run(['run', '--symbols', 'DOGE/USDT'])
    expect(code).toBe(2)
    expect(said).toEqual([expect.stringMatching(/DOGE\/USDT is not one of BTC\/USDT, XRP\/USDT/)])
  })

  it.concurrent('a configuration with several mistakes: each by its file, line and path', async () => {
    const config = folder()
    cpSync(resolve(import.meta.dirname, '../../config'), config, {
      recursive: true,
      filter: (path) => !path.endsWith('.ts'),
    })
    writeFileSync(join(config, 'portfolio.yaml'), 'portfolio:\n  target_allocation:\n    btc_pct: 50\n  colour: blue\n')
    writeFileSync(join(config, 'risk.yaml'), 'risk:\n  limits:\n    max_leverage: many\n')
    const { code, said } = await run(['run', '--config', config])
    expect(code).toBe(2)
    const text = said.join('\n')
    expect(text).toMatch(/portfolio\.yaml:4: portfolio\.colour is not a known key/)
    expect(text).toMatch(/risk\.yaml:3: risk\.limits\.max_leverage/)
    expect(text).not.toMatch(/\n\s+at /)
  })
})

describe('failed: exit code 1', { timeout: 120_000 }, () => {
  it.concurrent('a folder of candles that is not there', async () => {
    const { code, out, said } = await replay('/nowhere/candles')
    expect(code).toBe(1)
    expect(out).toEqual([])
    expect(said).toEqual([expect.stringMatching(/^triplegain: .*\/nowhere\/candles/)])
  })

  it.concurrent('a candle that is none: the file and the line', async () => {
    const { code, said } = await replay(candles(30, ['1619829000000,50000,oops,1,1,1']))
    expect(code).toBe(1)
    expect(said).toEqual([expect.stringMatching(/^triplegain: .*binance_BTCUSDT_1m_20210501_20210502\.csv.*32/)])
  })

  it.concurrent('a database that does not answer: where, and never the password', async () => {
    const DATABASE_URL = 'postgresql://trader:sesame@127.0.0.1:1/triplegain'
    const { code, said } = await run(['run', '--feed', 'simulated', '--port', '0', '--data-dir', folder()], {
      DATABASE_URL,
    })
    expect(code).toBe(1)
    expect(said).toEqual([
      expect.stringMatching(/^triplegain: cannot reach PostgreSQL at 127\.0\.0\.1:1\/triplegain: /),
    ])
    expect(said.join()).not.toContain('sesame')
  })

  it.concurrent('a replay into a folder that holds another session', async () => {
    const dataDir = folder()
    mkdirSync(dataDir, { recursive: true })
    const source = candles(60)
    const hour = ['--from', '2021-05-01', '--to', '2021-05-01T00:30', '--data-dir', dataDir, '--json']
    const first = await run(['run', '--feed', `replay:${source}`, ...hour])
    expect(first).toMatchObject({ code: 0, said: [] })
    expect(JSON.parse(first.out[0] ?? '')).toMatchObject({ candles: 60, unprotectedSeconds: 0, restarts: 0 })
    const other = await run(['run', '--feed', `replay:${source}`, ...hour, '--seed', 'another'])
    expect(other.code).toBe(1)
    expect(other.said).toEqual([expect.stringMatching(/^triplegain: the database holds the replay session/)])
  })
})

it('ends, and names what it was still held by, where something forgotten would keep it alive', {
  timeout: 60_000,
}, async () => {
  const forgotten = '--import data:text/javascript,setInterval(()=>{},1e9)'
  const { code, said } = await run(['--help'], { NODE_OPTIONS: forgotten })
  expect(code).toBe(0)
  expect(said).toEqual(['triplegain: done, and still held by Timeout: ends all the same'])
})
