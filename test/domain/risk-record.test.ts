import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Doubts, judgeBreakers, type RiskRecord } from '../../src/domain/breakers.ts'
import { DEFAULT_RISK_LIMITS } from '../../src/domain/risk-limits.ts'
import {
  afterAcknowledged,
  afterLifted,
  afterMeasure,
  afterPeriodBegan,
  afterTripped,
  isDrawdownWarned,
  isRunning,
  type Measure,
  NOTHING_REMEMBERED,
  onlyPeaksDiffer,
  openingOf,
  periodLoss,
  readingOf,
} from '../../src/domain/risk-record.ts'
import { amount } from '../../src/domain/units.ts'

const NOW = Date.UTC(2025, 10, 12, 9, 30)
const measure = (equityUsd: string, tradingNet: string, flowsUsd = '0', at = NOW): Measure => ({
  ...{ at, equityUsd, tradingNet, flowsUsd },
})
/** Day, week and peaks opened at this equity, nothing traded. */
function opened(equityUsd: string): RiskRecord {
  let record = afterMeasure(NOTHING_REMEMBERED, measure(equityUsd, '0'))
  for (const period of ['day', 'week'] as const)
    record = afterPeriodBegan(record, { at: NOW, period, number: 0, equityUsd, tradingNet: '0', tradingPeak: '0' }, '0')
  return record
}
const losses = (record: RiskRecord, given: Measure) => {
  const { dayLossPct, weekLossPct, drawdownPct } = readingOf(record, given, given.at)
  return [dayLossPct, weekLossPct, drawdownPct]
}

describe('a loss', () => {
  it("is the trading book's, in per cent of the equity at the opening", () => {
    const record = opened('10000')
    expect(losses(record, measure('9500', '-500'))).toEqual(['5', '5', '5'])
    expect(losses(record, measure('5000', '-500'))).toEqual(['5', '5', '5'])
    expect(losses(record, measure('20000', '-499.9999'))).toEqual(['4.999999', '4.999999', '4.999999'])
  })

  it('is unknown without fresh marks, and in a day that was not opened yet', () => {
    const record = opened('10000')
    expect(readingOf(record, null, NOW)).toMatchObject({ dayLossPct: null, weekLossPct: null, drawdownPct: null })
    const tomorrow = measure('9000', '-1000', '0', NOW + 86_400_000)
    expect(losses(record, tomorrow)).toEqual([null, '10', '10'])
    expect(periodLoss(record, 'day', tomorrow)).toEqual({ lossUsd: '0', openingEquityUsd: '9000' })
    expect(periodLoss(record, 'week', tomorrow)).toEqual({ lossUsd: '1000', openingEquityUsd: '10000' })
  })

  it('is everything where there was no equity to lose', () => {
    expect(losses(opened('0'), measure('0', '-1'))).toEqual(['100', '100', '100'])
    expect(losses(opened('0'), measure('0', '0'))).toEqual(['0', '0', '0'])
  })

  it('of four per cent stays one when half of the account is withdrawn, and weighs double from there on', () => {
    const withdrawn = afterMeasure(opened('10000'), measure('4600', '-400', '-5000'))
    expect(losses(withdrawn, measure('4600', '-400', '-5000'))).toEqual(['4', '4', '4'])
    expect(losses(withdrawn, measure('4550', '-450', '-5000'))).toEqual(['5', '5', '5'])
  })
})

describe('a clock that was set back', () => {
  const HOUR = 3_600_000
  const DAY = 24 * HOUR
  /** 2027-01-01, a Friday of ISO week 53 of 2026, whose Monday is December 28th. */
  const NEW_YEAR = Date.UTC(2027, 0, 1)
  const MONDAY = Date.UTC(2027, 0, 4)

  it.each([
    ['a minute, over midnight', 'day', NEW_YEAR + 30_000, NEW_YEAR - 30_000, true],
    ['a minute, over the end of an ISO week', 'week', MONDAY + 30_000, MONDAY - 30_000, true],
    ['a day less a millisecond', 'day', NEW_YEAR + DAY - 1, NEW_YEAR, true],
    ['a day and more: it had been wrong before', 'day', NEW_YEAR + 30 * HOUR, NEW_YEAR - 30 * HOUR, false],
    ['not at all, on the last day of a year', 'week', NEW_YEAR - 1, NEW_YEAR, true],
    ['not at all, over midnight', 'day', NEW_YEAR - 1, NEW_YEAR, false],
    ['not at all, over Sunday midnight', 'week', MONDAY - 1, MONDAY, false],
  ] as const)('by %s: the %s that began stands', (_, period, beganAt, at, stands) => {
    const began = { at: beganAt, period, number: 0, equityUsd: '10000', tradingNet: '0', tradingPeak: '0' }
    const record = afterPeriodBegan(NOTHING_REMEMBERED, began, '0')
    expect(isRunning(record, period, at)).toBe(stands)
    const lost = measure('9000', '-1000', '0', at)
    const { dayLossPct, weekLossPct } = readingOf(record, lost, at)
    expect(period === 'day' ? dayLossPct : weekLossPct).toBe(stands ? '10' : null)
    expect(periodLoss(record, period, lost).lossUsd).toBe(stands ? '1000' : '0')
  })
})

