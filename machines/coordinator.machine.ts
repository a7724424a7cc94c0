/**
 * The coordinator: RUNNING, PAUSED or HALTED, beside the degradation level and reconciliation.
 *
 * Permission to open risk exists in exactly one combination (running, not EMERGENCY, ready), and only a signal that
 * passes here can ask the risk engine for it. One decision at a time per symbol. What reduces risk is never refused.
 */
import { assign, setup, stateIn } from 'xstate'
import type { CoordinatorCommand, DeadlineReached } from '../src/domain/commands.ts'
import { type Counters, type DegradationLevel, LEVELS } from '../src/domain/degradation.ts'
import type { FactDraft, SignalDropReason } from '../src/domain/facts.ts'
import type { Pair, PositionId } from '../src/domain/ids.ts'
import type { CloseReason } from '../src/domain/position.ts'
import type { Heard } from '../src/domain/reports.ts'
import type { RiskVerdict } from '../src/domain/risk.ts'
import type { Judgement, SignalInputs } from '../src/domain/signal.ts'
import type { TaskName } from '../src/domain/tasks.ts'
import type { Proposal } from '../src/domain/views.ts'
import { effect } from './step.ts'

export interface CoordinatorBirth {
  readonly decisionMs: number
  readonly disabledTasks: readonly TaskName[]
  readonly seenAt: number
}

/** A signal with the inputs it was judged by and the judgement: everything needed to say why. */
type SignalJudged = Heard & {
  readonly type: 'signal.judged'
  readonly proposal: Proposal
  readonly inputs: SignalInputs
  readonly judgement: Judgement
}
/** The risk engine's answer, with the identity that the position will have. */
type RiskAnswered = Heard & {
  readonly type: 'risk.answered'
  readonly proposal: Proposal
  readonly positionId: PositionId
  readonly verdict: RiskVerdict
}
export type CoordinatorHears =
  | CoordinatorCommand
  | SignalJudged
  | RiskAnswered
  | DeadlineReached
  | (Heard & { readonly type: 'degradation.crossed'; readonly counters: Counters; readonly level: DegradationLevel })
  | (Heard & { readonly type: 'reconciliation.begun'; readonly reason: string })
  | (Heard & { readonly type: 'reconciliation.passed' })

export type CoordinatorCount = 'signals' | 'accepted' | 'dropped' | 'closing' | 'approved' | 'denied'

export interface CoordinatorContext {
  readonly decisionMs: number
  readonly pauseReasons: readonly string[]
  readonly haltReason: string | null
  readonly counters: Counters
  /** The decision in hand per symbol, and when it is given up. */
  readonly deciding: Readonly<Record<string, { readonly proposalId: string; readonly dueAt: number }>>
  readonly disabledTasks: readonly TaskName[]
  readonly statistics: Readonly<Record<CoordinatorCount, number>>
}

