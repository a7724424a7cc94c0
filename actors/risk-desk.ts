/** The risk engine's eyes: builds its state from books, account and marks, and keeps reservations from verdict to birth. */
import type { VolatilityReading } from '../src/analysis/volatility.ts'
import type { Fact } from '../src/domain/facts.ts'
import { protectedAmounts } from '../src/domain/hodl.ts'
import { type Asset, type Pair, type PositionId, positionId } from '../src/domain/ids.ts'
import type { OrderView } from '../src/domain/order.ts'
import { type PositionView, withFills } from '../src/domain/position.ts'
import { freeOf } from '../src/domain/reckoning.ts'
import { assess, type RiskVerdict } from '../src/domain/risk.ts'
import { exposureOf, pendingOf, withRest } from '../src/domain/risk-exposure.ts'
import { periodLoss, readingOf } from '../src/domain/risk-record.ts'
import type { Exposure, PendingEntry, PeriodLoss, RiskState } from '../src/domain/risk-state.ts'
import { amount, maxOf, type Numeric, text, ZERO, ZERO_TEXT } from '../src/domain/units.ts'
import type { Marks } from '../src/domain/valuation.ts'
import type { Proposal, Regime } from '../src/domain/views.ts'
import type { Account } from './account.ts'
import { positionAddress } from './addresses.ts'
import { type House, instrumentOf } from './house.ts'
import type { Permission } from './permission.ts'
import type { RiskMonitor } from './risk-monitor.ts'

export interface Assessment {
  readonly positionId: PositionId
  readonly verdict: RiskVerdict
  /** Microseconds, the state's building included; null where nothing is measured. Told and logged, never journaled. */
  readonly timeTakenUs: number | null
}

export interface RiskDesk {
  /** Judges and, when it approves, reserves slot and money in the same breath. */
  judge(proposal: Proposal, confidence: number, viewConfidences: readonly number[]): Assessment
  /** Trading signals, as they are published: only a proposal that everybody could see is judged. */
  hear(fact: Fact): void
  /** A proposal that was handed in by the execution desk: judged as one that was published, once. Returns how to take it back. */
  admit(proposalId: string): () => void
  release(positionId: PositionId): void
  reserved(): number
  /** Of each entry that is approved and not born yet. */
  reservedSymbols(): readonly Pair[]
}

/** Unknown: equity is then unknown too, and nothing is opened. */
const NO_LOSS: PeriodLoss = { lossUsd: ZERO_TEXT, openingEquityUsd: ZERO_TEXT }

/** Both together; not known where one is not. */
const bothOf = (one: Exposure | null, rest: Exposure | null): Exposure | null =>
  one === null || rest === null ? null : withRest(one, rest)

export interface RiskDeskParts {
  readonly account: Account
  readonly monitor: Pick<RiskMonitor, 'risk' | 'forbidding'>
  readonly marks: () => Marks
  readonly permission: Permission
  /** Whether an actor of that name is there. A position that nobody looks after cannot be counted on. */
  readonly lives?: (name: string) => boolean
  readonly volatilityOf?: (symbol: Pair) => Pick<VolatilityReading, 'spikeSince'>
}

