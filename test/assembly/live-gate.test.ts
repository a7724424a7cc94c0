import { expect, it } from 'vitest'
import { seededIds, seededRandom } from '../../src/adapters/chance/seeded.ts'
import { simulatedClock } from '../../src/adapters/clock/simulated.ts'
import { simulatedExchange } from '../../src/adapters/exchange/simulated/exchange.ts'
import { type GateParts, passLiveGate } from '../../src/assembly/live-gate.ts'
import { pair } from '../../src/domain/ids.ts'
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../../src/domain/instrument.ts'
import type { CheckRequest, Exchange, KeyPermissions, VenueAnswer } from '../../src/ports/exchange.ts'
import type { Log } from '../../src/ports/log.ts'

const T0 = Date.UTC(2025, 10, 10, 12)
const BTC = pair('BTC/USDT')
const silent: Log = { debug: () => null, info: () => null, warn: () => null, error: () => null }
const MAY_TRADE: KeyPermissions = { mayTrade: true, mayWithdraw: false, nonceWindowMs: 0 }

/** A venue with a price of 50,000, and what of it was asked. */
async function begin(
  balances: Readonly<Record<string, string>>,
  over: Partial<Exchange> = {},
  clockIsOffMs = 0,
  instruments: readonly Instrument[] = BUILT_IN_INSTRUMENTS,
  asks: Partial<Pick<GateParts, 'venueTime' | 'lastPrice'>> = {},
) {
  const clock = simulatedClock(T0)
  const random = seededRandom('gate')
  const venue = simulatedExchange({
    ...{ clock, random, log: silent, store: null, instruments: BUILT_IN_INSTRUMENTS, startingBalances: balances },
    parameters: { makerFee: '0.0025', takerFee: '0.004' },
  })
  await venue.start()
  venue.onMarket({ kind: 'trade', symbol: BTC, price: '50000', quantity: '1', side: null, at: T0 })
  const probes: CheckRequest[] = []
  const exchange: Exchange = {
    ...{
      permissions: async () => ({ kind: 'done', value: MAY_TRADE }) as const,
      fees: (symbols) => venue.fees(symbols),
    },
    ...{ balances: () => venue.balances(), cancelAllAfter: (ms) => venue.cancelAllAfter(ms), name: 'venue' },
    ...{ callsAtOnce: null, instruments: () => venue.instruments(), place: () => Promise.reject(new Error('placed')) },
    ...{ amend: (change) => venue.amend(change), cancel: (id) => venue.cancel(id), lookUp: (id) => venue.lookUp(id) },
    ...{ openOrders: () => venue.openOrders(), flows: (since) => venue.flows(since), onReport: () => undefined },
    ...{ trades: (since) => venue.trades(since), marginPositions: () => venue.marginPositions() },
    ...{ onLine: () => undefined, start: () => venue.start(), stop: () => venue.stop() },
    validate: (order) => {
      probes.push(order)
      return venue.validate(order)
    },
    ...over,
  }
  const parts = { exchange, symbols: [BTC], instruments, clock, ids: seededIds(random) }
  const venueTime = async (): Promise<number> => Math.floor((clock.now() + clockIsOffMs) / 1000) * 1000
  const passing = passLiveGate({ ...parts, lastPrice: async () => '50000', venueTime, ...asks })
  let isOver = false
  const over_ = () => {
    isOver = true
  }
  passing.then(over_, over_)
  while (!isOver) {
    clock.fireNext()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { probes, passed: () => passing }
}

const answers = <T>(value: T) => ({ kind: 'done', value }) as const satisfies VenueAnswer<T>

it('begins to trade with the fees and coins of the account itself, after a probe that places nothing', async () => {
  const { passed, probes } = await begin({ USDT: '1000', BTC: '0.1', ABC: '5', XRP: '0' })
  expect(await passed()).toEqual({ fees: { maker: '0.0025', taker: '0.004' }, held: ['BTC'] })
  expect(probes).toMatchObject([{ request: { side: 'buy', type: 'limit', limitPrice: '25000', postOnly: true } }])
})

it('counts every coin that a listed way values, through BTC too, and leaves the rest of the wallet alone', async () => {
  const more = ['KSM/BTC', 'USDT/JPY'].map(
    (symbol) => ({ ...BUILT_IN_INSTRUMENTS[0], symbol: pair(symbol) }) as Instrument,
  )
  const balances = { USDT: '1000', KSM: '2', JPY: '300', XRP: '1', ABC: '5', 'ETH2.S': '1' }
  const { passed } = await begin(balances, {}, 0, [...BUILT_IN_INSTRUMENTS, ...more])
  expect((await passed()).held).toEqual(['KSM', 'XRP'])
})

it('probes with a sale where there is no money for a purchase', async () => {
  const { probes, passed } = await begin({ USDT: '0', BTC: '0.1' })
  await passed()
  expect(probes).toMatchObject([{ request: { side: 'sell', limitPrice: '100000' } }])
})

it.each([
  ['may withdraw', { permissions: async () => answers({ ...MAY_TRADE, mayWithdraw: true }) }, /may withdraw/],
  ['may not trade', { permissions: async () => answers({ ...MAY_TRADE, mayTrade: false }) }, /may not trade/],
  [
    'has a nonce window',
    { permissions: async () => answers({ ...MAY_TRADE, nonceWindowMs: 500 }) },
    /nonce window is 500/,
  ],
] as const)('refuses a key that %s', async (_what, over, message) => {
  const { passed, probes } = await begin({ USDT: '1000' }, over)
  await expect(passed()).rejects.toThrow(message)
  expect(probes).toEqual([])
})

it('refuses where the venue would not take an order of ours, in its own words', async () => {
  const refusal = { kind: 'refused', code: 'auth', message: 'EGeneral:Permission denied' } as const
  const { passed } = await begin({ USDT: '1000' }, { validate: async () => refusal })
  await expect(passed()).rejects.toThrow(/probe order for BTC\/USDT: EGeneral:Permission denied/)
})

it('refuses where an answer is lost: what is not known is not allowed', async () => {
  const { passed } = await begin({ USDT: '1000' }, { balances: async () => ({ kind: 'lost', problem: 'no answer' }) })
  await expect(passed()).rejects.toThrow(/balances: no answer/)
})

it('refuses an account that could not place one order', async () => {
  const { passed } = await begin({ USDT: '0.4', BTC: '0.00001' })
  await expect(passed()).rejects.toThrow(/holds too little/)
})

it.each(['venueTime', 'lastPrice'] as const)(
  'says that trading does not begin where the venue keeps its %s',
  async (asked) => {
    const away = { [asked]: () => Promise.reject(new Error('HTTP 502')) }
    const { passed, probes } = await begin({ USDT: '1000' }, {}, 0, BUILT_IN_INSTRUMENTS, away)
    await expect(passed()).rejects.toThrow(/^live trading does not begin: .*HTTP 502$/)
    expect(probes).toEqual([])
  },
)

it.each([2_000, -2_000])('takes a clock that is %i ms off', async (ms) => {
  const { passed } = await begin({ USDT: '1000' }, {}, ms)
  expect((await passed()).held).toEqual([])
})

it.each([4_000, -4_000])('refuses a clock that is %i ms off: orders would come too late, exits too', async (ms) => {
  const { passed, probes } = await begin({ USDT: '1000' }, {}, ms)
  await expect(passed()).rejects.toThrow(/clock is \d\.\d s off/)
  expect(probes).toEqual([])
})

it('asks again, for as long as a person waits, where an earlier process has used up the count of the key', async () => {
  let asked = 0
  const refused = { kind: 'refused', code: 'rate', message: 'EAPI:Rate limit exceeded' } as const
  const over = (times: number): Partial<Exchange> => ({
    permissions: async () => {
      asked += 1
      return asked > times ? answers(MAY_TRADE) : refused
    },
  })
  expect((await (await begin({ USDT: '1000' }, over(5))).passed()).fees.maker).toBe('0.0025')
  expect(asked).toBe(6)
  asked = 0
  await expect((await begin({ USDT: '1000' }, over(6))).passed()).rejects.toThrow(/permissions: EAPI:Rate limit/)
  expect(asked).toBe(6)
})