const parts = setup({
  types: { context: {} as CoordinatorContext, events: {} as CoordinatorHears, input: {} as CoordinatorBirth },
  actions: {
    'assess-proposal': effect<{ proposal: Proposal; confidence: number; viewConfidences: readonly number[] }>(),
    'open-position': effect<{
      proposal: Proposal
      positionId: PositionId
      verdict: Extract<RiskVerdict, { kind: 'approved' }>
    }>(),
    'release-reservation': effect<{ positionId: PositionId }>(),
    'close-positions': effect<{ positionIds: readonly PositionId[]; reason: CloseReason }>(),
    'cancel-entries': effect<{ reason: string }>(),
    'set-deadline': effect<{ name: string; at: number | null }>(),
    'publish-facts': effect<{ facts: readonly FactDraft[] }>(),
    countAs: assign(({ context: { statistics } }, p: { counts: readonly CoordinatorCount[] }) => ({
      statistics: { ...statistics, ...Object.fromEntries(p.counts.map((one) => [one, statistics[one] + 1])) },
    })),
    decide: assign(({ context }, p: { symbol: Pair; proposalId: string; dueAt: number }) => ({
      deciding: { ...context.deciding, [p.symbol]: { proposalId: p.proposalId, dueAt: p.dueAt } },
    })),
    decided: assign(({ context }, p: { symbol: string }) => ({
      deciding: Object.fromEntries(Object.entries(context.deciding).filter(([symbol]) => symbol !== p.symbol)),
    })),
    addPauseReason: assign(({ context }, p: { reason: string }) => ({
      pauseReasons: [...new Set([...context.pauseReasons, p.reason])],
    })),
    removePauseReason: assign(({ context }, p: { reason: string }) => ({
      pauseReasons: context.pauseReasons.filter((reason) => reason !== p.reason),
    })),
    giveHaltReason: assign((_, p: { reason: string | null }) => ({ haltReason: p.reason })),
    recordCounters: assign((_, p: { counters: Counters }) => p),
    toggle: assign(({ context }, p: { task: TaskName; enabled: boolean }) => ({
      disabledTasks: p.enabled
        ? context.disabledTasks.filter((task) => task !== p.task)
        : [...new Set([...context.disabledTasks, p.task])],
    })),
  },
  guards: {
    isJudged: (_, p: { judgement: Judgement; kind: Judgement['kind'] }) => p.judgement.kind === p.kind,
    isBusy: ({ context }, p: { symbol: Pair }) => p.symbol in context.deciding,
    isAwaited: ({ context }, p: { symbol: Pair; proposalId: string }) =>
      context.deciding[p.symbol]?.proposalId === p.proposalId,
    isApproved: (_, p: { verdict: RiskVerdict }) => p.verdict.kind === 'approved',
    isLastReason: ({ context }, p: { reason: string }) => context.pauseReasons.every((reason) => reason === p.reason),
    isReasonKnown: ({ context }, p: { reason: string }) => context.pauseReasons.includes(p.reason),
    isPauseWanted: ({ context }) => context.pauseReasons.length > 0,
    isLevel: (_, p: { is: DegradationLevel; level: DegradationLevel }) => p.is === p.level,
    isGivenUp: ({ context }, p: { name: string; dueAt: number }) =>
      context.deciding[symbolOfDeadline(p.name)]?.dueAt === p.dueAt,
    isReconciling: stateIn({ reconciliation: 'reconciling' }),
    isEmergency: stateIn({ degradation: 'emergency' }),
  },
})

type C = { context: CoordinatorContext }
type On<T extends CoordinatorHears['type']> = { event: Extract<CoordinatorHears, { type: T }> }

/** The name of the deadline of a symbol's decision in hand. */
export const deadlineOf = (symbol: string) => `decision ${symbol}`
const symbolOfDeadline = (name: string) => name.slice('decision '.length)
const publish = <E>(facts: (given: C & E) => readonly FactDraft[]) => ({
  type: 'publish-facts' as const,
  params: (given: C & E) => ({ facts: facts(given) }),
})
const ignore = (description: string) => ({ actions: [], description })

const count = (...counts: CoordinatorCount[]) => ({ type: 'countAs' as const, params: { counts } })
const judged = (kind: Judgement['kind']) => ({
  type: 'isJudged' as const,
  params: ({ event }: On<'signal.judged'>) => ({ judgement: event.judgement, kind }),
})
const dropped = (reason: (event: On<'signal.judged'>['event']) => SignalDropReason) => [
  count('signals', 'dropped'),
  publish<On<'signal.judged'>>(({ event }) => [
    {
      type: 'signal.dropped',
      symbol: event.proposal.symbol,
      proposalId: event.proposal.proposalId,
      reason: reason(event),
    },
  ]),
]
const dropAs = (reason: SignalDropReason) => dropped(() => reason)
const ownReason = dropped(({ judgement }) => (judgement.kind === 'drop' ? judgement.reason : 'NO_VERDICT'))
const isBusy = {
  type: 'isBusy' as const,
  params: ({ event }: On<'signal.judged'>) => ({ symbol: event.proposal.symbol }),
}

