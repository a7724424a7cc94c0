/**
 * The coordinator: RUNNING, PAUSED or HALTED, beside the degradation level and reconciliation.
 *
 * Permission to open risk exists in exactly one combination (running, not EMERGENCY, ready), and only a signal that
 * passes here can ask the risk engine for it. One decision at a time per symbol. What reduces risk is never refused.
 */
import { assign, setup, stateIn } from 'xstate'
import type { BreakerName } from '../src/domain/breakers.ts'
import * as story from '../src/domain/coordinator-story.ts'
import { type DegradationLevel, LEVELS } from '../src/domain/degradation.ts'
import type { SignalDropReason } from '../src/domain/facts/decision.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import type { Pair, PositionId } from '../src/domain/ids.ts'
import type { Judgement } from '../src/domain/signal.ts'
import { phrases, when } from './phrases.ts'
import { effect } from './step.ts'

export type CoordinatorHears = story.CoordinatorHears
export type CoordinatorContext = story.CoordinatorRecord
type On<T extends CoordinatorHears['type']> = Extract<CoordinatorHears, { type: T }>
type Judged = On<'signal.judged'>
type Answered = On<'risk.answered'>
type Tripped = On<'breaker.tripped'>

const parts = setup({
  types: { context: {} as CoordinatorContext, events: {} as CoordinatorHears, input: {} as story.CoordinatorBirth },
  guards: {
    isJudged: (_, p: { judgement: Judgement; kind: Judgement['kind'] }) => p.judgement.kind === p.kind,
    isBusy: ({ context }, p: Pick<Judged, 'proposal'>) => p.proposal.symbol in context.deciding,
    isUnawaited: ({ context }, p: Pick<Judged, 'proposal'>) => !story.isInHand(context, p.proposal),
    isApproved: (_, p: Pick<Answered, 'verdict'>) => p.verdict.kind === 'approved',
    isGivenUp: ({ context }, p: { symbol: Pair; dueAt: number }) => context.deciding[p.symbol]?.dueAt === p.dueAt,
    isLastReason: ({ context }, p: story.Because) => context.pauseReasons.every((reason) => reason === p.reason),
    isReasonKnown: ({ context }, p: story.Because) => context.pauseReasons.includes(p.reason),
    isBreakersReason: (_, p: story.Because) => story.isBreakers(p.reason),
    isPauseWanted: ({ context }) => context.pauseReasons.length > 0,
    isSymbolHalted: ({ context }, p: { symbol: Pair }) => p.symbol in context.haltedSymbols,
    isBreaker: (_, p: { is: BreakerName; breaker: BreakerName }) => p.is === p.breaker,
    isResetNeeded: ({ context }) => story.isResetNeeded(context),
    isNewHalt: ({ context }, p: story.SymbolHalt) => story.newlyHalted(context, p).length > 0,
    isLevel: (_, p: { is: DegradationLevel; level: DegradationLevel }) => p.is === p.level,
    isReconciling: stateIn({ reconciliation: 'reconciling' }),
    isEmergency: stateIn({ degradation: 'emergency' }),
  },
  actions: {
    'assess-proposal': effect<ReturnType<typeof story.assessmentOf>>(),
    'open-position': effect<ReturnType<typeof story.openingOf>>(),
    'release-reservation': effect<{ positionId: PositionId }>(),
    'close-positions': effect<ReturnType<typeof story.closingOf>>(),
    'close-all-positions': effect<Pick<On<'close-all-positions'>, 'reason'>>(),
    /** Each position once for one trip. */
    'halve-positions': effect<{ since: number }>(),
    'cancel-entries': effect<ReturnType<typeof story.ofTradingBook>>(),
    'set-deadline': effect<{ name: string; at: number | null }>(),
    'publish-facts': effect<{ facts: readonly FactDraft[] }>(),
    countAs: assign(({ context }, p: story.Counts) => story.countedAs(context, p.counts)),
    decide: assign(({ context }, p: story.Decision & { symbol: Pair }) => story.withDecision(context, p)),
    decided: assign(({ context }, p: { symbol: Pair }) => story.withoutDecision(context, p.symbol)),
    addPauseReason: assign(({ context }, p: story.Because) => story.withPauseReason(context, p.reason)),
    removePauseReason: assign(({ context }, p: story.Because) => story.withoutPauseReason(context, p.reason)),
    latch: assign(({ context }, p: { breaker: BreakerName }) => story.withBreaker(context, p.breaker)),
    unlatch: assign(({ context }, p: { breaker: BreakerName }) => story.withoutBreaker(context, p.breaker)),
    giveHaltReason: assign((_, p: story.Because) => ({ haltReason: p.reason })),
    forgetReasons: assign({ haltReason: null, breakers: [] }),
    setHalts: assign((_, p: { haltedSymbols: story.HaltedSymbols }) => p),
    recordCounters: assign((_, p: Pick<On<'degradation.crossed'>, 'counters'>) => p),
    toggle: assign(({ context }, p: Pick<On<'toggle-task'>, 'task' | 'enabled'>) => story.withTask(context, p)),
  },
})

