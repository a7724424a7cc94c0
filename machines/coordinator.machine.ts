/**
 * The coordinator: RUNNING, PAUSED or HALTED, beside the degradation level and reconciliation.
 *
 * Permission to open risk exists in exactly one combination (running, not EMERGENCY, ready), and only a signal that
 * passes here can ask the risk engine for it. One decision at a time per symbol. What reduces risk is never refused.
 */
import { assign, setup, stateIn } from 'xstate'
import type { CoordinatorCommand, DeadlineReached } from '../src/domain/commands.ts'
import * as story from '../src/domain/coordinator-story.ts'
import { type Counters, type DegradationLevel, LEVELS } from '../src/domain/degradation.ts'
import type { SignalDropReason } from '../src/domain/facts/decision.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import type { Pair, PositionId } from '../src/domain/ids.ts'
import type { CloseReason } from '../src/domain/position.ts'
import type { Heard } from '../src/domain/reports.ts'
import type { RiskVerdict } from '../src/domain/risk.ts'
import type { Judgement } from '../src/domain/signal.ts'
import type { TaskName } from '../src/domain/tasks.ts'
import type { Proposal } from '../src/domain/views.ts'
import { phrases, when } from './phrases.ts'
import { effect } from './step.ts'

export type CoordinatorHears =
  | CoordinatorCommand
  | story.SignalJudged
  | story.RiskAnswered
  | DeadlineReached
  | (Heard & { readonly type: 'degradation.crossed'; readonly counters: Counters; readonly level: DegradationLevel })
  | (Heard & { readonly type: 'reconciliation.begun'; readonly reason: string })
  | (Heard & { readonly type: 'reconciliation.passed' })

export type CoordinatorContext = story.CoordinatorRecord

const isInHand = ({ deciding }: CoordinatorContext, { symbol, proposalId }: Proposal) =>
  deciding[symbol]?.proposalId === proposalId

const parts = setup({
  types: { context: {} as CoordinatorContext, events: {} as CoordinatorHears, input: {} as story.CoordinatorBirth },
  guards: {
    isJudged: (_, p: { judgement: Judgement; kind: Judgement['kind'] }) => p.judgement.kind === p.kind,
    isBusy: ({ context }, p: { proposal: Proposal }) => p.proposal.symbol in context.deciding,
    isAwaited: ({ context }, p: { proposal: Proposal }) => isInHand(context, p.proposal),
    isUnawaited: ({ context }, p: { proposal: Proposal }) => !isInHand(context, p.proposal),
    isApproved: (_, p: { verdict: RiskVerdict }) => p.verdict.kind === 'approved',
    isGivenUp: ({ context }, p: { symbol: Pair; dueAt: number }) => context.deciding[p.symbol]?.dueAt === p.dueAt,
    isLastReason: ({ context }, p: { reason: string }) => context.pauseReasons.every((reason) => reason === p.reason),
    isReasonKnown: ({ context }, p: { reason: string }) => context.pauseReasons.includes(p.reason),
    isPauseWanted: ({ context }) => context.pauseReasons.length > 0,
    isSymbolHalted: ({ context }, p: { symbol: Pair }) => p.symbol in context.haltedSymbols,
    isAnySymbolHalted: ({ context }) => Object.keys(context.haltedSymbols).length > 0,
    isNewHalt: ({ context }, p: story.SymbolHalt) => story.newlyHalted(context, p).length > 0,
    isLevel: (_, p: { is: DegradationLevel; level: DegradationLevel }) => p.is === p.level,
    isReconciling: stateIn({ reconciliation: 'reconciling' }),
    isEmergency: stateIn({ degradation: 'emergency' }),
  },
  actions: {
    'assess-proposal': effect<{ proposal: Proposal; confidence: number; viewConfidences: readonly number[] }>(),
    'open-position': effect<ReturnType<typeof story.openingOf>>(),
    'release-reservation': effect<{ positionId: PositionId }>(),
    'close-positions': effect<{ positionIds: readonly PositionId[]; reason: CloseReason }>(),
    /** Of these symbols; of all without. */
    'cancel-entries': effect<{ reason: string; symbols?: readonly Pair[] }>(),
    'set-deadline': effect<{ name: string; at: number | null }>(),
    'publish-facts': effect<{ facts: readonly FactDraft[] }>(),
    countAs: assign(({ context }, p: { counts: readonly story.CoordinatorCount[] }) =>
      story.countedAs(context, p.counts),
    ),
    decide: assign(({ context }, p: story.Decision & { symbol: Pair }) => story.withDecision(context, p)),
    decided: assign(({ context }, p: { symbol: Pair }) => story.withoutDecision(context, p.symbol)),
    addPauseReason: assign(({ context }, p: { reason: string }) => story.withPauseReason(context, p.reason)),
    removePauseReason: assign(({ context }, p: { reason: string }) => story.withoutPauseReason(context, p.reason)),
    giveHaltReason: assign((_, p: { reason: string | null }) => ({ haltReason: p.reason })),
    setHalts: assign((_, p: { haltedSymbols: story.HaltedSymbols }) => p),
    recordCounters: assign((_, p: { counters: Counters }) => p),
    toggle: assign(({ context }, p: { task: TaskName; enabled: boolean }) => story.withTask(context, p)),
  },
})