const assess = [
  count('signals', 'accepted'),
  {
    type: 'decide' as const,
    params: ({ context, event }: C & On<'signal.judged'>) => ({
      symbol: event.proposal.symbol,
      proposalId: event.proposal.proposalId,
      dueAt: event.seenAt + context.decisionMs,
    }),
  },
  {
    type: 'set-deadline' as const,
    params: ({ context, event }: C & On<'signal.judged'>) => ({
      name: deadlineOf(event.proposal.symbol),
      at: event.seenAt + context.decisionMs,
    }),
  },
  publish<On<'signal.judged'>>(({ event: { judgement, proposal } }) =>
    judgement.kind === 'open'
      ? [
          {
            type: 'signal.accepted',
            symbol: proposal.symbol,
            proposalId: proposal.proposalId,
            confidence: judgement.consensus.boosted,
            multiplier: judgement.consensus.multiplier,
            agreeing: judgement.consensus.agreeing,
            present: judgement.consensus.present,
          },
        ]
      : [],
  ),
  {
    type: 'assess-proposal' as const,
    params: ({ event: { judgement, proposal, inputs } }: On<'signal.judged'>) => ({
      proposal,
      confidence: judgement.kind === 'open' ? judgement.consensus.boosted : 0,
      viewConfidences: Object.values(inputs.views).flatMap((view) => (view === null ? [] : [view.confidence])),
    }),
  },
]
const closeHeld = [
  count('signals', 'closing'),
  {
    type: 'close-positions' as const,
    params: ({ event: { judgement } }: On<'signal.judged'>) => ({
      positionIds: judgement.kind === 'close' ? judgement.positionIds : [],
      reason: 'signal' as const,
    }),
  },
]

const awaited = {
  type: 'isAwaited' as const,
  params: ({ event }: On<'risk.answered'>) => ({
    symbol: event.proposal.symbol,
    proposalId: event.proposal.proposalId,
  }),
}
const approvedAndAwaited = {
  type: 'isApproved' as const,
  params: ({ event }: On<'risk.answered'>) => ({ verdict: event.verdict }),
}
const conclude = [
  { type: 'decided' as const, params: ({ event }: On<'risk.answered'>) => ({ symbol: event.proposal.symbol }) },
  {
    type: 'set-deadline' as const,
    params: ({ event }: On<'risk.answered'>) => ({ name: deadlineOf(event.proposal.symbol), at: null }),
  },
]
const verdictFacts = publish<On<'risk.answered'>>(({ event: { verdict, proposal, positionId } }) => {
  const about = { symbol: proposal.symbol, proposalId: proposal.proposalId, warnings: verdict.warnings }
  if (verdict.kind === 'denied') return [{ type: 'risk.denied', ...about, codes: verdict.codes }]
  const { quantity, leverage } = verdict.plan
  return [
    {
      type: 'risk.approved',
      ...about,
      positionId,
      quantity,
      leverage,
      riskPct: verdict.riskPct,
      exposurePct: verdict.exposurePct,
    },
  ]
})
const open = [
  count('approved'),
  verdictFacts,
  ...conclude,
  {
    type: 'open-position' as const,
    params: ({ event: { proposal, positionId, verdict } }: On<'risk.answered'>) => {
      if (verdict.kind !== 'approved') throw new Error('only an approved proposal opens a position')
      return { proposal, positionId, verdict }
    },
  },
]
const release = {
  type: 'release-reservation' as const,
  params: ({ event }: On<'risk.answered'>) => ({ positionId: event.positionId }),
}
/** A verdict that came after trading stopped, or too late: nothing is opened, the slot is given back. */
const tooLate = [
  verdictFacts,
  publish<On<'risk.answered'>>(({ event: { proposal } }) => [
    { type: 'signal.dropped', symbol: proposal.symbol, proposalId: proposal.proposalId, reason: 'TOO_LATE' },
  ]),
  ...conclude,
  release,
]

