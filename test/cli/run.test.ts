import { describe, expect, it } from 'vitest'
import { commandLine } from './command-line.ts'

const UNSET = { feed: null, symbols: null, dataDir: null, port: null, json: false, seed: null, configDir: null }

describe('triplegain run', () => {
  it('leaves to the configuration what is not given', async () => {
    const { triplegain, runs } = commandLine()
    expect(await triplegain('run')).toEqual({ code: 0, out: '', err: '' })
    expect(runs).toEqual([UNSET])
  })

  it('hands on everything that is given, checked and typed', async () => {
    const { triplegain, runs } = commandLine()
    const argv =
      '--symbols btc_usdt,XRP/USDT,BTC/USDT --data-dir d --port 0 --json --seed 7 --config c --feed simulated'
    expect(await triplegain('run', ...argv.split(' '))).toMatchObject({ code: 0, err: '' })
    expect(runs).toEqual([
      {
        feed: { kind: 'simulated' },
        symbols: ['BTC/USDT', 'XRP/USDT'],
        dataDir: 'd',
        port: 0,
        json: true,
        seed: '7',
        configDir: 'c',
      },
    ])
  })

  it('takes times as UTC and a replay at full speed unless told', async () => {
    const { triplegain, runs } = commandLine()
    await triplegain('run', '--feed', 'replay:data/x.csv', '--from', '2021-05-01', '--to', '2021-05-19T12:00')
    const feed = { kind: 'replay', path: 'data/x.csv', speed: 'max', source: null }
    expect(runs).toEqual([
      { ...UNSET, feed: { ...feed, from: Date.parse('2021-05-01'), to: Date.parse('2021-05-19T12:00Z') } },
    ])
  })

  it('takes a speed and a venue for a replay', async () => {
    const { triplegain, runs } = commandLine()
    await triplegain('run', '--feed', 'replay:data', '--speed', '60', '--source', 'Binance')
    expect(runs[0]?.feed).toMatchObject({ from: null, to: null, speed: 60, source: 'binance' })
  })

  it.each([
    ['--symbols DOGE/USDT', /DOGE\/USDT is not one of BTC\/USDT, XRP\/USDT/],
    ['--symbols BTC/USDT,', /is not one of/],
    ['--symbols BTC/USDT,XRP/USDT,XRP/BTC', /XRP\/BTC is paid in BTC.* core .* hodl .* never spends/],
    ['--symbols eth_btc', /ETH\/BTC is paid in BTC/],
    ['--feed binance', /A feed is auto, kraken, simulated or replay:PATH/],
    ['--feed replay:', /Name a candle file or folder/],
    ['--feed replay:d --from 2021-02-29', /A time is YYYY-MM-DD/],
    ['--feed replay:d --from May', /A time is YYYY-MM-DD/],
    ['--feed replay:d --from 2021-05-02 --to 2021-05-02', /--from 2021-05-02T00:00:00.000Z must be before --to/],
    ['--feed replay:d --speed 0', /A speed is max, or/],
    ['--feed replay:d --speed fast', /A speed is max, or/],
    ['--feed replay:d --speed -1', /./],
    ['--feed replay:d --source a/b', /A venue is/],
    ['--from 2021-05-01', /--from needs --feed replay:PATH/],
    ['--feed simulated --to 2021-05-01', /--to needs --feed replay:PATH/],
    ['--feed kraken --speed max', /--speed needs --feed replay:PATH/],
    ['--source binance', /--source needs --feed replay:PATH/],
    ['--port 65536', /A port is a whole number from 0 to 65535/],
    ['--port 3e3', /A port is/],
    ['--data-dir=', /It must not be empty/],
    ['--prot 3000', /unknown option '--prot'.*--port/],
    ['--port', /argument missing/],
    ['extra', /too many arguments/],
  ])('refuses %s in one line with exit code 2', async (argv, reason) => {
    const { triplegain, runs } = commandLine()
    const { code, out, err } = await triplegain('run', ...argv.split(' '))
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(reason)
    expect(err).toMatch(/^triplegain: \S/)
    expect(err.split('\n')).toHaveLength(1)
    expect(runs).toEqual([])
  })

  it('exits with the code of the run', async () => {
    expect(await commandLine({ run: async () => 3 }).triplegain('run')).toEqual({ code: 3, out: '', err: '' })
    expect(await commandLine({ run: async () => 1 }).triplegain('run')).toEqual({ code: 1, out: '', err: '' })
  })

  it('turns whatever is thrown into one line and exit code 1', async () => {
    const run = async () => {
      throw new Error('port 3000 is taken: choose another with --port')
    }
    const answer = await commandLine({ run }).triplegain('run')
    expect(answer).toEqual({ code: 1, out: '', err: 'triplegain: port 3000 is taken: choose another with --port' })
  })
})