const { call, publish, branches } = phrases<CoordinatorContext, CoordinatorHears>()
const { to, stay, ignore } = branches()
const count = (...counts: story.CoordinatorCount[]) => ({ type: 'countAs' as const, params: { counts } })
const proposalOf = (_: CoordinatorContext, { proposal }: Judged | Answered) => ({ proposal })

/** Signals: let go, turned into a close, or taken in hand while risk is asked. */
const isJudged = (kind: Judgement['kind']) => call('isJudged', (_, { judgement }: Judged) => ({ judgement, kind }))
const tellDropped = (why: (judgement: Judgement) => SignalDropReason) =>
  publish((_, { judgement, proposal }: Judged) => [story.signalDropped(proposal, why(judgement))])
const drop = (why: (judgement: Judgement) => SignalDropReason) => stay(count('signals', 'dropped'), tellDropped(why))
const dropAs = (reason: SignalDropReason) => drop(() => reason)
const dropped = when(isJudged('drop'), drop(story.dropReason))
const close = call('close-positions', (_, { judgement }: Judged) => story.closingOf(judgement))
const closeHeld = stay(count('signals', 'closing'), close)
const assess = stay(
  count('signals', 'accepted'),
  call('decide', ({ decisionMs }, judged: Judged) => story.decisionOf(judged, decisionMs)),
  call('set-deadline', ({ decisionMs }, judged: Judged) => story.decisionDeadline(judged, decisionMs)),
  publish((_, judged: Judged) => story.acceptedFacts(judged)),
  call('assess-proposal', (_, judged: Judged) => story.assessmentOf(judged)),
)

/** Verdicts: acted on only by the decision in hand, and only while risk may still be opened. */
const isApproved = call('isApproved', (_, { verdict }: Answered) => ({ verdict }))
const tellVerdict = publish((_, answered: Answered) => [story.verdictFact(answered)])
const conclude = [call('decided', story.decidedOf), call('set-deadline', story.noDeadline)]
const release = call('release-reservation', (_, { positionId }: Answered) => ({ positionId }))
const openPosition = call('open-position', (_, answered: Answered) => story.openingOf(answered))
const open = stay(count('approved'), tellVerdict, ...conclude, openPosition)
const deny = stay(count('denied'), tellVerdict, ...conclude)
const tellLate = publish((_, { proposal }: Answered) => [story.signalDropped(proposal, 'TOO_LATE')])
/** Nothing is opened, the slot is given back. */
const tooLate = (description: string) => ({ ...stay(tellVerdict, tellLate, ...conclude, release), description })
const nobodyWaits = { ...stay(release), description: 'Nobody waits for this verdict any more.' }
const isUnawaited = call('isUnawaited', proposalOf)
const stopped = tooLate('Trading stopped while risk was asked: nothing is opened.')
const verdictAfterStop = [when(isUnawaited, nobodyWaits), stopped]
const tellGivenUp = publish(({ deciding }, { name }: On<'deadline.reached'>) => [story.givenUpFact(deciding, name)])

const giveUp = stay(tellGivenUp, call('decided', story.lapsed))
const isGivenUp = call('isGivenUp', story.lapsed)