const cancelEntries = {
  type: 'cancel-entries' as const,
  params: ({ event }: On<'pause-trading' | 'halt-trading'>) => ({ reason: event.reason }),
}
const reasonOf = ({ event }: On<'pause-trading' | 'resume-trading'>) => ({ reason: event.reason })
const accepted = (command: string) =>
  publish<{ event: { by: string } }>(({ event }) => [{ type: 'command.accepted', command, by: event.by }])
const refused = (command: string, reason: string) => ({
  actions: [
    publish<{ event: { by: string } }>(({ event }) => [{ type: 'command.refused', command, by: event.by, reason }]),
  ],
  description: `Refused: ${reason}.`,
})
const pauseFacts = publish(({ context }) => [{ type: 'trading.paused', reasons: context.pauseReasons }])
const halt = {
  target: 'halted',
  actions: [
    { type: 'giveHaltReason' as const, params: ({ event }: On<'halt-trading'>) => ({ reason: event.reason }) },
    accepted('halt-trading'),
    publish<On<'halt-trading'>>(({ event }) => [{ type: 'trading.halted', reason: event.reason }]),
    cancelEntries,
  ],
}
const addReason = { type: 'addPauseReason' as const, params: reasonOf }
const onVerdict = [
  { guard: awaited, actions: tooLate, description: 'Trading stopped while risk was asked: nothing is opened.' },
  { actions: [release], description: 'Nobody waits for this verdict any more.' },
]
const toLevel = (target: string, level: DegradationLevel, from: DegradationLevel) => ({
  guard: {
    type: 'isLevel' as const,
    params: ({ event }: On<'degradation.crossed'>) => ({ is: event.level, level }),
  },
  target,
  actions: [
    {
      type: 'recordCounters' as const,
      params: ({ event }: On<'degradation.crossed'>) => ({ counters: event.counters }),
    },
    publish(() => [
      { type: 'degradation.changed', from, to: level, recovered: LEVELS.indexOf(level) < LEVELS.indexOf(from) },
    ]),
  ],
})
const level = (here: DegradationLevel, description: string) => ({
  description,
  on: {
    'degradation.crossed': [
      ...LEVELS.filter((other) => other !== here).map((other) => toLevel(other.toLowerCase(), other, here)),
      {
        actions: [
          {
            type: 'recordCounters' as const,
            params: ({ event }: On<'degradation.crossed'>) => ({ counters: event.counters }),
          },
        ],
        description: 'The counters moved within the level.',
      },
    ],
  },
})

