/** `status`, `orders` and `positions` against the real API. */
import { afterEach, describe, expect, it } from 'vitest'
import { realClock } from '../../src/adapters/clock/real.ts'
import { type ServedApi, serveApi } from '../../src/api/serve.ts'
import { deskAndApi, NOW, order, position, XRP } from '../api/test-desk.ts'
import { fillRecord } from '../api/test-history.ts'
import { hodlBook, planView } from '../support/money-lives.ts'
import { commandLine } from './command-line.ts'

const served: ServedApi[] = []
async function running() {
  const { app, desk, history, money, log } = deskAndApi()
  const api = await serveApi({ app, port: 0, clock: realClock(), log })
  served.push(api)
  return { desk, history, money, api, line: commandLine({ fetch: (url) => fetch(url) }) }
}
afterEach(async () => {
  await Promise.all(served.splice(0).map((api) => api.close()))
})

describe('triplegain status', () => {
  it('says what a running process does, and that its feed is a fallback', async () => {
    const { api, line } = await running()
    const { code, out } = await line.triplegain('status', '--port', String(api.port))
    expect(code).toBe(0)
    expect(out).toMatch(/^trading +RUNNING, may open risk$/m)
    expect(out).toMatch(/^system +trading, ready$/m)
    expect(out).toMatch(/^feed +simulated \(FALLBACK: Kraken did not answer within 5 s\)$/m)
    expect(out).toMatch(/^agents +rules$/m)
    expect(out).toMatch(/^ta_analysis +60 s +1 +0 +2021-05-19 12:30:00 +2021-05-19 12:31:00$/m)
    expect(out).toMatch(/^sentiment_analysis +off /m)
  })

  it('says why nothing is opened', async () => {
    const { api, desk, line } = await running()
    const halted = { state: 'HALTED', haltReason: 'drawdown 20.1 %', mayOpenRisk: false } as const
    desk.coordinatorNow = { ...desk.coordinatorNow, ...halted, degradation: 'REDUCED', failures: { exchange: 3 } }
    const { out } = await line.triplegain('status', '--url', api.url)
    expect(out).toMatch(/^trading +HALTED: drawdown 20.1 %, opens nothing$/m)
    expect(out).toMatch(/^degradation +REDUCED: exchange 3$/m)
  })

  it('says why trading pauses, and until when', async () => {
    const { api, desk, line } = await running()
    const until = NOW + 41_400_000
    const breaker = { name: 'daily_loss', trippedAt: NOW, until, acknowledged: false } as const
    const paused = { state: 'PAUSED', pauseReasons: ['daily_loss', 'user'], mayOpenRisk: false } as const
    desk.coordinatorNow = { ...desk.coordinatorNow, ...paused, breakers: [breaker] }
    const { out } = await line.triplegain('status', '--url', api.url)
    expect(out).toMatch(/^trading +PAUSED: daily_loss until 2021-05-20 00:00:00; user until `resume`, opens nothing$/m)
    expect(out).toMatch(/^breaker daily_loss +since 2021-05-19 12:30:00, until 2021-05-20 00:00:00$/m)
  })

  it('lists the breakers that forbid new risk although nothing is paused', async () => {
    const { api, desk, line } = await running()
    const breaker = { name: 'weekly_loss', trippedAt: NOW, until: NOW + 387_000_000, acknowledged: false } as const
    desk.coordinatorNow = { ...desk.coordinatorNow, mayOpenRisk: false, breakers: [breaker] }
    const { out } = await line.triplegain('status', '--url', api.url)
    expect(out).toMatch(/^trading +RUNNING, opens nothing$/m)
    const stands = 'since 2021-05-19 12:30:00, until 2021-05-24 00:00:00 and a person has reset it'
    expect(out).toMatch(new RegExp(`^breaker weekly_loss +${stands}$`, 'm'))
    const json = await line.triplegain('status', '--url', api.url, '--json')
    expect(JSON.parse(json.out.split('\n').at(-1) ?? '')).toMatchObject({
      breakers: [{ name: 'weekly_loss', trippedAt: '2021-05-19T12:30:00.000Z', until: '2021-05-24T00:00:00.000Z' }],
    })
  })

  it('prints the whole answer as JSON', async () => {
    const { api, line } = await running()
    const { out } = await line.triplegain('status', '--url', api.url, '--json')
    const direct = await (await fetch(`${api.url}/api/v1/coordinator/status`)).json()
    expect(JSON.parse(out)).toEqual(direct)
  })
})

const closed = (id: string) => ({ ...order(id, { status: 'FILLED', phase: 'done' }), closedAt: NOW })

