import { describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import { type PinoLogOptions, pinoLog } from '../../../src/adapters/log/pino-log.ts'
import { price } from '../../../src/domain/units.ts'

function written(options: Partial<PinoLogOptions> = {}) {
  const lines: string[] = []
  const destination = { write: (line: string) => lines.push(line) }
  const clock = simulatedClock(Date.UTC(2024, 0, 1))
  const log = pinoLog({ level: 'debug', pretty: false, destination, clock, ...options })
  return { log, lines, last: (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '{}') }
}

/** The fields of a line as they were written. */
function fieldsOf(fields: Readonly<Record<string, unknown>>): unknown {
  const { log, last } = written()
  log.info('x', fields)
  const { level, time, msg, ...rest } = last()
  return rest
}

describe('the log', () => {
  it('writes one JSON line with level, time and message before the call returns', () => {
    const { log, lines } = written()
    log.warn('the venue is slow', { latencyMs: 900 })
    expect(lines).toEqual([
      '{"level":"warn","time":"2024-01-01T00:00:00.000Z","latencyMs":900,"msg":"the venue is slow"}\n',
    ])
  })

  it('writes nothing below its level', () => {
    const { log, lines } = written({ level: 'warn' })
    log.debug('a')
    log.info('b')
    log.warn('c')
    log.error('d')
    expect(lines).toHaveLength(2)
  })

  it('writes one line for a terminal, too, also for nested fields', () => {
    const { log, lines } = written({ pretty: true })
    log.info('order.filled', { order: { id: 'a', fills: [1, 2] } })
    expect(lines).toHaveLength(1)
    expect(lines[0]?.trimEnd().split('\n')).toHaveLength(1)
    expect(lines[0]).toContain('2024-01-01 00:00:00.000')
    expect(lines[0]).toContain('INFO')
    expect(lines[0]).toContain('order.filled')
    expect(lines[0]).toContain('"fills":[1,2]')
  })

  it('redacts for a terminal as for a file', () => {
    const { log, lines } = written({ pretty: true })
    log.info('connected to postgres://desk:hunter2@db/x', { apiKey: 'hunter2' })
    expect(lines[0]).not.toContain('hunter2')
  })

  it('keeps a field that is called like a part of the line apart from it', () => {
    const { log, last } = written()
    log.info('real', { level: 3, time: 5, msg: 'other' })
    expect(last()).toEqual({
      level: 'info',
      time: '2024-01-01T00:00:00.000Z',
      msg: 'real',
      level_: 3,
      time_: 5,
      msg_: 'other',
    })
  })

  it('writes prices as text, dates as ISO, big integers, sets and maps readably', () => {
    expect(
      fieldsOf({ price: price('0.1'), at: new Date(0), nonce: 5n, set: new Set([1]), map: new Map([['a', 1]]) }),
    ).toEqual({ price: '0.1', at: '1970-01-01T00:00:00.000Z', nonce: '5', set: [1], map: { a: 1 } })
  })

  it('survives a structure that contains itself', () => {
    const loop: Record<string, unknown> = { name: 'loop' }
    loop.self = loop
    expect(JSON.stringify(fieldsOf({ loop }))).toContain('[too deep]')
  })
})

describe('redaction', () => {
  it.each([
    'apiKey',
    'apiSecret',
    'api_key',
    'api_secret',
    'API-Key',
    'API-Sign',
    'KRAKEN_API_SECRET',
    'password',
    'token',
    'accessToken',
    'Authorization',
    'Set-Cookie',
    'privateKey',
  ])('takes out the value of %s', (name) => {
    expect(fieldsOf({ [name]: 'hunter2' })).toEqual({ [name]: '[redacted]' })
  })

  it('reaches into objects, lists, maps, errors and their causes', () => {
    class VenueError extends Error {
      readonly request = { headers: { 'API-Key': 'hunter2' } }
    }
    const error = new VenueError('wrapped', { cause: new Error('postgres://a:hunter2@db failed') })
    const fields = {
      config: { llm: { providers: [{ name: 'x', apiKey: 'hunter2' }] } },
      headers: new Map([['authorization', 'hunter2']]),
      error,
    }
    const text = JSON.stringify(fieldsOf(fields))
    expect(text).not.toContain('hunter2')
    expect(text).toContain('"name":"x"')
    expect(text).toContain('wrapped')
  })

  it.each(['tokens', 'maxTokens', 'key', 'symbol', 'tokenEstimate'])('leaves %s alone', (name) => {
    expect(fieldsOf({ [name]: 'visible' })).toEqual({ [name]: 'visible' })
  })

  it('shows whether a secret is set at all', () => {
    expect(fieldsOf({ apiKey: null, password: '', token: true })).toEqual({ apiKey: null, password: '', token: true })
  })

  it.each([
    ['postgres://desk:hunter2@db:5432/gain', 'postgres://desk:[redacted]@db:5432/gain'],
    ['postgres://desk:hun@ter/2@db/gain?x=1', 'postgres://desk:[redacted]@db/gain?x=1'],
    ['at redis://:hunter2@cache now', 'at redis://:[redacted]@cache now'],
    ['GET /x?api_key=hunter2&page=2', 'GET /x?api_key=[redacted]&page=2'],
    ['host=db password=hunter2 user=desk', 'host=db password=[redacted] user=desk'],
    ['DEEPSEEK_API_KEY=hunter2', 'DEEPSEEK_API_KEY=[redacted]'],
    ['authorization: Bearer hunter2hunter2', 'authorization: Bearer [redacted]'],
    ['https://api.kraken.com/0/public/Time', 'https://api.kraken.com/0/public/Time'],
    ['max_tokens=5 http://127.0.0.1:3000/x', 'max_tokens=5 http://127.0.0.1:3000/x'],
  ])('writes %s without its secret', (given, expected) => {
    const { log, last } = written()
    log.info(given, { databaseUrl: given })
    expect(last()).toMatchObject({ msg: expected, databaseUrl: expected })
  })

  it('does not change what it was given', () => {
    const fields = { config: { apiKey: 'hunter2' } }
    fieldsOf(fields)
    expect(fields).toEqual({ config: { apiKey: 'hunter2' } })
  })
})