/** Control by a person or a breaker. */
const accept = (command: string) => publish((_, { by }: { by: string }) => [{ type: 'command.accepted', command, by }])
const refuse = (command: string, reason: string) => ({
  ...stay(publish((_, { by }: { by: string }) => [{ type: 'command.refused', command, by, reason }])),
  description: `Refused: ${reason}.`,
})
const cancelEntries = call('cancel-entries', story.reasonOf)
const cancelTrading = call('cancel-entries', story.ofTradingBook)
const tellPaused = publish(({ pauseReasons: reasons }) => [{ type: 'trading.paused', reasons }])
const tellResumed = publish(({ pauseReasons: reasons }) => [{ type: 'trading.resumed', reasons }])
const tellHalted = publish((_, told: On<'halt-trading'> | Tripped) => [story.haltedFact(told)])
const addReason = [call('addPauseReason', story.reasonOf), accept('pause-trading')]
const removeReason = [call('removePauseReason', story.reasonOf), accept('resume-trading')]
const giveReason = call('giveHaltReason', story.reasonOf)
const halt = to('halted', giveReason, accept('halt-trading'), tellHalted, cancelEntries)
/** Of one symbol, or of all. */
const liftHalts = [publish(story.symbolsReset), call('setHalts', story.withoutHalts)]
const reset = [accept('reset-trading'), publish(story.resetFacts), { type: 'forgetReasons' as const }, ...liftHalts]
/** An admin's reset tells the risk monitor that what is latched was seen. */
const nothingHalted = [
  when('isResetNeeded' as const, stay(...reset)),
  refuse('reset-trading', 'neither trading nor a symbol is halted, and no breaker waits'),
]

/** Breakers: what each of them does; told again, it does what was left undone. */
const isBreaker = (is: BreakerName) => call('isBreaker', (_, { breaker }: Tripped) => ({ is, breaker }))
const [latch, unlatch] = [call('latch', story.breakerOf), call('unlatch', story.breakerOf)]
const closeAll = call('close-all-positions', (_, { reason }: On<'close-all-positions'>) => ({ reason }))
const closeForBreaker = call('close-all-positions', () => ({ reason: 'breaker' as const }))
const halve = call('halve-positions', (_, { trippedAt }: Tripped) => ({ since: trippedAt }))
const haltBy = to('halted', latch, giveReason, tellHalted, cancelEntries, closeForBreaker)

/** A symbol's own halt, whatever the rest does. */
const isSymbolHalted = call('isSymbolHalted', (_, { proposal: { symbol } }: Judged | Answered) => ({ symbol }))
const isLiftable = call('isSymbolHalted', (_, { symbol }: On<'reset-symbol'>) => ({ symbol }))
const cancelHalted = call('cancel-entries', story.haltOf)
const setHalts = call('setHalts', story.withHalted)
const haltSymbols = stay(accept('halt-symbols'), publish(story.symbolsHalted), setHalts, cancelHalted)

const recordCounters = call('recordCounters', (_, { counters }: On<'degradation.crossed'>) => ({ counters }))
const isLevel = (level: DegradationLevel) =>
  call('isLevel', (_, { level: is }: On<'degradation.crossed'>) => ({ is, level }))
const tellLevel = (from: DegradationLevel, to: DegradationLevel) => publish(() => [story.levelChanged(from, to)])
/** One degradation level: every other may follow it. */
const level = (here: DegradationLevel, description: string) => ({
  description,
  on: {
    'degradation.crossed': [
      ...LEVELS.filter((other) => other !== here).map((other) =>
        when(isLevel(other), to(other.toLowerCase(), recordCounters, tellLevel(here, other))),
      ),
      { ...stay(recordCounters), description: 'The counters moved within the level.' },
    ],
  },
})