type On<T extends CoordinatorHears['type']> = Extract<CoordinatorHears, { type: T }>
type Judged = On<'signal.judged'>
type Answered = On<'risk.answered'>
const { call, publish, branches } = phrases<CoordinatorContext, CoordinatorHears>()
const { to, stay, ignore } = branches()
const count = (...counts: story.CoordinatorCount[]) => ({ type: 'countAs' as const, params: { counts } })
const proposalOf = (_: CoordinatorContext, { proposal }: Judged | Answered) => ({ proposal })

/** Signals: let go, turned into a close, or taken in hand while risk is asked. */
const isJudged = (kind: Judgement['kind']) => call('isJudged', (_, { judgement }: Judged) => ({ judgement, kind }))
const isBusy = call('isBusy', proposalOf)
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
const conclude = [
  call('decided', (_, { proposal }: Answered) => ({ symbol: proposal.symbol })),
  call('set-deadline', (_, { proposal }: Answered) => ({ name: story.deadlineOf(proposal.symbol), at: null })),
]
const release = call('release-reservation', (_, { positionId }: Answered) => ({ positionId }))
const openPosition = call('open-position', (_, answered: Answered) => story.openingOf(answered))
const open = stay(count('approved'), tellVerdict, ...conclude, openPosition)
const deny = stay(count('denied'), tellVerdict, ...conclude)
const tellLate = publish((_, { proposal }: Answered) => [story.signalDropped(proposal, 'TOO_LATE')])
/** Nothing is opened, the slot is given back. */
const tooLate = (description: string) => ({ ...stay(tellVerdict, tellLate, ...conclude, release), description })
const nobodyWaits = { ...stay(release), description: 'Nobody waits for this verdict any more.' }
const verdictAfterStop = [
  when(call('isAwaited', proposalOf), tooLate('Trading stopped while risk was asked: nothing is opened.')),
  nobodyWaits,
]
const lapsed = (_: CoordinatorContext, { name, dueAt }: On<'deadline.reached'>) => ({
  symbol: story.symbolOfDeadline(name),
  dueAt,
})
const tellGivenUp = publish(({ deciding }, { name }: On<'deadline.reached'>) => [story.givenUpFact(deciding, name)])
const giveUp = stay(tellGivenUp, call('decided', lapsed))

