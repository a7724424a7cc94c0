/** What the coordinator is born with, hears, decides by and tells: pure decisions behind the coordinator machine. */
import { BREAKERS, type BreakerName } from './breakers.ts'
import type { CoordinatorCommand, DeadlineReached } from './commands.ts'
import { type Counters, type DegradationLevel, LEVELS } from './degradation.ts'
import type { SignalDropReason } from './facts/decision.ts'
import type { FactDraft } from './facts.ts'
import type { Pair, PositionId } from './ids.ts'
import type { OrderScope } from './order.ts'
import type { Heard } from './reports.ts'
import type { RiskVerdict } from './risk.ts'
import type { Judgement, SignalInputs } from './signal.ts'
import type { TaskName } from './tasks.ts'
import type { Proposal } from './views.ts'

export interface CoordinatorBirth {
  readonly decisionMs: number
  readonly disabledTasks: readonly TaskName[]
  readonly seenAt: number
}

/** A signal with the inputs it was judged by and the judgement: everything needed to say why. */
export type SignalJudged = Heard & {
  readonly type: 'signal.judged'
  readonly proposal: Proposal
  readonly inputs: SignalInputs
  readonly judgement: Judgement
}
/** The risk engine's answer, with the identity that the position will have. */
export type RiskAnswered = Heard & {
  readonly type: 'risk.answered'
  readonly proposal: Proposal
  readonly positionId: PositionId
  readonly verdict: RiskVerdict
}

/** The risk monitor's word, written down there first. Told again after a restart: hearing it twice does nothing twice. */
export type BreakerTripped = Heard & {
  readonly type: 'breaker.tripped'
  readonly breaker: BreakerName
  readonly trippedAt: number
}
export type BreakerLifted = Heard & { readonly type: 'breaker.lifted'; readonly breaker: BreakerName }

export type CoordinatorHears =
  | CoordinatorCommand
  | SignalJudged
  | RiskAnswered
  | BreakerTripped
  | BreakerLifted
  | DeadlineReached
  | (Heard & { readonly type: 'degradation.crossed'; readonly counters: Counters; readonly level: DegradationLevel })
  | (Heard & { readonly type: 'reconciliation.begun'; readonly reason: string })
  | (Heard & { readonly type: 'reconciliation.passed' })

export type CoordinatorCount = 'signals' | 'accepted' | 'dropped' | 'closing' | 'approved' | 'denied'
export type Statistics = Readonly<Record<CoordinatorCount, number>>
export interface Counts {
  readonly counts: readonly CoordinatorCount[]
}
export const NO_SIGNALS: Statistics = { signals: 0, accepted: 0, dropped: 0, closing: 0, approved: 0, denied: 0 }

/** One more of each of `counts`. */
export const countedAs = (
  { statistics }: Pick<CoordinatorRecord, 'statistics'>,
  counts: readonly CoordinatorCount[],
): Pick<CoordinatorRecord, 'statistics'> => ({
  statistics: { ...statistics, ...Object.fromEntries(counts.map((one) => [one, statistics[one] + 1])) },
})

/** A decision in hand: the proposal that risk was asked about, and when it is given up. Milliseconds UTC. */
export interface Decision {
  readonly proposalId: string
  readonly dueAt: number
}
/** The decisions in hand by symbol: one at a time for each. */
export type Deciding = Readonly<Record<string, Decision>>

/** Whether this is the decision in hand for its symbol. */
export const isInHand = ({ deciding }: Decisions, { symbol, proposalId }: Proposal): boolean =>
  deciding[symbol]?.proposalId === proposalId

type Decisions = Pick<CoordinatorRecord, 'deciding'>
export const withDecision = (
  { deciding }: Decisions,
  { symbol, ...decision }: Decision & { readonly symbol: Pair },
): Decisions => ({ deciding: { ...deciding, [symbol]: decision } })
export const withoutDecision = ({ deciding }: Decisions, symbol: string): Decisions => ({
  deciding: Object.fromEntries(Object.entries(deciding).filter(([one]) => one !== symbol)),
})

/** What the coordinator keeps. */
export interface CoordinatorRecord {
  readonly decisionMs: number
  readonly pauseReasons: readonly string[]
  readonly haltReason: string | null
  readonly haltedSymbols: HaltedSymbols
  /** Breakers that were heard to trip, and neither lifted nor reset since. */
  readonly breakers: readonly BreakerName[]
  readonly counters: Counters
  readonly deciding: Deciding
  readonly disabledTasks: readonly TaskName[]
  readonly statistics: Statistics
}

export const newCoordinator = ({ decisionMs, disabledTasks }: CoordinatorBirth): CoordinatorRecord => ({
  ...{ decisionMs, disabledTasks, pauseReasons: [], haltReason: null, haltedSymbols: {}, breakers: [] },
  ...{ counters: {}, deciding: {}, statistics: NO_SIGNALS },
})