export const coordinatorMachine = parts.createMachine({
  id: 'coordinator',
  description: 'Who may open risk, and when.',
  options: { maxIterations: 100 },
  context: ({ input }) => story.newCoordinator(input),
  type: 'parallel',
  states: {
    control: {
      description: 'Whether signals are acted on.',
      initial: 'running',
      on: {
        'toggle-task': stay(call('toggle', story.toggleOf), publish(story.toggleFacts)),
        'halt-symbols': [
          when(call('isNewHalt', story.haltOf), haltSymbols),
          ignore('Halted already; the first reason of a symbol stands.'),
        ],
        'reset-symbol': [
          when(isLiftable, stay(accept('reset-symbol'), ...liftHalts)),
          refuse('reset-symbol', 'the symbol is not halted'),
        ],
        'close-all-positions': stay(accept('close-all-positions'), closeAll),
        'breaker.tripped': [
          when(isBreaker('weekly_loss'), stay(latch, cancelTrading, halve)),
          when(isBreaker('drawdown'), stay(latch, closeForBreaker)),
          { ...stay(latch), description: 'Rest and size after straight losses are the risk engine’s own.' },
        ],
        'breaker.lifted': stay(unlatch),
        'deadline.reached': [when(isGivenUp, giveUp), ignore('A decision that was made in time.')],
      },
      states: {
        running: {
          description: 'Signals are judged and may open risk while the other regions allow it.',
          on: {
            'signal.judged': [
              dropped,
              when(isJudged('close'), closeHeld),
              when('isReconciling', dropAs('RECONCILING')),
              when('isEmergency', dropAs('EMERGENCY')),
              when(isSymbolHalted, dropAs('SYMBOL_HALTED')),
              when(call('isBusy', proposalOf), dropAs('BUSY')),
              assess,
            ],
            'risk.answered': [
              when(isUnawaited, nobodyWaits),
              when('isReconciling', tooLate('The picture was doubted while risk was asked.')),
              when('isEmergency', tooLate('Too much failed while risk was asked.')),
              when(isSymbolHalted, tooLate('The symbol was halted while risk was asked.')),
              when(isApproved, open),
              deny,
            ],
            'pause-trading': to('paused', ...addReason, tellPaused, cancelEntries),
            'resume-trading': refuse('resume-trading', 'trading is not paused'),
            'halt-trading': halt,
            'reset-trading': nothingHalted,
            'breaker.tripped': [
              when(isBreaker('daily_loss'), to('paused', latch, tellPaused, cancelEntries)),
              when(isBreaker('drawdown'), haltBy),
            ],
          },
        },
        paused: {
          description: 'Analysis runs, signals are ignored; protection and closes by hand go on.',
          on: {
            'signal.judged': [dropped, dropAs('PAUSED')],
            'risk.answered': verdictAfterStop,
            'pause-trading': stay(...addReason, tellPaused),
            'resume-trading': [
              when(
                call('isBreakersReason', story.reasonOf),
                refuse('resume-trading', 'a breaker takes its own pause back'),
              ),
              when(call('isLastReason', story.reasonOf), to('running', ...removeReason, tellResumed)),
              when(call('isReasonKnown', story.reasonOf), stay(...removeReason, tellPaused)),
              refuse('resume-trading', 'other reasons to pause still stand'),
            ],
            'halt-trading': halt,
            'reset-trading': nothingHalted,
            'breaker.tripped': [
              when(isBreaker('daily_loss'), stay(latch, tellPaused)),
              when(isBreaker('drawdown'), haltBy),
            ],
            'breaker.lifted': [
              when(call('isLastReason', story.reasonOf), to('running', unlatch, tellResumed)),
              when(call('isReasonKnown', story.reasonOf), stay(unlatch, tellPaused)),
            ],
          },
        },
        halted: {
          description: 'Nothing that adds risk; reductions and protective orders go on. Only a reset leads out.',
          on: {
            'signal.judged': [dropped, dropAs('HALTED')],
            'risk.answered': verdictAfterStop,
            'pause-trading': stay(...addReason),
            'resume-trading': refuse('resume-trading', 'trading is halted: it takes a reset'),
            'halt-trading': {
              ...stay(accept('halt-trading')),
              description: 'Halted already; the first reason stands.',
            },
            'reset-trading': [when('isPauseWanted', to('paused', ...reset)), to('running', ...reset)],
          },
        },
      },
    },
    degradation: {
      description: 'How much of what we depend on does not answer.',
      initial: 'normal',
      states: {
        normal: level('NORMAL', 'Everything answers.'),
        reduced: level('REDUCED', 'Three failures of a source: sentiment is skipped.'),
        limited: level('LIMITED', 'Six failures: optional agents are skipped, models only for regime conflicts.'),
        emergency: level('EMERGENCY', 'Nine failures: nothing is opened, no model is called, exits go on.'),
      },
    },
    reconciliation: {
      description: 'Whether our picture of the account has been proved.',
      initial: 'reconciling',
      states: {
        reconciling: {
          description: 'Our orders and balances are being compared with the venue; no new risk.',
          on: { 'reconciliation.passed': 'ready', 'reconciliation.begun': ignore('Already comparing.') },
        },
        ready: {
          description: 'Our picture agrees with the venue.',
          on: {
            'reconciliation.begun': 'reconciling',
            'reconciliation.passed': ignore('A repeated comparison agreed too.'),
          },
        },
      },
    },
  },
})