/** Control by a person or a breaker. */
const reasonOf = (_: CoordinatorContext, { reason }: { reason: string }) => ({ reason })
const accept = (command: string) => publish((_, { by }: { by: string }) => [{ type: 'command.accepted', command, by }])
const refuse = (command: string, reason: string) => ({
  ...stay(publish((_, { by }: { by: string }) => [{ type: 'command.refused', command, by, reason }])),
  description: `Refused: ${reason}.`,
})
const cancelEntries = call('cancel-entries', reasonOf)
const tellPaused = publish(({ pauseReasons: reasons }) => [{ type: 'trading.paused', reasons }])
const tellResumed = publish(({ pauseReasons: reasons }) => [{ type: 'trading.resumed', reasons }])
const tellHalted = publish((_, { reason }: On<'halt-trading'>) => [{ type: 'trading.halted', reason }])
const addReason = [call('addPauseReason', reasonOf), accept('pause-trading')]
const removeReason = [call('removePauseReason', reasonOf), accept('resume-trading')]
const halt = to('halted', call('giveHaltReason', reasonOf), accept('halt-trading'), tellHalted, cancelEntries)
/** Of one symbol, or of all. */
const liftHalts = [publish(story.symbolsReset), call('setHalts', story.withoutHalts)]
const reset = [
  { type: 'giveHaltReason' as const, params: { reason: null } },
  publish((_, { by }: On<'reset-trading'>) => [{ type: 'trading.reset', by }]),
  ...liftHalts,
]
const nothingToReset = [
  when('isAnySymbolHalted' as const, stay(accept('reset-trading'), ...liftHalts)),
  refuse('reset-trading', 'neither trading nor a symbol is halted'),
]

/** A symbol's own halt, whatever the rest does. */
const isSymbolHalted = call('isSymbolHalted', (_, { proposal: { symbol } }: Judged | Answered) => ({ symbol }))
const isLiftable = call('isSymbolHalted', (_, { symbol }: On<'reset-symbol'>) => ({ symbol }))
const haltOf = (_: CoordinatorContext, { symbols, reason }: On<'halt-symbols'>) => ({ symbols, reason })
const haltSymbols = stay(
  ...[accept('halt-symbols'), publish(story.symbolsHalted), call('setHalts', story.withHalted)],
  call('cancel-entries', haltOf),
)
const toggle = stay(
  call('toggle', (_, { task, enabled }: On<'toggle-task'>) => ({ task, enabled })),
  publish((_, { task, enabled }: On<'toggle-task'>) => [{ type: 'task.toggled', task, enabled }]),
)

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
        'toggle-task': toggle,
        'halt-symbols': [
          when(call('isNewHalt', haltOf), haltSymbols),
          ignore('Halted already; the first reason of a symbol stands.'),
        ],
        'reset-symbol': [
          when(isLiftable, stay(accept('reset-symbol'), ...liftHalts)),
          refuse('reset-symbol', 'the symbol is not halted'),
        ],
        'deadline.reached': [when(call('isGivenUp', lapsed), giveUp), ignore('A decision that was made in time.')],
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
              when(isBusy, dropAs('BUSY')),
              assess,
            ],
            'risk.answered': [
              when(call('isUnawaited', proposalOf), nobodyWaits),
              when('isReconciling', tooLate('The picture was doubted while risk was asked.')),
              when('isEmergency', tooLate('Too much failed while risk was asked.')),
              when(isSymbolHalted, tooLate('The symbol was halted while risk was asked.')),
              when(isApproved, open),
              deny,
            ],
            'pause-trading': to('paused', ...addReason, tellPaused, cancelEntries),
            'resume-trading': refuse('resume-trading', 'trading is not paused'),
            'halt-trading': halt,
            'reset-trading': nothingToReset,
          },
        },
        paused: {
          description: 'Analysis runs, signals are ignored; protection and closes by hand go on.',
          on: {
            'signal.judged': [dropped, dropAs('PAUSED')],
            'risk.answered': verdictAfterStop,
            'pause-trading': stay(...addReason, tellPaused),
            'resume-trading': [
              when(call('isLastReason', reasonOf), to('running', ...removeReason, tellResumed)),
              when(call('isReasonKnown', reasonOf), stay(...removeReason, tellPaused)),
              refuse('resume-trading', 'other reasons to pause still stand'),
            ],
            'halt-trading': halt,
            'reset-trading': nothingToReset,
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