describe('triplegain orders', () => {
  it('lists the open ones in columns', async () => {
    const { api, desk, line } = await running()
    desk.ordersNow = [order('o1'), order('o2', { status: 'FILLED', phase: 'done' })]
    const { code, out } = await line.triplegain('orders', '--url', api.url)
    expect(code).toBe(0)
    expect(out.split('\n')).toHaveLength(2)
    expect(out).toMatch(/2021-05-19 12:30:00 {2}BTC\/USDT +buy +limit +entry +0.00012345 +0 +40000.1 +OPEN +open +o1$/m)
  })

  it('lists closed ones, a hundred, and says how to see the others', async () => {
    const { api, history, line } = await running()
    history.ordersPast = Array.from({ length: 101 }, (_, index) => closed(`o${index}`))
    const { out } = await line.triplegain('orders', '--url', api.url, '--closed')
    expect(out.split('\n')).toHaveLength(102)
    expect(out).toMatch(/FILLED +done +o99\nthe newest 100; all of them with --csv, older ones with --to$/)
  })

  it('filters, and says when there are none', async () => {
    const { api, desk, line } = await running()
    desk.ordersNow = [order('o1')]
    const args = [
      '--symbol',
      'xrp_usdt',
      '--side',
      'buy',
      '--book',
      'core',
      '--from',
      '2021-05-01',
      '--to',
      '2021-06-01',
    ]
    const { out } = await line.triplegain('orders', '--url', api.url, '--all', ...args)
    expect(out).toBe('no orders')
    const query =
      'symbol=XRP%2FUSDT&side=buy&book=core&from=2021-05-01T00%3A00%3A00.000Z&to=2021-06-01T00%3A00%3A00.000Z'
    expect(line.urls).toEqual([`${api.url}/api/v1/orders?status=all&${query}`])
  })

  it('says in one line what the process refuses', async () => {
    const { api, history, line } = await running()
    const { code, err } = await line.triplegain('orders', '--url', api.url, '--status', 'alive')
    expect(code).toBe(1)
    expect(err).toMatch(/^triplegain: Bad request: status: "alive" is not one of open, closed, all/)
    history.answersLeft = 0
    for (const form of [[], ['--csv']])
      expect(await line.triplegain('orders', '--closed', '--url', api.url, ...form)).toMatchObject({
        code: 1,
        err: expect.stringContaining('triplegain: The past cannot be read now: the database does not answer'),
      })
  })

  it.each([
    [['--closed', '--all'], 'give one of --closed, --all and --status'],
    [['--json', '--csv'], 'give either --json or --csv'],
    [['--side', 'both'], 'Allowed choices are buy, sell'],
    [['--from', 'yesterday'], 'A time is YYYY-MM-DD'],
  ])('refuses %j with exit code 2', async (args, reason) => {
    const { code, err } = await commandLine().triplegain('orders', ...args)
    expect(code).toBe(2)
    expect(err).toContain(reason)
  })
})

describe('triplegain fills', () => {
  it('lists them in columns, or as JSON', async () => {
    const { api, history, line } = await running()
    history.fillsPast = [fillRecord('t1', NOW)]
    const { out } = await line.triplegain('fills', '--url', api.url)
    expect(out).toMatch(
      /^2021-05-19 12:30:00 {2}BTC\/USDT +buy +entry +0.0001 +40000.1 +4.00001 +0.03200008 +USDT +taker +t1$/m,
    )
    const json = await commandLine({ fetch: (url) => fetch(url) }).triplegain('fills', '--url', api.url, '--json')
    expect(JSON.parse(json.out)).toMatchObject({ fills: [{ tradeId: 't1' }], nextCursor: null })
    history.fillsPast = []
    expect((await commandLine({ fetch: (url) => fetch(url) }).triplegain('fills', '--url', api.url)).out).toBe(
      'no fills',
    )
  })

  it('prints all of them as CSV, page after page, byte for byte what the API exports', async () => {
    const { api, history, line } = await running()
    const odd = ['=cmd', 'two\r\nlines', 'a "b", c']
    history.fillsPast = [...odd, ...Array.from({ length: 250 }, (_, index) => `t${index}`)].map((id) =>
      fillRecord(id, NOW),
    )
    const { code, out } = await line.triplegain('fills', '--url', api.url, '--csv', '--symbol', 'BTC/USDT')
    expect(code).toBe(0)
    const whole = await (await fetch(`${api.url}/api/v1/fills?format=csv`)).text()
    expect(`${out}\n`).toBe(whole)
    expect(line.urls).toHaveLength(3)
    for (const url of line.urls) expect(url).toContain('symbol=BTC%2FUSDT')
  })

  it('fails when the process goes away between two pages', async () => {
    const { api, history, line } = await running()
    history.fillsPast = Array.from({ length: 250 }, (_, index) => fillRecord(`t${index}`, NOW))
    history.answersLeft = 1
    const { code, out } = await line.triplegain('fills', '--url', api.url, '--csv')
    expect(code).toBe(1)
    expect(out.split('\n')).toHaveLength(101)
  })
})

