/**
 * Watches the account for the circuit breakers: takes readings, latches what trips, lifts what is over, and tells the
 * risk engine's memory whenever it changed. What it says is written down first; the coordinator hears it and acts.
 *
 * A reading is taken each minute, when a trade ends or money flows, and while something is held within a second of
 * every price. Until our picture is proved nothing is known: what the venue filled meanwhile is not in the books, and a
 * position that its stop has sold would be read as lost at the price of now. Peaks alone are told once a minute at most:
 * a crash loses no more than that of their rise.
 */
import {
  type Doubt,
  type Doubts,
  forbidding,
  isSecond,
  judgeBreakers,
  type LatchedBreaker,
  nextLiftAt,
  type RiskReading,
  type RiskRecord,
  SECOND_READING_MS,
} from '../src/domain/breakers.ts'
import { afterEquity, afterFlow, type Drawdown, NO_DRAWDOWN } from '../src/domain/drawdown.ts'
import type { Fact } from '../src/domain/facts.ts'
import {
  afterMeasure,
  type FromLooks,
  fromLooks,
  isDrawdownWarned,
  isRunning,
  isSame,
  type Measure,
  onlyPeaksDiffer,
  openingOf,
  readingOf,
} from '../src/domain/risk-record.ts'
import { type Amount, amount, minOf, type Numeric, text, ZERO_TEXT } from '../src/domain/units.ts'
import type { Timer } from '../src/ports/clock.ts'
import type { Account } from './account.ts'
import { unclosed, unhalved } from './breaker-positions.ts'
import type { House } from './house.ts'
import type { RiskMessage } from './messages.ts'
import type { Permission } from './permission.ts'
import { record } from './record.ts'
import { serving } from './supervision/serving.ts'

export interface RiskMonitor {
  /** At a start, and after a restart of the coordinator or of this: nothing that was latched goes unheard. */
  begin(): void
  /** Takes a reading, and says what came of it. */
  look(): void
  /** A person has seen what is latched; the drawdown is lifted by it and measured anew. */
  acknowledge(by: string): void
  /** What may change the readings or the memory. */
  hear(fact: Fact): void
  /** A price moved: plain and cheap, for it is told of every one. */
  priceMoved(): void
  /** As it stands now, also what is not told yet. */
  risk(): RiskRecord
  reading(): RiskReading
  /** Latched breakers that forbid new risk. */
  forbidding(): readonly LatchedBreaker[]
  /** The account's own fall, over this run. */
  drawdown(): Drawdown
  stop(): void
}

const READING_MS = 1_000
const PEAKS_MS = 60_000
/** How long what a breaker ordered may take before it is ordered again. */
const REPEAT_MS = 60_000

