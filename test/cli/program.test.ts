import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/cli/parts.ts'
import { commandLine } from './command-line.ts'

describe('triplegain', () => {
  it('helps with every command, examples and exit codes', async () => {
    const { code, out, err } = await commandLine().triplegain('--help')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    for (const command of ['run', 'status', 'orders', 'fills', 'positions', 'indicators', 'migrate'])
      expect(out).toMatch(new RegExp(`^  ${command} `, 'm'))
    expect(out).toContain('Examples:')
    expect(out).toContain('Exit codes: 0 done, 1 failed, 2 misused')
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
  })

  it.each(['run', 'status', 'orders', 'fills', 'positions', 'indicators', 'migrate'])(
    'helps with %s',
    async (command) => {
      const { code, out } = await commandLine().triplegain(command, '--help')
      expect(code).toBe(0)
      expect(out).toContain(`Usage: triplegain ${command}`)
    },
  )

  it('never ends the process itself: a program that is parsed directly rejects with its exit code', async () => {
    const parsing = commandLine({ run: async () => 3 })
      .program()
      .parseAsync(['run'], { from: 'user' })
    await expect(parsing).rejects.toMatchObject({ exitCode: 3 })
  })

  it('shows the help and exits with 2 when no command is given', async () => {
    const { code, out, err } = await commandLine().triplegain()
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('Usage: triplegain')
  })

  it('refuses an unknown command in one line', async () => {
    const { code, err } = await commandLine().triplegain('stats')
    expect(code).toBe(2)
    expect(err).toBe("triplegain: unknown command 'stats' (Did you mean status?)")
  })

  it('migrates, and exits with what the migration says', async () => {
    const { triplegain, migrations } = commandLine()
    expect(await triplegain('migrate', '--data-dir', 'd')).toMatchObject({ code: 0 })
    expect(migrations).toEqual([{ dataDir: 'd', configDir: null }])
    expect((await commandLine({ migrate: async () => 1 }).triplegain('migrate')).code).toBe(1)
  })
})

describe('triplegain halt, reset, pause and resume', () => {
  const trading = {
    ...{ state: 'PAUSED', pauseReasons: ['user'], haltReason: null, haltedSymbols: {}, mayOpenRisk: false },
    breakers: [{ name: 'drawdown', trippedAt: '2021-05-19T12:30:00.000Z', until: null, acknowledged: false }],
  }
  const answering = (outcome: Outcome) => commandLine({ ask: async () => outcome })

  it('say what trading does since', async () => {
    const line = answering({ kind: 'answered', folder: '/data', refused: null, trading })
    const { code, out } = await line.triplegain('pause')
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual([
      'trading           PAUSED: user until `resume`, opens nothing',
      'breaker drawdown  since 2021-05-19 12:30:00, until a person resets it',
    ])
  })

  it('say why they were refused, with exit code 1', async () => {
    const line = answering({ kind: 'answered', folder: '/data', refused: 'trading is not paused', trading })
    expect(await line.triplegain('resume')).toMatchObject({
      code: 1,
      err: 'triplegain: refused: trading is not paused',
    })
  })

  it('say that the next start will hear them where nobody does now', async () => {
    const left = 'no process works in d to reset: it is heard at the next start'
    expect(await commandLine().triplegain('reset', '--data-dir', 'd')).toMatchObject({ code: 0, out: left })
  })

  it('fail where the process does not answer, or is of another version', async () => {
    const silent = await answering({ kind: 'unanswered', folder: '/data' }).triplegain('halt')
    expect(silent).toMatchObject({ code: 1, err: expect.stringContaining('the process of /data did not answer') })
    const other = await answering({ kind: 'answered', folder: '/data', refused: null, trading: {} }).triplegain('halt')
    expect(other).toMatchObject({ code: 1, err: expect.stringContaining('of another version') })
  })
})

describe('triplegain indicators', () => {
  const bars = async function* () {
    yield { t: 60_000, ema_9: null, macd: null, squeeze_detected: null }
    yield { t: 120_000, ema_9: 1.5, macd: { line: 0.25, signal: null }, squeeze_detected: false }
  }

  it('prints one JSON object a bar, null while warming up', async () => {
    const { out } = await commandLine({ indicators: bars }).triplegain('indicators', '--data', 'x.csv', '--json')
    expect(out.split('\n').map((line) => JSON.parse(line))).toEqual([
      { t: 60_000, ema_9: null, macd: null, squeeze_detected: null },
      { t: 120_000, ema_9: 1.5, macd: { line: 0.25, signal: null }, squeeze_detected: false },
    ])
  })

  it('prints one readable line a bar without --json', async () => {
    const { out } = await commandLine({ indicators: bars }).triplegain('indicators', '--data', 'x.csv')
    expect(out.split('\n')).toEqual([
      't=60000 ema_9=– macd=– squeeze_detected=–',
      't=120000 ema_9=1.5 macd.line=0.25 macd.signal=– squeeze_detected=false',
    ])
  })

  it('asks for the file', async () => {
    const { code, err } = await commandLine().triplegain('indicators')
    expect(code).toBe(2)
    expect(err).toBe("triplegain: required option '--data <file>' not specified")
  })

  it('says in one line what is wrong with the file', async () => {
    const indicators = async function* () {
      yield { t: 0 }
      throw new Error('x.csv line 3: "abc" is not a number')
    }
    const { code, out, err } = await commandLine({ indicators }).triplegain('indicators', '--data', 'x.csv', '--json')
    expect({ code, out, err }).toEqual({
      code: 1,
      out: '{"t":0}',
      err: 'triplegain: x.csv line 3: "abc" is not a number',
    })
  })
})