describe('triplegain positions', () => {
  const ended = position('p2', { status: 'closed', phase: 'closed', closeReason: 'stop_loss', closedAt: NOW })

  it('lists the open ones in columns', async () => {
    const { api, desk, line } = await running()
    desk.positionsNow = [position('p1', { symbol: XRP }), ended]
    const text = await line.triplegain('positions', '--url', api.url)
    expect(text.out).toMatch(/XRP\/USDT +long +0.00012345 +40000.1 +39000 +– +0 +0.04 +-0.04 +protected +p1$/m)
    expect(text.out).not.toContain('p2')
  })

  it('lists closed ones with why they ended, and all as JSON or CSV', async () => {
    const { api, money } = await running()
    money.positionsPast = [ended]
    const asked = (...args: string[]) =>
      commandLine({ fetch: (url) => fetch(url) }).triplegain('positions', '--url', api.url, ...args)
    expect((await asked('--closed')).out).toMatch(/closed \(stop_loss\) +p2$/m)
    expect(JSON.parse((await asked('--all', '--json')).out)).toMatchObject({
      positions: [{ positionId: 'p2' }],
      nextCursor: null,
    })
    expect((await asked('--closed', '--csv')).out).toMatch(/^opened_at,closed_at,position_id,/)
    expect((await asked('--symbol', 'xrp_usdt', '--from', '2030-01-01')).out).toBe('no positions')
    expect(await asked('--closed', '--all')).toMatchObject({ code: 2 })
  })
})

describe('triplegain risk, hodl and rebalances', () => {
  it('say how far losses are from their limits, and which breakers stand', async () => {
    const { api, desk, line } = await running()
    const breaker = { name: 'drawdown', trippedAt: NOW, until: null, acknowledged: true } as const
    desk.riskNow = { ...desk.riskNow, breakers: [breaker], cooldowns: { 'XRP/USDT': NOW } }
    const { code, out } = await line.triplegain('risk', '--url', api.url)
    expect(code).toBe(0)
    expect(out).toMatch(/^loss of the day +\S+( %)? +of \d+ %$/m)
    expect(out).toContain('breaker drawdown since 2021-05-19 12:30:00, until a person resets it, acknowledged')
    expect(out).toContain('XRP/USDT rests until 2021-05-19 12:30:00')
  })

  it('say what is never traded and what waits to be bought', async () => {
    const { api, money, line } = await running()
    money.book = { ...hodlBook('0.88', '0.000375'), updatedAt: NOW }
    const { out } = await line.triplegain('hodl', '--url', api.url)
    expect(out).toMatch(/^BTC +0.500375 +0.5 +0.000375 +15.12 +0.88$/m)
    expect(out).toContain('above 120.5 USD')
  })

  it('say what became of the trades of each plan', async () => {
    const { api, money, line } = await running()
    expect((await line.triplegain('rebalances', '--url', api.url)).out).toBe('no plans')
    money.plansPast = [planView('plan1', NOW)]
    const { out } = await commandLine({ fetch: (url) => fetch(url) }).triplegain('rebalances', '--url', api.url)
    expect(out).toMatch(/^2021-05-19 12:30:00 {2}planned {2}dca_24h {2}plan1$/m)
    expect(out).toMatch(/2021-05-19 16:30:00 +2 +XRP\/USDT +buy +100.5 +0 +60.3 +scheduled$/m)
  })
})

describe('a question that nobody answers', () => {
  it.each(['status', 'orders', 'fills', 'positions', 'rebalances', 'hodl', 'risk'])(
    '%s says so in one line, exit code 1',
    async (command) => {
      const { api, line } = await running()
      await api.close()
      const { code, out, err } = await line.triplegain(command, '--port', String(api.port))
      expect({ code, out }).toEqual({ code: 1, out: '' })
      expect(err).toBe(`triplegain: nothing answers at ${api.url} (ECONNREFUSED): is it running? See --port and --url`)
    },
  )

  it('names a time-out', async () => {
    const fetching = async (): Promise<Response> => {
      throw new DOMException('The operation was aborted due to timeout', 'TimeoutError')
    }
    const { err } = await commandLine({ fetch: fetching }).triplegain('status')
    expect(err).toContain('nothing answers at http://127.0.0.1:3000 (no answer in time)')
  })

  it.each([
    ['a page', '<html>hello</html>', 'is not TripleGain (status 200, no JSON)'],
    ['other JSON', '{"hello":1}', 'is not TripleGain, or of another version'],
  ])('does not take %s for an answer', async (_, body, reason) => {
    const { code, err } = await commandLine({ fetch: async () => new Response(body) }).triplegain('status')
    expect(code).toBe(1)
    expect(err).toContain(reason)
  })

  it('refuses an address that is none, and two addresses, with exit code 2', async () => {
    expect((await commandLine().triplegain('status', '--url', 'localhost:3000')).code).toBe(2)
    const both = await commandLine().triplegain('status', '--url', 'http://127.0.0.1:1', '--port', '1')
    expect(both).toEqual({ code: 2, out: '', err: 'triplegain: give either --url or --port' })
  })
})
