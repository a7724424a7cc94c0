import { describe, expect, it } from 'vitest'
import {
  type BreakerName,
  type Doubt,
  type Doubts,
  forbidding,
  judgeBreakers,
  type LatchedBreaker,
  nextLiftAt,
  type PricedAt,
  type RiskReading,
} from '../../src/domain/breakers.ts'
import { DEFAULT_RISK_LIMITS } from '../../src/domain/risk-limits.ts'
import { nextDayAt, nextWeekAt } from '../../src/domain/utc.ts'

/** 2025-11-12T09:30:00Z, a Wednesday. */
const NOW = Date.UTC(2025, 10, 12, 9, 30)
const THURSDAY = Date.UTC(2025, 10, 13)
const MONDAY = Date.UTC(2025, 10, 17)
const QUIET: RiskReading = {
  ...{ at: NOW, dayLossPct: '0', weekLossPct: '0', drawdownPct: '0', accountDrawdownPct: '0', lossStreak: 0 },
}
const reading = (over: Partial<RiskReading>): RiskReading => ({ ...QUIET, ...over })
const latch = (name: BreakerName, until: number | null, acknowledged = false): LatchedBreaker => ({
  ...{ name, trippedAt: NOW - 1_000, until, acknowledged },
})
/** A second reading, a second after the first, on prices that are as much newer; at a threshold it trips. */
const SECOND = { since: NOW - 1_000, pricedAt: { BTC: NOW - 1_000 } }
const FIRST_OF_ALL: Doubts = { daily_loss: SECOND, weekly_loss: SECOND, drawdown: SECOND }
interface Before {
  readonly toldLossStreak?: number
  readonly doubts?: Doubts
  readonly pricedAt?: PricedAt
}
const judge = (
  over: Partial<RiskReading>,
  breakers: readonly LatchedBreaker[] = [],
  { toldLossStreak = 0, doubts = FIRST_OF_ALL, pricedAt = { BTC: NOW } }: Before = {},
) => judgeBreakers(reading(over), pricedAt, { breakers, toldLossStreak }, doubts, DEFAULT_RISK_LIMITS)
const names = (judged: ReturnType<typeof judge>) => judged.tripped.map(({ breaker }) => breaker)

describe('a loss', () => {
  it.each([
    ['4.999999', []],
    ['5', ['daily_loss']],
    ['5.000001', ['daily_loss']],
    ['-50', []],
    [null, []],
  ])('of %s %% in a day trips %j', (dayLossPct, tripped) => {
    expect(names(judge({ dayLossPct }))).toEqual(tripped)
  })

  it.each([
    ['9.999999', []],
    ['10', ['weekly_loss']],
    ['10.000001', ['weekly_loss']],
    [null, []],
  ])('of %s %% in a week trips %j', (weekLossPct, tripped) => {
    expect(names(judge({ weekLossPct }))).toEqual(tripped)
  })

  it('stands until the next UTC day, or the next ISO week', () => {
    const { tripped } = judge({ dayLossPct: '5', weekLossPct: '10' })
    expect(tripped).toEqual([
      { breaker: 'daily_loss', value: '5', threshold: 5, until: THURSDAY },
      { breaker: 'weekly_loss', value: '10', threshold: 10, until: MONDAY },
    ])
  })

  it('trips once a day and once a week', () => {
    const breakers = [latch('daily_loss', THURSDAY), latch('weekly_loss', MONDAY)]
    expect(names(judge({ dayLossPct: '7', weekLossPct: '12' }, breakers))).toEqual([])
    expect(names(judge({ dayLossPct: '7', weekLossPct: '12', at: THURSDAY }, breakers))).toEqual(['daily_loss'])
    expect(names(judge({ weekLossPct: '12', at: MONDAY }, breakers))).toEqual(['weekly_loss'])
  })

  it.each([
    [THURSDAY - 1, []],
    [THURSDAY, ['daily_loss']],
    [THURSDAY + 1, ['daily_loss']],
  ])('of a day is over by time alone, at %d', (at, lifted) => {
    expect(judge({ at, dayLossPct: null }, [latch('daily_loss', THURSDAY)]).lifted).toEqual(lifted)
  })

  it.each([
    [MONDAY - 1, true, []],
    [MONDAY, false, []],
    [MONDAY, true, ['weekly_loss']],
    [MONDAY + 40 * 86_400_000, false, []],
  ])('of a week is over by time and a person together (at %d, seen: %s)', (at, seen, lifted) => {
    expect(judge({ at }, [latch('weekly_loss', MONDAY, seen)]).lifted).toEqual(lifted)
  })
})

describe('a drawdown', () => {
  it.each([
    ['19.999999', []],
    ['20', ['drawdown']],
    ['20.000001', ['drawdown']],
    [null, []],
  ])('of %s %% trips %j', (drawdownPct, tripped) => {
    expect(names(judge({ drawdownPct }))).toEqual(tripped)
  })

  it('stands until a person resets it, whatever the time', () => {
    const breakers = [latch('drawdown', null, true)]
    const later = judge({ at: NOW + 400 * 86_400_000, drawdownPct: '30' }, breakers)
    expect(later).toEqual({ tripped: [], lifted: [], doubts: {} })
  })
})