/** Why a symbol is halted, by symbol. */
export type HaltedSymbols = Readonly<Record<string, string>>
/** What a halt of symbols names. */
export interface SymbolHalt {
  readonly symbols: readonly Pair[]
  readonly reason: string
}

export const haltOf = (_: unknown, { symbols, reason }: SymbolHalt): SymbolHalt => ({ symbols, reason })

type Halts = Pick<CoordinatorRecord, 'haltedSymbols'>
/** Those of the named symbols that are not halted yet: the first reason of a symbol stands. */
export const newlyHalted = ({ haltedSymbols }: Halts, { symbols }: SymbolHalt): readonly Pair[] =>
  [...new Set(symbols)].filter((symbol) => !(symbol in haltedSymbols))
export const withHalted = (halts: Halts, halt: SymbolHalt): Halts => ({
  haltedSymbols: {
    ...halts.haltedSymbols,
    ...Object.fromEntries(newlyHalted(halts, halt).map((symbol) => [symbol, halt.reason])),
  },
})
export const symbolsHalted = (halts: Halts, halt: SymbolHalt): FactDraft[] =>
  newlyHalted(halts, halt).map((symbol) => ({ type: 'trading.symbolHalted', symbol, reason: halt.reason }))

/** What an admin's reset names: one symbol, or all without one. */
export interface SymbolReset {
  readonly symbol?: Pair
  readonly by: string
}
const isReset = (symbol: string, reset: SymbolReset): boolean => reset.symbol === undefined || reset.symbol === symbol
export const withoutHalts = ({ haltedSymbols }: Halts, reset: SymbolReset): Halts => ({
  haltedSymbols: Object.fromEntries(Object.entries(haltedSymbols).filter(([symbol]) => !isReset(symbol, reset))),
})
export const symbolsReset = ({ haltedSymbols }: Halts, reset: SymbolReset): FactDraft[] =>
  Object.keys(haltedSymbols)
    .filter((symbol) => isReset(symbol, reset))
    .map((symbol) => ({ type: 'trading.symbolReset', symbol: symbol as Pair, by: reset.by }))

/** Whether an admin's reset has anything to do while trading is not halted. */
export const isResetNeeded = ({ breakers, haltedSymbols }: CoordinatorRecord): boolean =>
  breakers.length > 0 || Object.keys(haltedSymbols).length > 0
/** Told where trading was halted or a breaker waits for a person: the risk monitor hears by it that it was seen. */
export const resetFacts = ({ breakers, haltReason }: CoordinatorRecord, { by }: SymbolReset): FactDraft[] =>
  breakers.length > 0 || haltReason !== null ? [{ type: 'trading.reset', by }] : []

/** The name of the deadline of a symbol's decision in hand. */
export const deadlineOf = (symbol: string) => `decision ${symbol}`
export const symbolOfDeadline = (name: string) => name.slice('decision '.length) as Pair

/** The decision whose deadline rang. */
export const lapsed = (_: unknown, { name, dueAt }: DeadlineReached) => ({ symbol: symbolOfDeadline(name), dueAt })

/** `all` with or without `one`; each stands once. */
const including = <T>(all: readonly T[], one: T): readonly T[] => [...new Set([...all, one])]
const excluding = <T>(all: readonly T[], one: T): readonly T[] => all.filter((other) => other !== one)

type Pauses = Pick<CoordinatorRecord, 'pauseReasons'>
export const withPauseReason = ({ pauseReasons }: Pauses, reason: string): Pauses => ({
  pauseReasons: including(pauseReasons, reason),
})
export const withoutPauseReason = ({ pauseReasons }: Pauses, reason: string): Pauses => ({
  pauseReasons: excluding(pauseReasons, reason),
})

/** A breaker that pauses gives its name as the reason, and alone takes it back. */
export const isBreakers = (reason: string): boolean => BREAKERS.some((name) => name === reason)
export interface Because {
  readonly reason: string
}
interface OfBreaker {
  readonly breaker: BreakerName
}
export const breakerOf = (_: unknown, { breaker }: OfBreaker): OfBreaker => ({ breaker })
/** Why it is paused or halted: as a person says, or the breaker's name. */
export const reasonOf = (_: unknown, told: OfBreaker | Because): Because => ({
  reason: 'breaker' in told ? told.breaker : told.reason,
})
/** A loss of the week is the trading book's, and trading goes on: the core book keeps its orders. */
export const ofTradingBook = (_: unknown, told: OfBreaker | Because): Because & OrderScope => ({
  ...{ ...reasonOf(null, told), book: 'trading' },
})
export const haltedFact = (told: OfBreaker | Because): FactDraft => ({
  ...{ type: 'trading.halted', ...reasonOf(null, told) },
})

