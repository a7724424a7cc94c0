import { describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import type { Candle } from '../../../src/domain/candle.ts'
import type { VenueStore } from '../../../src/ports/venue-store.ts'
import { exchangeContract } from './exchange.contract.ts'
import { BTC, clientId, orderRequest } from './orders.ts'
import { microtasks, NOON, openSimulated, type SimulatedHarness } from './simulated.harness.ts'

/** Keeps JSON, as a database would; saving can be made to wait or to fail. */
function memoryStore() {
  let saved: string | null = null
  const store = {
    saves: 0,
    problem: null as string | null,
    gate: Promise.resolve(),
    async load() {
      return saved === null ? null : JSON.parse(saved)
    },
    async save(state: Readonly<Record<string, unknown>>) {
      const written = JSON.stringify(state)
      await store.gate
      if (store.problem !== null) throw new Error(store.problem)
      store.saves += 1
      saved = written
    },
  } satisfies VenueStore & Record<string, unknown>
  return store
}

const place = (harness: SimulatedHarness, n: number, changes: Parameters<typeof orderRequest>[0] = {}) =>
  harness.exchange.place({
    clientOrderId: clientId(n),
    request: orderRequest(changes),
    deadlineAt: harness.now() + 5_000,
  })

const STOP = { side: 'sell', type: 'stop-loss', limitPrice: null } as const

const minute = (index: number, [open, high, low, close]: [string, string, string, string], volume = '4'): Candle => ({
  symbol: BTC,
  timeframe: '1m',
  openAt: NOON + index * 60_000,
  open,
  high,
  low,
  close,
  volume,
})

exchangeContract('the paper venue', () => openSimulated())
exchangeContract('the paper venue with a store', () => openSimulated({ store: memoryStore() }))

describe('latency of the paper venue', () => {
  it('answers only after the drawn latency, and never synchronously', async () => {
    const harness = await openSimulated()
    await harness.print('40000', '1')
    let answer: unknown = null
    void place(harness, 1).then((got) => {
      answer = got
    })
    await harness.pass(149)
    expect([answer, harness.reports.length]).toEqual([null, 0])
    await harness.pass(1)
    expect(answer).toMatchObject({ kind: 'done' })
    expect(harness.reports).toMatchObject([{ kind: 'opened', at: NOON + 150 }])
  })

  it('draws the same latencies from the same seed, others from another, around the median', async () => {
    const timesOf = async (seed: string): Promise<number[]> => {
      const harness = await openSimulated({ seed, latency: { medianMs: 150, sigma: 0.35 } })
      const times: number[] = []
      for (let n = 0; n < 40; n += 1) {
        const from = harness.now()
        await harness.answered(harness.exchange.balances())
        times.push(harness.now() - from)
      }
      return times
    }
    const first = await timesOf('a')
    expect(await timesOf('a')).toEqual(first)
    expect(await timesOf('b')).not.toEqual(first)
    const middle = [...first].sort((a, b) => a - b)[20] ?? 0
    expect(middle).toBeGreaterThan(110)
    expect(middle).toBeLessThan(210)
  })

  it('carries requests in the order they were sent', async () => {
    const harness = await openSimulated({ latency: { medianMs: 150, sigma: 1.5 } })
    await harness.print('40000', '1')
    for (let n = 1; n <= 20; n += 1) {
      const placing = place(harness, n, { limitPrice: '39000' })
      const cancelling = harness.exchange.cancel(clientId(n))
      expect(await harness.answered(placing)).toMatchObject({ kind: 'done' })
      expect(await harness.answered(cancelling)).toMatchObject({ kind: 'done' })
    }
  })
})

describe('the paper venue that was stopped', () => {
  it('refuses what is asked of it, and says that the line is down', async () => {
    const harness = await openSimulated()
    await harness.exchange.stop()
    expect(await place(harness, 1)).toMatchObject({ kind: 'refused', code: 'outage' })
    expect(harness.lines).toEqual(['up', 'stopped'])
  })

  it('loses the answers that were under way', async () => {
    const harness = await openSimulated()
    const placing = place(harness, 1)
    const asking = harness.exchange.balances()
    await harness.exchange.stop()
    expect([await placing, await asking]).toMatchObject([{ kind: 'lost' }, { kind: 'lost' }])
  })
})

describe('saving the paper venue', () => {
  it('lets neither answer nor report leave before the state is saved', async () => {
    const store = memoryStore()
    const harness = await openSimulated({ store })
    await harness.print('40000', '1')
    let release = (): void => {}
    store.gate = new Promise((resolve) => {
      release = resolve
    })
    let answer: unknown = null
    void place(harness, 1, { type: 'market', limitPrice: null }).then((got) => {
      answer = got
    })
    await harness.pass(1_000)
    expect([answer, harness.reports.length]).toEqual([null, 0])
    const savesBefore = store.saves
    release()
    await microtasks()
    expect(answer).toMatchObject({ kind: 'done' })
    expect(harness.reports.map((report) => report.kind)).toEqual(['opened', 'filled'])
    expect(store.saves).toBeGreaterThan(savesBefore)
  })

  it('writes once for all that happened while it was writing', async () => {
    const store = memoryStore()
    const harness = await openSimulated({ store })
    await harness.print('40000', '1')
    const savesBefore = store.saves
    const placing = Array.from({ length: 20 }, (_, n) => place(harness, n, { limitPrice: '39000', quantity: '0.001' }))
    for (const each of placing) expect(await harness.answered(each)).toMatchObject({ kind: 'done' })
    expect(store.saves - savesBefore).toBeLessThanOrEqual(2)
  })

  it('loses the answer when saving fails, says that the line is down, and tells the reports once it works again', async () => {
    const store = memoryStore()
    const harness = await openSimulated({ store })
    await harness.print('40000', '1')
    store.problem = 'disk full'
    expect(await harness.answered(place(harness, 1))).toEqual({ kind: 'lost', problem: 'disk full' })
    expect(harness.reports).toEqual([])
    store.problem = null
    await harness.pass(1_000)
    expect(harness.reports.map((report) => report.kind)).toContain('opened')
    expect(harness.lines).toEqual(['up', 'disk full', 'up'])
  })

  it('loses the answer when saving takes longer than 5 s', async () => {
    const store = memoryStore()
    const harness = await openSimulated({ store })
    await harness.print('40000', '1')
    store.gate = new Promise(() => {})
    const placing = place(harness, 1)
    await harness.pass(150 + 4_999)
    await harness.pass(1)
    expect(await placing).toMatchObject({ kind: 'lost' })
  })

  it('refuses a state written by newer code', async () => {
    const store = { load: async () => ({ version: 3 }), save: async () => {} }
    await expect(openSimulated({ store })).rejects.toThrow('version 3')
  })

  it('gives up loading after 5 s', async () => {
    const clock = simulatedClock(NOON)
    const store = { load: () => new Promise<null>(() => {}), save: async () => {} }
    const opening = openSimulated({ store, clock })
    clock.advanceTo(NOON + 5_000)
    await expect(opening).rejects.toThrow('5000 ms')
  })
})

describe('a restart of the paper venue', () => {
  const restarted = async (changes: Parameters<typeof orderRequest>[0]) => {
    const store = memoryStore()
    const clock = simulatedClock(NOON)
    const before = await openSimulated({ store, clock })
    await before.print('40000', '1')
    await before.answered(place(before, 1, changes))
    await before.exchange.settled()
    // Killed: nothing of it is stopped.
    const after = await openSimulated({ store, clock, seed: 'another' })
    return { after, clock }
  }

  it('knows its orders, its balances and its trades', async () => {
    const { after } = await restarted({ limitPrice: '39000' })
    expect(await after.answered(after.exchange.lookUp(clientId(1)))).toMatchObject({ value: { status: 'open' } })
    expect(await after.answered(after.exchange.balances())).toMatchObject({
      value: [
        { asset: 'USDT', held: '393.12' },
        { asset: 'BTC', held: '0' },
      ],
    })
  })

  it('walks what it missed: a stop that a bar reached on its way fills at its trigger, at the bar’s own time', async () => {
    const { after, clock } = await restarted({ ...STOP, triggerPrice: '39500' })
    clock.advanceTo(NOON + 600_000)
    const bars = [
      minute(1, ['40000', '40010', '39900', '39950']),
      minute(2, ['39950', '40500', '39400', '40400']),
      minute(3, ['40400', '41000', '40300', '40900']),
    ]
    expect(await after.exchange.walk(bars)).toBe(1)
    expect(after.reports).toMatchObject([
      { kind: 'filled', fill: { price: '39492', at: NOON + 135_000, liquidity: 'taker' } },
    ])
  })

  it('walks what it missed: a stop that was jumped over fills at the opening', async () => {
    const { after } = await restarted({ ...STOP, triggerPrice: '39500' })
    await after.exchange.walk([minute(5, ['38000', '38100', '37000', '37500'])])
    expect(after.reports).toMatchObject([{ kind: 'filled', fill: { price: '37992.3', at: NOON + 300_000 } }])
  })

  it('walks what it missed: high first where a trailing stop protects what was sold', async () => {
    const bar = minute(1, ['40000', '40600', '39000', '39500'])
    const trailing = { type: 'trailing-stop', limitPrice: null, trailing: { offset: '500', isPercent: false } } as const
    const bought = await restarted(trailing)
    await bought.after.exchange.walk([bar])
    expect(bought.after.reports).toMatchObject([{ kind: 'filled', fill: { at: NOON + 75_000, price: '40508.2' } }])
  })

  it('walks the bar it went down in for stops, but lends its volume to no resting order', async () => {
    const low = minute(0, ['40000', '40100', '38000', '39900'])
    const stop = await restarted({ ...STOP, triggerPrice: '39500' })
    expect(stop.after.exchange.seenUntil()).toBe(NOON + 150)
    expect(await stop.after.exchange.walk([{ ...low, openAt: NOON - 30_000 }])).toBe(1)
    const entry = await restarted({ limitPrice: '39000' })
    expect(await entry.after.exchange.walk([{ ...low, openAt: NOON - 30_000 }])).toBe(0)
  })

  it('stands still in time until the walk, keeps what the market does meanwhile, and then goes on', async () => {
    const expiring = { limitPrice: '39000', timeInForce: 'GTD', expiresAt: NOON + 90_000 } as const
    const { after, clock } = await restarted(expiring)
    clock.advanceTo(NOON + 200_000)
    await after.print('38000', '0.01')
    expect(after.reports).toEqual([])
    expect(await after.answered(after.exchange.lookUp(clientId(1)))).toMatchObject({ value: { status: 'open' } })
    await after.exchange.walk([minute(1, ['40000', '40000', '38999', '40000'], '0.08')])
    expect(after.reports.map((report) => report.kind)).toEqual(['filled', 'expired'])
    expect(after.reports[0]).toMatchObject({ fill: { quantity: '0.005' } })
  })

  it('goes on without a walk at the first order', async () => {
    const { after } = await restarted({ ...STOP, triggerPrice: '39500' })
    await after.pass(1_000)
    await after.print('38000', '1')
    await after.answered(place(after, 2, { limitPrice: '30000' }))
    expect(after.reports.map((report) => report.kind)).toEqual(['filled', 'opened'])
  })

  it('fills before it expires, and expires before it fills, by the times of the bars', async () => {
    const entry = { limitPrice: '39000', timeInForce: 'GTD', expiresAt: NOON + 90_000 } as const
    const dip: [string, string, string, string] = ['40000', '40000', '38000', '40000']
    const early = await restarted(entry)
    await early.after.exchange.walk([minute(1, dip), minute(2, dip)])
    expect(early.after.reports.map((report) => report.kind)).toEqual(['filled'])
    const late = await restarted(entry)
    await late.after.exchange.walk([minute(2, dip)])
    expect(late.after.reports.map((report) => report.kind)).toEqual(['expired'])
  })
})

describe('resetting the paper account', () => {
  it('starts afresh with the first balances and without orders', async () => {
    const harness = await openSimulated({ store: memoryStore() })
    await harness.print('40000', '1')
    await harness.answered(place(harness, 1, { type: 'market', limitPrice: null }))
    await harness.exchange.reset()
    expect(await harness.answered(harness.exchange.lookUp(clientId(1)))).toEqual({ kind: 'done', value: null })
    expect(await harness.answered(harness.exchange.balances())).toEqual({
      kind: 'done',
      value: [
        { asset: 'USDT', total: '10000', held: '0' },
        { asset: 'BTC', total: '1', held: '0' },
      ],
    })
  })
})
