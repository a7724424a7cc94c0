/**
 * What the risk engine remembers, moved on: by looks at the account, by facts, by money that comes or goes.
 *
 * A loss is the trading book's (realised and unrealised, net of fees and financing) ÷ the account's equity at the
 * opening. Neither core holdings nor flows take part: a flow moves opening and loss alike, so that the per cent stay
 * what they were; from there on losses are measured against the money that is there.
 */
import type { LatchedBreaker, RiskPeriod, RiskReading, RiskRecord } from './breakers.ts'
import type { FactBodies } from './facts.ts'
import { type Amount, amount, maxOf, type Numeric, roundDownTo, text, ZERO, ZERO_TEXT } from './units.ts'
import { dayNumber, nextDayAt, nextWeekAt, weekNumber } from './utc.ts'

export const NOTHING_REMEMBERED: RiskRecord = {
  ...{ day: null, week: null, peakEquityUsd: ZERO_TEXT, peakTradingNet: ZERO_TEXT, peakBaseUsd: ZERO_TEXT },
  ...{ flowsUsd: ZERO_TEXT, drawdownWarned: false, lossStreak: 0, toldLossStreak: 0, cooldownUntil: {}, breakers: [] },
}

/** The account at one moment, every mark known and fresh. USD. */
export interface Measure {
  readonly at: number
  readonly equityUsd: Numeric
  /** The trading book's result so far, realised and unrealised. */
  readonly tradingNet: Numeric
  /** Deposits − withdrawals so far. */
  readonly flowsUsd: Numeric
}

/** An opening and the result it began with, after a flow: the share lost is the same as before it. */
function movedBy(flow: Amount, base: Numeric, began: Numeric, measure: Measure): { base: Numeric; began: Numeric } {
  const now = amount(measure.tradingNet)
  const before = amount(base)
  const wanted = before.plus(flow)
  const after = wanted.gt(0) ? wanted : maxOf(amount(measure.equityUsd), ZERO)
  const lost = amount(began).minus(now)
  const moved = before.gt(0) ? lost.times(after).div(before) : lost
  return { base: text(after), began: text(now.plus(moved)) }
}

/** Openings and peaks after all flows that the measure knows of. */
function afterFlows(record: RiskRecord, measure: Measure): RiskRecord {
  const flow = amount(measure.flowsUsd).minus(amount(record.flowsUsd))
  if (flow.isZero()) return record
  const period = (one: RiskPeriod | null): RiskPeriod | null => {
    if (one === null) return null
    const { base, began } = movedBy(flow, one.openingEquityUsd, one.tradingNet, measure)
    return { ...one, openingEquityUsd: base, tradingNet: began }
  }
  const peak = movedBy(flow, record.peakBaseUsd, record.peakTradingNet, measure)
  const equity = amount(measure.equityUsd)
  const before = equity.minus(flow)
  const scaled = before.gt(0) && equity.gt(0) ? amount(record.peakEquityUsd).times(equity).div(before) : equity
  return {
    ...record,
    ...{ day: period(record.day), week: period(record.week), flowsUsd: measure.flowsUsd },
    ...(isMeasured(record) ? { peakTradingNet: peak.began, peakBaseUsd: peak.base } : {}),
    peakEquityUsd: amount(record.peakEquityUsd).isZero() ? record.peakEquityUsd : text(scaled),
  }
}

const isMeasured = ({ peakBaseUsd }: RiskRecord): boolean => !amount(peakBaseUsd).isZero()

/**
 * The record after a look at the account: flows made good, peaks raised. `proven` is how high trading has surely stood, null
 * where that is not known: a first peak is what is seen, a higher one takes a second reading.
 */
export function afterMeasure(
  record: RiskRecord,
  measure: Measure,
  proven: Numeric | null = measure.tradingNet,
): RiskRecord {
  const moved = afterFlows(record, measure)
  const high = isMeasured(moved) ? proven : measure.tradingNet
  const isHigher = high !== null && (!isMeasured(moved) || amount(high).gt(amount(moved.peakTradingNet)))
  const peakEquityUsd = text(maxOf(amount(moved.peakEquityUsd), amount(measure.equityUsd)))
  const peak = isHigher ? { peakTradingNet: high, peakBaseUsd: measure.equityUsd } : {}
  return { ...moved, ...peak, peakEquityUsd }
}

