/** The crashes of April and May 2021 with positions open, out of recorded minutes; the stops are printed by `report:stops`. */
import { afterEach, describe, expect, it } from 'vitest'
import { amount } from '../../src/domain/units.ts'
import { marketData } from '../support/market-data.ts'
import type { Recorded } from '../support/recorded.ts'
import { APRIL_18, type Crash, MAY_2021, misfits, playCrash, stopHits, stopSummary } from './crash-stops.ts'

const source = marketData('candles')
const unless = source === null ? ' (skipped: no market data)' : ''
let recorded: Recorded | null = null
afterEach(() => recorded?.end())

/** Positions whose stop was ever moved away from the market. */
function loosened({ facts }: Recorded): readonly string[] {
  const stops = new Map<string, string>()
  return facts.flatMap((fact) => {
    if (!('position' in fact)) return []
    const { positionId, stopLoss } = fact.position
    const before = stops.get(positionId) ?? '0'
    stops.set(positionId, stopLoss)
    return amount(stopLoss).lt(before) ? [`${positionId} from ${before} to ${stopLoss}`] : []
  })
}

describe.skipIf(source === null)(`a crash with positions open${unless}`, { timeout: 120_000 }, () => {
  it.each<[string, Crash]>([
    [MAY_2021.name, MAY_2021],
    [APRIL_18.name, APRIL_18],
  ])('%s: every stop sells at the venue near its trigger, none is naked, and all of it adds up', async (_, crash) => {
    recorded = await playCrash(source ?? '', crash)
    const hits = stopHits(recorded)
    process.stdout.write(`${stopSummary(crash, hits)}\n`)

    expect(hits.length).toBeGreaterThanOrEqual(10)
    expect(new Set(hits.map(({ symbol }) => symbol)).size).toBe(2)
    for (const { by, slippagePct, net, reason } of hits) {
      expect(by).toBe('venue')
      expect(amount(slippagePct).gte(0)).toBe(true)
      expect(amount(slippagePct).lt(1)).toBe(true)
      if (reason === 'stop_loss') expect(amount(net).lt(0)).toBe(true)
    }
    expect(hits.some(({ reason }) => reason === 'trailing_stop')).toBe(true)
    expect(loosened(recorded)).toEqual([])
    const { unprotectedSeconds, protectGapMs } = await recorded.statement()
    expect(unprotectedSeconds).toBe(0)
    expect(protectGapMs.max).toBeLessThan(1_000)
    expect(recorded.system.house.books.barePositions()).toEqual([])
    expect(recorded.factsOf('position.emergency')).toEqual([])
    expect(recorded.factsOf('order.invariantBroken')).toEqual([])
    expect(recorded.system.restarts).toBe(0)
    expect(await misfits(recorded)).toEqual([])
  })
})
