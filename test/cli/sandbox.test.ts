import { describe, expect, it } from 'vitest'
import { commandLine } from './command-line.ts'

const USUAL = {
  port: 0,
  seed: '1',
  feed: { kind: 'simulated' },
  balances: { BTC: '1', USDT: '50000', XRP: '1000' },
  tier: 'pro',
  limits: true,
  faultsFile: null,
  json: false,
}

describe('triplegain sandbox', () => {
  it('opens an invented market and a usual account where nothing is said', async () => {
    const { triplegain, sandboxes } = commandLine()
    expect(await triplegain('sandbox')).toEqual({ code: 0, out: '', err: '' })
    expect(sandboxes).toEqual([USUAL])
  })

  it('hands on everything that is given, checked and typed', async () => {
    const { triplegain, sandboxes } = commandLine()
    const argv = '--port 8123 --seed 7 --feed manual --faults f.json --balances btc=2.50,USD=10 --tier starter --json'
    expect(await triplegain('sandbox', ...argv.split(' '), '--no-limits')).toMatchObject({ code: 0, err: '' })
    expect(sandboxes).toEqual([
      {
        ...{ port: 8123, seed: '7', feed: { kind: 'manual' }, tier: 'starter', limits: false, faultsFile: 'f.json' },
        ...{ balances: { BTC: '2.5', USD: '10' }, json: true },
      },
    ])
  })

  it('replays in real time unless told, between the times named', async () => {
    const { triplegain, sandboxes } = commandLine()
    await triplegain('sandbox', '--feed', 'replay:data')
    await triplegain('sandbox', '--feed', 'replay:data', '--from', '2021-05-01', '--to', '2021-05-02', '--speed', '60')
    const feed = { kind: 'replay', path: 'data' }
    expect(sandboxes).toEqual([
      { ...USUAL, feed: { ...feed, from: null, to: null, speed: 1 } },
      { ...USUAL, feed: { ...feed, from: Date.UTC(2021, 4, 1), to: Date.UTC(2021, 4, 2), speed: 60 } },
    ])
  })

  it.each([
    [['--port', '99999'], /port is a whole number/],
    [['--feed', 'kraken'], /feed is simulated, manual or replay:PATH/],
    [['--feed', 'replay:'], /Name a candle file or folder/],
    [['--speed', '5'], /--speed needs --feed replay:PATH/],
    [['--feed', 'replay:d', '--speed', 'max'], /speed is how many replayed seconds/],
    [['--feed', 'replay:d', '--from', '2021-05-02', '--to', '2021-05-01'], /must be before/],
    [['--balances', 'BTC'], /ASSET=AMOUNT between commas/],
    [['--balances', 'BTC=-1'], /ASSET=AMOUNT between commas/],
    [['--balances', 'BTC=1,BTC=2'], /BTC is named twice/],
    [['--tier', 'gold'], /tier is starter, intermediate, pro/],
    [['--seed', ''], /must not be empty/],
  ])('%o is misused: one line, exit code 2', async (argv, line) => {
    const { triplegain, sandboxes } = commandLine()
    const { code, out, err } = await triplegain('sandbox', ...argv)
    expect([code, out, err.split('\n').length]).toEqual([2, '', 1])
    expect(err).toMatch(line)
    expect(sandboxes).toEqual([])
  })
})