export const coordinatorMachine = parts.createMachine({
  id: 'coordinator',
  description: 'Who may open risk, and when.',
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    decisionMs: input.decisionMs,
    pauseReasons: [],
    haltReason: null,
    counters: {},
    deciding: {},
    disabledTasks: input.disabledTasks,
    statistics: { signals: 0, accepted: 0, dropped: 0, closing: 0, approved: 0, denied: 0 },
  }),
  type: 'parallel',
  states: {
    control: {
      description: 'Whether signals are acted on.',
      initial: 'running',
      on: {
        'toggle-task': {
          actions: [
            { type: 'toggle', params: ({ event }) => ({ task: event.task, enabled: event.enabled }) },
            publish<On<'toggle-task'>>(({ event }) => [
              { type: 'task.toggled', task: event.task, enabled: event.enabled },
            ]),
          ],
        },
        'deadline.reached': [
          {
            guard: { type: 'isGivenUp', params: ({ event }) => ({ name: event.name, dueAt: event.dueAt }) },
            actions: [
              publish<On<'deadline.reached'>>(({ context, event }) => [
                {
                  type: 'signal.dropped',
                  symbol: symbolOfDeadline(event.name) as Pair,
                  proposalId: context.deciding[symbolOfDeadline(event.name)]?.proposalId ?? '',
                  reason: 'NO_VERDICT',
                },
              ]),
              { type: 'decided', params: ({ event }) => ({ symbol: symbolOfDeadline(event.name) }) },
            ],
          },
          ignore('A decision that was made in time.'),
        ],
      },
      states: {
        running: {
          description: 'Signals are judged and may open risk while the other regions allow it.',
          on: {
            'signal.judged': [
              { guard: judged('drop'), actions: ownReason },
              { guard: judged('close'), actions: closeHeld },
              { guard: 'isReconciling', actions: dropAs('RECONCILING') },
              { guard: 'isEmergency', actions: dropAs('EMERGENCY') },
              { guard: isBusy, actions: dropAs('BUSY') },
              { actions: assess },
            ],
            'risk.answered': [
              {
                guard: ({ context, event }) =>
                  context.deciding[event.proposal.symbol]?.proposalId !== event.proposal.proposalId,
                actions: [release],
                description: 'Nobody waits for this verdict any more.',
              },
              {
                guard: 'isReconciling',
                actions: tooLate,
                description: 'The picture was doubted while risk was asked.',
              },
              { guard: 'isEmergency', actions: tooLate, description: 'Too much failed while risk was asked.' },
              { guard: approvedAndAwaited, actions: open },
              { actions: [count('denied'), verdictFacts, ...conclude] },
            ],
            'pause-trading': {
              target: 'paused',
              actions: [addReason, accepted('pause-trading'), pauseFacts, cancelEntries],
            },
            'resume-trading': refused('resume-trading', 'trading is not paused'),
            'halt-trading': halt,
            'reset-trading': refused('reset-trading', 'trading is not halted'),
          },
        },
        paused: {
          description: 'Analysis runs, signals are ignored; protection and closes by hand go on.',
          on: {
            'signal.judged': [{ guard: judged('drop'), actions: ownReason }, { actions: dropAs('PAUSED') }],
            'risk.answered': onVerdict,
            'pause-trading': { actions: [addReason, accepted('pause-trading'), pauseFacts] },
            'resume-trading': [
              {
                guard: { type: 'isLastReason', params: reasonOf },
                target: 'running',
                actions: [
                  { type: 'removePauseReason', params: reasonOf },
                  accepted('resume-trading'),
                  publish(({ context }) => [{ type: 'trading.resumed', reasons: context.pauseReasons }]),
                ],
              },
              {
                guard: { type: 'isReasonKnown', params: reasonOf },
                actions: [{ type: 'removePauseReason', params: reasonOf }, accepted('resume-trading'), pauseFacts],
              },
              refused('resume-trading', 'other reasons to pause still stand'),
            ],
            'halt-trading': halt,
            'reset-trading': refused('reset-trading', 'trading is not halted'),
          },
        },
        halted: {
          description: 'Nothing that adds risk; reductions and protective orders go on. Only a reset leads out.',
          on: {
            'signal.judged': [{ guard: judged('drop'), actions: ownReason }, { actions: dropAs('HALTED') }],
            'risk.answered': onVerdict,
            'pause-trading': { actions: [addReason, accepted('pause-trading')] },
            'resume-trading': refused('resume-trading', 'trading is halted: it takes a reset'),
            'halt-trading': {
              actions: [accepted('halt-trading')],
              description: 'Halted already; the first reason stands.',
            },
            'reset-trading': [
              {
                guard: 'isPauseWanted',
                target: 'paused',
                actions: [
                  { type: 'giveHaltReason', params: { reason: null } },
                  publish<On<'reset-trading'>>(({ event }) => [{ type: 'trading.reset', by: event.by }]),
                ],
              },
              {
                target: 'running',
                actions: [
                  { type: 'giveHaltReason', params: { reason: null } },
                  publish<On<'reset-trading'>>(({ event }) => [{ type: 'trading.reset', by: event.by }]),
                ],
              },
            ],
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