const DAY_MS = 86_400_000
const NUMBER_OF = { day: dayNumber, week: weekNumber } as const
const BEGAN_AT = {
  day: (at: number) => nextDayAt(at) - DAY_MS,
  week: (at: number) => nextWeekAt(at) - 7 * DAY_MS,
} as const
/** A clock that is set back by less keeps its day and week; one that was a day ahead and more was wrong about them. */
const SET_BACK_MS = DAY_MS
/** A day or week that is looked at within it is opened by what is seen. */
const OPENING_MS = 60_000

/** Whether the period that was opened last is the one of this moment. */
export function isRunning(record: RiskRecord, name: 'day' | 'week', at: number): boolean {
  const number = NUMBER_OF[name]
  const beganAt = record[name]?.beganAt ?? Number.NEGATIVE_INFINITY
  return number(beganAt) === number(at) || (at < beganAt && beganAt - at < SET_BACK_MS)
}

/**
 * What a day or week opened with: what is seen in its first minute, later on less what trading has brought since it began;
 * what is seen all the same where nobody knows that.
 */
export function openingOf(
  period: 'day' | 'week',
  { at, equityUsd, tradingNet }: Measure,
  broughtSince: (at: number) => Amount | null,
): Pick<FactBodies['account.periodBegan'], 'number' | 'equityUsd' | 'tradingNet'> {
  const number = NUMBER_OF[period](at)
  const beganAt = BEGAN_AT[period](at)
  const brought = at - beganAt <= OPENING_MS ? null : broughtSince(beganAt)
  if (brought === null) return { number, equityUsd, tradingNet }
  const then = (now: Numeric): Numeric => text(amount(now).minus(brought))
  return { number, equityUsd: then(equityUsd), tradingNet: then(tradingNet) }
}

/** The record after a day or a week began. `flowsUsd`: what had come and gone by then. */
export function afterPeriodBegan(
  record: RiskRecord,
  { at, period, equityUsd, tradingNet, tradingPeak }: FactBodies['account.periodBegan'] & { readonly at: number },
  flowsUsd: Numeric,
): RiskRecord {
  const moved = afterFlows(record, { at, equityUsd, tradingNet, flowsUsd })
  const isHigher = !isMeasured(moved) || amount(tradingPeak).gt(amount(moved.peakTradingNet))
  return {
    ...moved,
    ...(isHigher ? { peakTradingNet: tradingPeak, peakBaseUsd: equityUsd } : {}),
    peakEquityUsd: text(maxOf(amount(moved.peakEquityUsd), amount(equityUsd))),
    [period]: { beganAt: at, openingEquityUsd: equityUsd, tradingNet },
  }
}

/** What looks at the account alone bring about; the rest follows from facts of its own. */
export const fromLooks = ({
  day,
  week,
  peakEquityUsd,
  peakTradingNet,
  peakBaseUsd,
  flowsUsd,
  drawdownWarned,
}: RiskRecord) => ({ day, week, peakEquityUsd, peakTradingNet, peakBaseUsd, flowsUsd, drawdownWarned })
export type FromLooks = ReturnType<typeof fromLooks>

/** Whether nothing but peaks rose: those are told at a bounded rate. */
export function onlyPeaksDiffer(one: RiskRecord, other: RiskRecord): boolean {
  const peaks = ({ peakEquityUsd, peakTradingNet, peakBaseUsd }: RiskRecord) => ({
    ...{ peakEquityUsd, peakTradingNet, peakBaseUsd },
  })
  return isSame({ ...one, ...peaks(other) }, other)
}

/** By what they say: cooldowns in any order. */
export function isSame(one: RiskRecord, other: RiskRecord): boolean {
  const told = ({ cooldownUntil, ...rest }: RiskRecord): string =>
    JSON.stringify([Object.entries(cooldownUntil).sort(([a], [b]) => (a < b ? -1 : 1)), ordered(rest)])
  return told(one) === told(other)
}
const ordered = (record: Omit<RiskRecord, 'cooldownUntil'>) => [
  ...[record.day, record.week].map((one) => one && [one.beganAt, one.openingEquityUsd, one.tradingNet]),
  ...[record.peakEquityUsd, record.peakTradingNet, record.peakBaseUsd, record.flowsUsd, record.drawdownWarned],
  ...[record.lossStreak, record.toldLossStreak],
  record.breakers.map(({ name, trippedAt, until, acknowledged }) => [name, trippedAt, until, acknowledged]),
]