describe('a period', () => {
  const MIDNIGHT = Date.UTC(2026, 11, 31)
  const MONDAY = Date.UTC(2026, 11, 28)
  it.each([
    ['day', MIDNIGHT, null],
    ['day', MIDNIGHT + 60_000, null],
    ['day', MIDNIGHT + 60_001, MIDNIGHT],
    ['week', MONDAY + 60_000, null],
    ['week', MIDNIGHT, MONDAY],
    // Week 53 of 2026 goes on over New Year.
    ['week', MIDNIGHT + 36 * 3_600_000, MONDAY],
  ] as const)(
    '%s first seen at %d opens with what stood then, or less what was brought since %s',
    (period, at, since) => {
      const asked: number[] = []
      const brought = (from: number) => {
        asked.push(from)
        return amount('-300')
      }
      const { equityUsd, tradingNet } = openingOf(period, measure('9700', '-300', '0', at), brought)
      expect(asked).toEqual(since === null ? [] : [since])
      expect([equityUsd, tradingNet]).toEqual(since === null ? ['9700', '-300'] : ['10000', '0'])
    },
  )

  it('opens with what is seen where nobody knows what was brought', () => {
    const seen = measure('9700', '-300', '0', MIDNIGHT + 3_600_000)
    expect(openingOf('day', seen, () => null)).toMatchObject({ equityUsd: '9700', tradingNet: '-300' })
  })
})

describe('the peak', () => {
  it('is the highest trading result, with the equity of that moment', () => {
    let record = opened('10000')
    record = afterMeasure(record, measure('11000', '1000'))
    record = afterMeasure(record, measure('30000', '500'))
    expect(record).toMatchObject({ peakTradingNet: '1000', peakBaseUsd: '11000', peakEquityUsd: '30000' })
    expect(readingOf(record, measure('28800', '-1200'), NOW).drawdownPct).toBe('20')
  })

  it('is measured anew after a reset', () => {
    const latched = afterTripped(opened('10000'), {
      ...{ at: NOW, breaker: 'drawdown', valuePct: '21', thresholdPct: '20', until: null },
    })
    expect(latched.breakers).toEqual([{ name: 'drawdown', trippedAt: NOW, until: null, acknowledged: false }])
    const seen = afterAcknowledged(latched, { breaker: 'drawdown', by: 'admin' })
    expect(seen.breakers[0]?.acknowledged).toBe(true)
    const reset = afterMeasure(afterLifted(seen, { breaker: 'drawdown', by: 'admin' }), measure('7900', '-2100'))
    expect(reset.breakers).toEqual([])
    expect(readingOf(reset, measure('7900', '-2100'), NOW).drawdownPct).toBe('0')
    expect(onlyPeaksDiffer(latched, { ...latched, peakEquityUsd: '99999' })).toBe(true)
    expect(onlyPeaksDiffer(latched, { ...reset, peakEquityUsd: '99999' })).toBe(false)
  })
})

describe("the account's own drawdown", () => {
  it.each([
    [false, '19.999999', false],
    [false, '20', true],
    [true, '15', true],
    [true, '14.999999', false],
    [true, null, true],
    [false, null, false],
  ])('warned: %s, at %s %%: %s', (warned, drawdownPct, stands) => {
    expect(isDrawdownWarned(warned, drawdownPct, 20)).toBe(stands)
  })
})

const usd = (min: number, max: number) => fc.integer({ min, max }).map((cents) => (cents / 100).toFixed(2))

/** A market that revalues core holdings, people who move money, and trading that loses less than the thresholds. */
describe('revaluation of core, deposits and withdrawals', () => {
  it('never trip a breaker, however large', () => {
    const step = fc.record({ core: usd(0, 5_000_000), flow: usd(-400_000, 2_000_000) })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        let record = opened('10000')
        let flows = 0
        let doubts: Doubts = {}
        for (const [index, { core, flow }] of steps.entries()) {
          flows += Number(flow)
          // Four per cent are lost, realised and not, and stand all the while.
          const given = measure(core, '-400', flows.toFixed(2), NOW + index * 2_000)
          record = afterMeasure(record, index === 0 ? measure('9600', '-400', '0') : given)
          if (index === 0) continue
          const judged = judgeBreakers(readingOf(record, given, given.at), {}, record, doubts, DEFAULT_RISK_LIMITS)
          doubts = judged.doubts
          expect(judged.tripped).toEqual([])
        }
      }),
      { seed: 5 },
    )
  })

  it('leave every share that was lost what it was', () => {
    fc.assert(
      fc.property(usd(1, 900_000), usd(100_000, 5_000_000), (lost, flow) => {
        const before = measure(String(10_000 - Number(lost)), `-${lost}`)
        const record = afterMeasure(opened('10000'), before)
        const after = measure(String(Number(before.equityUsd) + Number(flow)), `-${lost}`, flow)
        const [day, week, fall] = losses(record, before)
        const moved = losses(afterMeasure(record, after), after)
        for (const [index, was] of [day, week, fall].entries()) expect(Number(moved[index])).toBeCloseTo(Number(was), 4)
      }),
      { seed: 6 },
    )
  })
})