type Breakers = Pick<CoordinatorRecord, 'breakers' | 'pauseReasons'>
/** The one that pauses until it is lifted. */
const PAUSING: BreakerName = 'daily_loss'
export const withBreaker = ({ breakers, pauseReasons }: Breakers, breaker: BreakerName): Breakers => ({
  breakers: including(breakers, breaker),
  pauseReasons: breaker === PAUSING ? including(pauseReasons, breaker) : pauseReasons,
})
export const withoutBreaker = ({ breakers, pauseReasons }: Breakers, breaker: BreakerName): Breakers => ({
  breakers: excluding(breakers, breaker),
  pauseReasons: excluding(pauseReasons, breaker),
})

type Tasks = Pick<CoordinatorRecord, 'disabledTasks'>
export const withTask = ({ disabledTasks }: Tasks, { task, enabled }: Toggle): Tasks => ({
  disabledTasks: (enabled ? excluding : including)(disabledTasks, task),
})

interface Toggle {
  readonly task: TaskName
  readonly enabled: boolean
}
export const toggleOf = (_: unknown, { task, enabled }: Toggle): Toggle => ({ task, enabled })
export const toggleFacts = (_: unknown, { task, enabled }: Toggle): FactDraft[] => [
  { type: 'task.toggled', task, enabled },
]

/** Why a judgement lets its signal go. */
export const dropReason = (judgement: Judgement): SignalDropReason =>
  judgement.kind === 'drop' ? judgement.reason : 'NO_VERDICT'

/** What a signal against what is held closes. */
export const closingOf = (judgement: Judgement) => ({
  positionIds: judgement.kind === 'close' ? judgement.positionIds : [],
  reason: 'signal' as const,
})

/** The decision that an accepted signal begins. */
export const decisionOf = ({ proposal: { symbol, proposalId }, seenAt }: SignalJudged, decisionMs: number) => ({
  ...{ symbol, proposalId, dueAt: seenAt + decisionMs },
})
export const decisionDeadline = ({ proposal, seenAt }: SignalJudged, decisionMs: number) => ({
  name: deadlineOf(proposal.symbol),
  at: seenAt + decisionMs,
})

export const decidedOf = (_: unknown, { proposal: { symbol } }: RiskAnswered) => ({ symbol })
export const noDeadline = (_: unknown, { proposal: { symbol } }: RiskAnswered) => ({
  ...{ name: deadlineOf(symbol), at: null },
})

const VIEWS = ['technical', 'regime', 'sentiment'] as const

/** What risk is asked: the proposal with the confidence of its consensus and of the views that are present. */
export const assessmentOf = ({ judgement, proposal, inputs: { views } }: SignalJudged) => {
  const consensus = judgement.kind === 'open' ? judgement.consensus : null
  const present = VIEWS.filter((name) => consensus !== null && consensus.stances[name] !== 'absent')
  const viewConfidences = present.flatMap((name) => views[name]?.confidence ?? [])
  return { proposal, confidence: consensus?.boosted ?? 0, viewConfidences }
}

/** What is opened. @throws when risk did not approve it: that is a bug. */
export function openingOf({ proposal, positionId, verdict }: RiskAnswered) {
  if (verdict.kind !== 'approved') throw new Error('only an approved proposal opens a position')
  return { proposal, positionId, verdict }
}

/** The proposal that a fact is about. */
type About = Pick<Proposal, 'symbol' | 'proposalId'>

export const signalDropped = ({ symbol, proposalId }: About, reason: SignalDropReason): FactDraft => ({
  ...{ type: 'signal.dropped', symbol, proposalId, reason },
})

/** A decision whose deadline rang before risk answered. */
export function givenUpFact(deciding: Deciding, deadline: string): FactDraft {
  const symbol = symbolOfDeadline(deadline)
  return signalDropped({ symbol, proposalId: deciding[symbol]?.proposalId ?? '' }, 'NO_VERDICT')
}

export function acceptedFacts({ judgement, proposal: { symbol, proposalId } }: SignalJudged): FactDraft[] {
  if (judgement.kind !== 'open') return []
  const { boosted: confidence, multiplier, agreeing, present } = judgement.consensus
  return [{ type: 'signal.accepted', symbol, proposalId, confidence, multiplier, agreeing, present }]
}

export function verdictFact({ verdict, proposal, positionId }: RiskAnswered): FactDraft {
  const about = { symbol: proposal.symbol, proposalId: proposal.proposalId, warnings: verdict.warnings }
  if (verdict.kind === 'denied') return { type: 'risk.denied', ...about, codes: verdict.codes }
  const { plan, riskPct, exposurePct } = verdict
  const { quantity, leverage } = plan
  return { type: 'risk.approved', ...about, positionId, quantity, leverage, riskPct, exposurePct }
}

export const levelChanged = (from: DegradationLevel, to: DegradationLevel): FactDraft => ({
  ...{ type: 'degradation.changed', from, to },
  recovered: LEVELS.indexOf(to) < LEVELS.indexOf(from),
})