export function afterTripped(
  record: RiskRecord,
  { at, breaker, valuePct, until }: FactBodies['risk.breakerTripped'] & { readonly at: number },
): RiskRecord {
  const latched: LatchedBreaker = { name: breaker, trippedAt: at, until, acknowledged: false }
  // A win that was written down first has ended the streak that this tells of.
  const told = breaker === 'straight_losses' && record.lossStreak >= Number(valuePct) ? Number(valuePct) : null
  return {
    ...record,
    breakers: [...record.breakers.filter(({ name }) => name !== breaker), latched],
    toldLossStreak: told ?? record.toldLossStreak,
  }
}

export const afterAcknowledged = (
  record: RiskRecord,
  { breaker }: FactBodies['risk.breakerAcknowledged'],
): RiskRecord => ({
  ...record,
  breakers: record.breakers.map((one) => (one.name === breaker ? { ...one, acknowledged: true } : one)),
})

/** A drawdown that was reset is measured anew: the next look sets its peak. */
export const afterLifted = (record: RiskRecord, { breaker }: FactBodies['risk.breakerLifted']): RiskRecord => ({
  ...record,
  breakers: record.breakers.filter(({ name }) => name !== breaker),
  ...(breaker === 'drawdown' ? { peakTradingNet: ZERO_TEXT, peakBaseUsd: ZERO_TEXT } : {}),
})

/** Per cent to six decimals, cut off, so that what is just below a threshold never reads as reaching it. */
function lossPct(lost: Amount, base: Amount): Numeric {
  if (base.gt(0)) return text(roundDownTo(lost.times(100).div(base), 6))
  return lost.gt(0) ? '100' : ZERO_TEXT
}
const since = (period: RiskPeriod, measure: Measure): Numeric =>
  lossPct(amount(period.tradingNet).minus(amount(measure.tradingNet)), amount(period.openingEquityUsd))

/** What breakers are judged by. `measure` null: unknown. A gain is a negative loss. */
export function readingOf(record: RiskRecord, measure: Measure | null, at: number): RiskReading {
  const { day, week, lossStreak } = record
  if (measure === null)
    return { at, dayLossPct: null, weekLossPct: null, drawdownPct: null, accountDrawdownPct: null, lossStreak }
  const fall = maxOf(amount(record.peakTradingNet).minus(amount(measure.tradingNet)), ZERO)
  const peak = amount(record.peakEquityUsd)
  return {
    at,
    dayLossPct: day !== null && isRunning(record, 'day', at) ? since(day, measure) : null,
    weekLossPct: week !== null && isRunning(record, 'week', at) ? since(week, measure) : null,
    drawdownPct: lossPct(fall, amount(record.peakBaseUsd)),
    accountDrawdownPct: lossPct(peak.minus(amount(measure.equityUsd)), peak),
    lossStreak,
  }
}

/** A warning of the account's drawdown ends when it has recovered to this share of the threshold. */
const RECOVERED = 0.75

/** Whether the account's drawdown stands warned of: from the threshold on, until it has recovered by a quarter of it. */
export function isDrawdownWarned(warned: boolean, drawdownPct: Numeric | null, thresholdPct: number): boolean {
  if (drawdownPct === null) return warned
  return amount(drawdownPct).gte(warned ? amount(thresholdPct).times(RECOVERED) : thresholdPct)
}

/** What was lost since a period began; nothing of one that is over or has not been opened. A gain is negative. */
export function periodLoss(
  record: RiskRecord,
  name: 'day' | 'week',
  { at, equityUsd, tradingNet }: Measure,
): { readonly lossUsd: Numeric; readonly openingEquityUsd: Numeric } {
  const period = record[name]
  if (period === null || !isRunning(record, name, at)) return { lossUsd: ZERO_TEXT, openingEquityUsd: equityUsd }
  const lost = amount(period.tradingNet).minus(amount(tradingNet))
  return { lossUsd: text(lost), openingEquityUsd: period.openingEquityUsd }
}