export function createRiskDesk(
  house: House,
  {
    account,
    monitor,
    marks,
    permission,
    lives = () => true,
    volatilityOf = () => ({ spikeSince: null }),
  }: RiskDeskParts,
): RiskDesk {
  const { books, bus, clock, ids, log, settings, stopwatch } = house
  const reservations = new Map<PositionId, PendingEntry>()
  const admitted = new Set<string>()
  const published = new Map<string, string>()
  const feeRate = settings.fees.taker

  const exposure = (position: PositionView): Exposure | null => exposureOf(position, account.priceOf(), feeRate)
  const pending = (order: OrderView): PendingEntry | null => {
    const { positionId: id } = order.request
    return pendingOf(order, id === null ? null : books.position(id), account.priceOf(), feeRate)
  }
  /** A reservation ends where the books know its entry, which takes the slot itself, or know that there will be none. */
  const standing = (): ReadonlyMap<PositionId, PendingEntry> => {
    for (const id of [...reservations.keys()])
      if (books.ordersOf(id).length > 0 || books.position(id)?.status === 'closed') reservations.delete(id)
    return reservations
  }
  /** A slot is one per position: what is left of a partly filled entry counts with its position. */
  const book = (): Pick<RiskState, 'positions' | 'pendingEntries'> => {
    const working = books.liveOrders().filter((order) => order.request.purpose === 'entry')
    const open = books.openPositions().map((position) => withFills(position, books.ordersOf(position.positionId)))
    const held = open.filter((position) => position.quantity !== '0')
    const isOf = (order: OrderView, { positionId: id }: PositionView) => order.request.positionId === id
    const slot = (position: PositionView): Exposure | null =>
      working
        .filter((order) => isOf(order, position))
        .reduce((whole, order) => bothOf(whole, pending(order)), exposure(position))
    const positions = held.map(slot)
    const alone = working.filter((order) => !held.some((position) => isOf(order, position))).map(pending)
    const known = <T>(all: readonly (T | null)[]): readonly T[] => all.filter((one) => one !== null)
    const isPriced = ![...positions, ...alone].includes(null)
    const isCounted = isPriced && open.every(({ positionId: id }) => lives(positionAddress(id)))
    return {
      positions: isCounted ? known(positions) : null,
      pendingEntries: [...known(alone), ...standing().values()],
    }
  }
  const regimes = (): Record<string, Regime> =>
    Object.fromEntries(
      settings.symbols.flatMap((symbol) => {
        const latest = bus.getLatest('REGIME_UPDATES', { symbol })?.payload
        return latest?.type === 'regime.detected' ? [[symbol, latest.view.regime]] : []
      }),
    )
  /** What is free of each asset, less what hodl bags keep of it. */
  const freeQuote = (): Record<string, Numeric> => {
    const balances = account.balances()
    const bags = protectedAmounts(settings.portfolio.hodl, books.hodl())
    const free = (of: Asset) => maxOf(freeOf(balances, of).minus(amount(bags[of] ?? ZERO)), ZERO)
    return Object.fromEntries(balances.map(({ asset: of }) => [of, text(free(of))]))
  }
  const stateNow = (): RiskState => {
    const { staleMarks } = account.equity()
    const now = clock.now()
    const measure = account.measure()
    const remembered = monitor.risk()
    return {
      ...books.streaks(),
      ...book(),
      now,
      mayOpenRisk: permission.mayOpenRisk(),
      haltedSymbols: permission.haltedSymbols(),
      equityUsd: measure === null ? null : measure.equityUsd,
      marks: marks(),
      staleMarks,
      freeQuote: freeQuote(),
      margin: account.margin(),
      fees: { entry: settings.fees.taker, exit: settings.fees.taker },
      unknownOrderSymbols: books
        .liveOrders()
        .filter((order) => order.phase === 'unknown')
        .map((order) => order.request.symbol),
      regimes: regimes(),
      volatilitySpikes: settings.symbols.filter((symbol) => volatilityOf(symbol).spikeSince !== null),
      breakers: monitor.forbidding(),
      day: measure === null ? NO_LOSS : periodLoss(remembered, 'day', measure),
      week: measure === null ? NO_LOSS : periodLoss(remembered, 'week', measure),
      drawdownPct: readingOf(remembered, measure, now).drawdownPct ?? ZERO_TEXT,
    }
  }

  const judge = (
    proposal: Proposal,
    confidence: number,
    viewConfidences: readonly number[],
  ): Omit<Assessment, 'timeTakenUs'> => {
    const id = positionId(ids.next())
    const isKnown = admitted.delete(proposal.proposalId) || published.get(proposal.symbol) === proposal.proposalId
    if (!isKnown) {
      const reasons = ['INVALID_PROPOSAL: it was never published, or a newer one was']
      const codes = ['INVALID_PROPOSAL'] as const
      return { positionId: id, verdict: { kind: 'denied', codes, warnings: [], reasons, figures: null } }
    }
    const instrument = instrumentOf(settings, proposal.symbol)
    const request = { ...proposal, confidence, positionId: id, instrument, viewConfidences }
    const verdict = assess(request, stateNow(), settings.limits)
    if (verdict.kind === 'approved') {
      const { side, notionalUsd, riskUsd, costQuote } = verdict.plan
      const money = { notionalUsd, riskUsd, marginUsd: verdict.margin, costQuote }
      reservations.set(id, { symbol: proposal.symbol, side, ...money, heldAtVenue: false })
    }
    return { positionId: id, verdict }
  }

  return {
    hear: (fact) => {
      if (fact.type === 'decision.proposed') published.set(fact.symbol, fact.proposal.proposalId)
    },
    judge: (proposal, confidence, viewConfidences) => {
      const from = stopwatch?.microseconds()
      const answer = judge(proposal, confidence, viewConfidences)
      const timeTakenUs = from === undefined || stopwatch === undefined ? null : stopwatch.microseconds() - from
      const { symbol, proposalId } = proposal
      log.debug('risk judged', { symbol, proposalId, verdict: answer.verdict.kind, timeTakenUs })
      return { ...answer, timeTakenUs }
    },
    admit: (proposalId) => {
      admitted.add(proposalId)
      return () => void admitted.delete(proposalId)
    },
    release: (id) => {
      reservations.delete(id)
    },
    reserved: () => standing().size,
    reservedSymbols: () => [...standing().values()].map(({ symbol }) => symbol),
  }
}