export function createRiskMonitor(
  house: House,
  account: Pick<Account, 'measure' | 'pricedAt' | 'broughtSince'>,
  permission: Pick<Permission, 'context' | 'isReconciling'>,
): RiskMonitor {
  const { addresses, books, clock, settings } = house
  const { limits } = settings
  let looks: FromLooks | null = null
  let reading: RiskReading = readingOf(books.risk(), null, clock.now())
  let doubts: Doubts = {}
  /** What the next reading is held against: a peak is what two in a row have reached, on prices of their own. */
  let before: (Doubt & { readonly tradingNet: Numeric }) | null = null
  let drawdown = NO_DRAWDOWN
  let flowsSeen: Amount | null = null
  /** Something is held, or the day has not been opened yet. */
  let isWatching = true
  let lookedAt = Number.NEGATIVE_INFINITY
  let orderedAt = Number.NEGATIVE_INFINITY
  let price: Timer | null = null
  let wake: { readonly at: number; readonly timer: Timer } | null = null

  /** Either way, for the clock may have been set back: nothing waits for it to come round again. */
  const isPast = (since: number, ms: number): boolean => Math.abs(clock.now() - since) >= ms
  const risk = (): RiskRecord => ({ ...books.risk(), ...looks })
  const ask = (): void => void addresses.tell('risk', { type: 'look-at-risk', seenAt: clock.now() })
  const say = (command: string, draft: Parameters<typeof record>[2]): void =>
    record(house, command, draft, draft.type.startsWith('risk.') ? 'risk' : 'portfolio')

  function wakeAt(at: number): void {
    if (wake !== null && wake.at <= at) return
    wake?.timer.cancel()
    const timer = clock.at(at, () => {
      wake = null
      ask()
    })
    wake = { at, timer }
  }
  /** How high trading has surely stood; null where one price is all there is. */
  function proven({ at, tradingNet }: Measure): Numeric | null {
    const pricedAt = account.pricedAt()
    const first = before
    const isRenewed = first !== null && isSecond(first, at, pricedAt)
    if (first === null || isRenewed) before = { since: at, pricedAt, tradingNet }
    if (Object.keys(pricedAt).length === 0) return tradingNet
    return isRenewed ? text(minOf(amount(first.tradingNet), amount(tradingNet))) : null
  }
  function measured(measure: Measure): void {
    looks = fromLooks(afterMeasure(risk(), measure, proven(measure)))
    const flows = amount(measure.flowsUsd)
    drawdown = afterEquity(afterFlow(drawdown, flows.minus(flowsSeen ?? flows)), measure.equityUsd)
    flowsSeen = flows
    for (const period of ['day', 'week'] as const) {
      if (isRunning(risk(), period, measure.at)) continue
      const figures = { ...openingOf(period, measure, account.broughtSince), tradingPeak: risk().peakTradingNet }
      say(`begin-${period}`, { type: 'account.periodBegan', period, ...figures })
      looks = { ...fromLooks(risk()), [period]: books.risk()[period] }
    }
  }
  function warn({ equityUsd }: Measure): void {
    const now = risk()
    const { accountDrawdownPct } = reading
    const thresholdPct = limits.breakers.drawdownPct
    const drawdownWarned = isDrawdownWarned(now.drawdownWarned, accountDrawdownPct, thresholdPct)
    looks = { ...fromLooks(now), drawdownWarned }
    if (!drawdownWarned || now.drawdownWarned || accountDrawdownPct === null) return
    const figures = { thresholdPct: String(thresholdPct), peakUsd: now.peakEquityUsd, equityUsd }
    say('warn-of-drawdown', { type: 'account.drawdownWarned', drawdownPct: accountDrawdownPct, ...figures })
  }
  function judge(): void {
    const judged = judgeBreakers(reading, account.pricedAt(), risk(), doubts, limits)
    doubts = judged.doubts
    for (const breaker of judged.lifted) say('lift-breaker', { type: 'risk.breakerLifted', breaker, by: 'time' })
    for (const { breaker, value: valuePct, threshold, until } of judged.tripped) {
      const figures = { valuePct, thresholdPct: String(threshold), until }
      say('latch-breaker', { type: 'risk.breakerTripped', breaker, ...figures })
      orderedAt = clock.now()
    }
  }
  /** Whatever changed since it was told last; peaks alone at a bounded rate. */
  function tell(): void {
    const now = risk()
    const told = books.riskTold()
    if (told !== null && isSame(now, told.risk)) return
    if (told !== null && onlyPeaksDiffer(now, told.risk) && !isPast(told.at, PEAKS_MS)) return
    say('remember-risk', { type: 'risk.stateChanged', risk: now })
  }
  /** After a weekly loss trading runs on: no start takes its entries back, as one does that finds a pause or a halt. */
  const isEntryLive = (): boolean => books.liveOrders().some(({ request }) => request.purpose === 'entry')
  const isLeft = ({ name, trippedAt }: LatchedBreaker): boolean =>
    (name === 'weekly_loss' && (isEntryLive() || unhalved(books, trippedAt).length > 0)) ||
    (name === 'drawdown' && unclosed(books).length > 0)
  /** What a breaker orders is ordered again where nobody heard it. */
  function order(latched: readonly LatchedBreaker[]): void {
    const seenAt = clock.now()
    for (const { name, trippedAt } of latched)
      addresses.tell('coordinator', { type: 'breaker.tripped', breaker: name, trippedAt, seenAt })
    if (latched.length > 0) orderedAt = seenAt
  }

  return {
    look: () => {
      const now = clock.now()
      lookedAt = now
      price?.cancel()
      price = null
      const measure = permission.isReconciling() ? null : account.measure()
      if (measure !== null) measured(measure)
      isWatching = books.openPositions().length > 0 || risk().day === null
      reading = readingOf(risk(), measure, now)
      if (measure !== null) warn(measure)
      judge()
      tell()
      if (isPast(orderedAt, REPEAT_MS)) order(books.risk().breakers.filter(isLeft))
      // A reading that is not known is no second one, nor is one on the same prices: the next price brings it.
      for (const { since } of Object.values(doubts)) if (since === now) wakeAt(now + SECOND_READING_MS)
      const liftAt = nextLiftAt(books.risk().breakers, now)
      if (liftAt !== null) wakeAt(liftAt)
    },
    begin: () => {
      const { breakers } = books.risk()
      const context = permission.context()
      const heard = context?.breakers ?? []
      order(breakers.filter((one) => (!one.acknowledged && !heard.includes(one.name)) || isLeft(one)))
      const isPaused =
        context?.pauseReasons.includes('daily_loss') && !breakers.some(({ name }) => name === 'daily_loss')
      if (isPaused)
        addresses.tell('coordinator', { type: 'breaker.lifted', breaker: 'daily_loss', seenAt: clock.now() })
      ask()
    },
    acknowledge: (by) => {
      for (const { name: breaker, acknowledged } of books.risk().breakers) {
        if (!acknowledged) say('acknowledge-breaker', { type: 'risk.breakerAcknowledged', breaker, by })
        if (breaker !== 'drawdown') continue
        say('lift-breaker', { type: 'risk.breakerLifted', breaker, by })
        looks = { ...fromLooks(risk()), peakTradingNet: ZERO_TEXT, peakBaseUsd: ZERO_TEXT }
      }
      ask()
    },
    hear: ({ type }) => {
      switch (type) {
        case 'position.closed':
        case 'account.opened':
        case 'account.flowed':
        case 'risk.cooldownBegan':
        case 'rebalance.completed':
        case 'rebalance.cancelled':
          return ask()
        case 'position.opening':
        case 'position.filled':
          isWatching = true
          return
        default:
          return
      }
    },
    priceMoved: () => {
      if (!isWatching || price !== null) return
      price = clock.at(isPast(lookedAt, READING_MS) ? clock.now() : lookedAt + READING_MS, () => {
        price = null
        ask()
      })
    },
    risk,
    reading: () => reading,
    forbidding: () => forbidding(books.risk().breakers),
    drawdown: () => drawdown,
    stop: () => {
      price?.cancel()
      wake?.timer.cancel()
    },
  }
}

export function riskLogic(monitor: RiskMonitor) {
  return serving<RiskMessage>((message) => {
    switch (message.type) {
      case 'look-at-risk':
        return monitor.look()
      case 'acknowledge-breakers':
        return monitor.acknowledge(message.by)
    }
  })
}