describe.each([
  ['daily_loss', 'dayLossPct'],
  ['weekly_loss', 'weekLossPct'],
  ['drawdown', 'drawdownPct'],
] as const)('%s', (name, figure) => {
  const first: Doubt = { since: NOW, pricedAt: { BTC: NOW - 300, XRP: NOW - 40_000 } }
  const at = (ms: number, pricedAt: PricedAt, pct: string | null = '50') =>
    judge({ at: NOW + ms, [figure]: pct }, [], { doubts: { [name]: first }, pricedAt })

  it('at its threshold once is doubted, and trips nothing yet', () => {
    const { pricedAt } = first
    expect(judge({ [figure]: '50' }, [], { doubts: {}, pricedAt })).toMatchObject({
      ...{ tripped: [], doubts: { [name]: first } },
    })
  })

  it.each([
    [999, { BTC: NOW + 999 }, false],
    [1_000, { BTC: NOW + 700 }, true],
    [1_000, { BTC: NOW + 699 }, false],
    [30_000, { BTC: NOW - 300 }, false],
    // The clock was set back: prices have their own.
    [-3_600_000, { BTC: NOW + 5_000 }, true],
    [-3_600_000, { BTC: NOW - 300 }, false],
    // The one that the reading hangs on most may be the one that nobody has seen again.
    [30_000, { BTC: NOW + 30_000, XRP: NOW - 40_000 }, false],
    [30_000, { BTC: NOW + 30_000, XRP: NOW - 39_000 }, true],
    // What was sold meanwhile is lost whatever the price; what was bought meanwhile had no price to be doubted.
    [1_000, {}, true],
    [1_000, { ETH: NOW - 50_000 }, true],
  ])('trips on a reading %d ms later, on prices of %j: %s', (ms, pricedAt, isTripped) => {
    expect(names(at(ms, pricedAt))).toEqual(isTripped ? [name] : [])
    expect(at(ms, pricedAt).doubts).toEqual(isTripped ? {} : { [name]: first })
  })

  it('that recovered in between begins anew, and what is unknown is no reading at all', () => {
    expect(at(500, { BTC: NOW }, '0').doubts).toEqual({})
    expect(at(5_000, { BTC: NOW + 5_000 }, null)).toEqual({ tripped: [], lifted: [], doubts: { [name]: first } })
  })
})

describe('losses in a row', () => {
  it.each([
    [4, 0, []],
    [5, 0, ['straight_losses']],
    [5, 5, []],
    [6, 5, ['straight_losses']],
    [9, 9, []],
  ])('%d of them, told at %d, trip %j', (lossStreak, toldLossStreak, tripped) => {
    expect(names(judge({ lossStreak }, [], { toldLossStreak }))).toEqual(tripped)
  })

  it('stand for the rest of the streak, an hour', () => {
    expect(judge({ lossStreak: 5 }).tripped[0]).toMatchObject({ value: '5', threshold: 5, until: NOW + 3_600_000 })
    expect(judge({ at: NOW + 3_600_000 }, [latch('straight_losses', NOW + 3_600_000)]).lifted).toEqual([
      'straight_losses',
    ])
  })
})

describe('what is latched', () => {
  it('forbids new risk until it is over; the weekly one until it was seen; a streak never by itself', () => {
    const breakers = [
      latch('daily_loss', THURSDAY),
      latch('weekly_loss', MONDAY),
      latch('drawdown', null),
      latch('straight_losses', NOW + 1),
    ]
    expect(forbidding(breakers).map(({ name, until }) => [name, until])).toEqual([
      ['daily_loss', THURSDAY],
      ['weekly_loss', null],
      ['drawdown', null],
    ])
    expect(forbidding([latch('weekly_loss', MONDAY, true)])[0]?.until).toBe(MONDAY)
  })

  it('is looked at again when the first of it may be over', () => {
    expect(nextLiftAt([latch('daily_loss', THURSDAY), latch('weekly_loss', MONDAY)], NOW)).toBe(THURSDAY)
    expect(nextLiftAt([latch('daily_loss', THURSDAY), latch('weekly_loss', MONDAY)], THURSDAY)).toBe(MONDAY)
    expect(nextLiftAt([latch('drawdown', null)], NOW)).toBeNull()
  })
})

describe('the calendar', () => {
  it.each([
    [Date.UTC(2025, 11, 28, 23, 59, 59, 999), Date.UTC(2025, 11, 29), Date.UTC(2025, 11, 29)],
    [Date.UTC(2025, 11, 29), Date.UTC(2025, 11, 30), Date.UTC(2026, 0, 5)],
    [Date.UTC(2025, 11, 31, 12), Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 5)],
    [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2), Date.UTC(2026, 0, 5)],
    [0, 86_400_000, Date.UTC(1970, 0, 5)],
  ])('begins days at midnight and weeks on Monday, UTC (%d)', (at, day, week) => {
    expect([nextDayAt(at), nextWeekAt(at)]).toEqual([day, week])
  })
})
