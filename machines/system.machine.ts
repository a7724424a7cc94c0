/** The life of the whole process: it trades only after its picture of the venue has been proved. */
import { assign, setup } from 'xstate'
import type { DeadlineReached } from '../src/domain/commands.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import type { Heard } from '../src/domain/reports.ts'
import { effect } from './step.ts'

export interface SystemBirth {
  readonly reconcileRetryMs: number
  readonly drainMs: number
  readonly seenAt: number
}

/** How a process ends, for whoever started it. */
export type ExitReason = 'drained' | 'gave-up' | 'fenced' | 'drain-overdue'

export type SystemHears =
  | (Heard & { readonly type: 'boot.finished' })
  | (Heard & { readonly type: 'reconciliation.passed' })
  | (Heard & { readonly type: 'reconciliation.refused'; readonly problem: string })
  /** A line came back, the clock jumped, or half a minute went by: compare again. */
  | (Heard & { readonly type: 'picture.doubted'; readonly reason: string; readonly stopTrading: boolean })
  | (Heard & { readonly type: 'trading.stopped' })
  | (Heard & { readonly type: 'trading.allowed' })
  | (Heard & { readonly type: 'drain-system'; readonly reason: string })
  | (Heard & { readonly type: 'system.drained' })
  | (Heard & { readonly type: 'supervisor.gaveUp'; readonly problem: string })
  | (Heard & { readonly type: 'leadership.lost' })
  | DeadlineReached

interface SystemContext {
  readonly reconcileRetryMs: number
  readonly drainMs: number
  readonly dueAt: number | null
  readonly reason: string
  readonly halted: boolean
}

const parts = setup({
  types: { context: {} as SystemContext, events: {} as SystemHears, input: {} as SystemBirth },
  actions: {
    'reconcile-account': effect<{ reason: string }>(),
    'begin-doubt': effect<{ reason: string }>(),
    'drain-actors': effect<{ reason: string }>(),
    'end-process': effect<{ because: ExitReason; reason: string }>(),
    'halt-everything': effect<{ reason: string }>(),
    'set-deadline': effect<{ name: 'reconcile' | 'drain'; at: number | null }>(),
    'publish-facts': effect<{ facts: readonly FactDraft[] }>(),
    giveReason: assign((_, p: { reason: string }) => p),
    arm: assign((_, p: { at: number }) => ({ dueAt: p.at })),
    noteHalt: assign((_, p: { halted: boolean }) => p),
  },
  guards: {
    isDue: ({ context }, p: { dueAt: number }) => context.dueAt === p.dueAt,
    stopsTrading: (_, p: { stopTrading: boolean }) => p.stopTrading,
    isHalted: ({ context }) => context.halted,
  },
})

type C = { context: SystemContext }
type On<T extends SystemHears['type']> = { event: Extract<SystemHears, { type: T }> }

const publish = (facts: (context: SystemContext) => readonly FactDraft[]) => ({
  type: 'publish-facts' as const,
  params: ({ context }: C) => ({ facts: facts(context) }),
})
const ignore = (description: string) => ({ actions: [], description })
const giveReason = {
  type: 'giveReason' as const,
  params: ({ event }: On<'drain-system' | 'picture.doubted'>) => ({ reason: event.reason }),
}
const giveProblem = {
  type: 'giveReason' as const,
  params: ({ event }: On<'supervisor.gaveUp'>) => ({ reason: event.problem }),
}
const noteHalt = (halted: boolean) => ({ actions: [{ type: 'noteHalt' as const, params: { halted } }] })
const arm = (name: 'reconcile' | 'drain', at: (given: C & { event: SystemHears }) => number) => {
  const params = (given: C & { event: SystemHears }) => ({ at: at(given) })
  return [
    { type: 'arm' as const, params },
    { type: 'set-deadline' as const, params: (given: C & { event: SystemHears }) => ({ name, at: at(given) }) },
  ]
}
const isDue = { type: 'isDue' as const, params: ({ event }: On<'deadline.reached'>) => ({ dueAt: event.dueAt }) }
const endProcess = (because: ExitReason) => ({
  type: 'end-process' as const,
  params: ({ context }: C) => ({ because, reason: context.reason }),
})
/** In every state but the last: a room of money that gave up halts, a lost lease ends at once. */
const always = {
  'supervisor.gaveUp': {
    actions: [
      giveProblem,
      { type: 'halt-everything' as const, params: ({ event }: On<'supervisor.gaveUp'>) => ({ reason: event.problem }) },
    ],
    description: 'Orders or positions crashed too often: nothing new until a person has looked.',
  },
  'leadership.lost': {
    target: '#system.stopped',
    actions: [
      { type: 'giveReason' as const, params: { reason: 'another process took the account' } },
      endProcess('fenced'),
    ],
  },
}
const drain = { 'drain-system': { target: '#system.draining', actions: [giveReason] } }
const reconcile = { type: 'reconcile-account' as const, params: ({ context }: C) => ({ reason: context.reason }) }

/** A doubt that stops trading leads back through a comparison, halted or not; a routine one compares on the way. */
const doubted = [
  {
    guard: {
      type: 'stopsTrading' as const,
      params: ({ event }: On<'picture.doubted'>) => ({ stopTrading: event.stopTrading }),
    },
    target: '#system.reconciling',
    actions: [
      giveReason,
      { type: 'begin-doubt' as const, params: ({ event }: On<'picture.doubted'>) => ({ reason: event.reason }) },
    ],
  },
  { actions: [giveReason, reconcile], description: 'A routine comparison.' },
]

export const systemMachine = parts.createMachine({
  id: 'system',
  description: 'The life of the whole process.',
  context: ({ input: { reconcileRetryMs, drainMs } }) => ({
    reconcileRetryMs,
    drainMs,
    dueAt: null,
    reason: 'start',
    halted: false,
  }),
  initial: 'booting',
  states: {
    booting: {
      description: 'The journal is read back and the actors are built.',
      on: {
        ...always,
        ...drain,
        'boot.finished': 'reconciling',
        'trading.stopped': noteHalt(true),
        'trading.allowed': noteHalt(false),
        'picture.doubted': ignore('The first comparison is still to come.'),
        'deadline.reached': ignore('Nothing is due yet.'),
      },
    },
    reconciling: {
      description: 'Orders, fills and balances are compared with the venue before anything new is risked.',
      entry: [reconcile],
      on: {
        ...always,
        ...drain,
        'reconciliation.passed': [{ guard: 'isHalted', target: 'halted' }, { target: 'trading' }],
        'reconciliation.refused': {
          actions: [
            { type: 'giveReason', params: ({ event }) => ({ reason: event.problem }) },
            ...arm('reconcile', ({ context, event }) => event.seenAt + context.reconcileRetryMs),
          ],
        },
        'deadline.reached': [{ guard: isDue, actions: [reconcile] }, ignore('A deadline of an earlier state.')],
        'trading.stopped': noteHalt(true),
        'trading.allowed': noteHalt(false),
        'picture.doubted': ignore('Already comparing.'),
      },
    },
    trading: {
      description: 'Everything runs.',
      on: {
        ...always,
        ...drain,
        'trading.stopped': { target: 'halted', ...noteHalt(true) },
        'trading.allowed': ignore('Trading already.'),
        'picture.doubted': doubted,
        'reconciliation.passed': ignore('A routine comparison agreed.'),
        'reconciliation.refused': ignore('A routine comparison could not be made; the next one follows.'),
        'deadline.reached': ignore('A deadline of an earlier state.'),
      },
    },
    halted: {
      description: 'Halted: analysis, protection and exits go on, nothing is opened.',
      on: {
        ...always,
        ...drain,
        'trading.allowed': { target: 'trading', ...noteHalt(false) },
        'trading.stopped': ignore('Halted already.'),
        'picture.doubted': doubted,
        'reconciliation.passed': ignore('A routine comparison agreed.'),
        'reconciliation.refused': ignore('A routine comparison could not be made; the next one follows.'),
        'deadline.reached': ignore('A deadline of an earlier state.'),
      },
    },
    draining: {
      description: 'Entries are cancelled, stops stay, the journal is flushed.',
      entry: [
        publish(({ reason }) => [{ type: 'system.draining', reason }]),
        { type: 'drain-actors', params: ({ context }) => ({ reason: context.reason }) },
        ...arm('drain', ({ context, event }) => event.seenAt + context.drainMs),
      ],
      on: {
        ...always,
        'system.drained': { target: 'stopped', actions: [endProcess('drained')] },
        'deadline.reached': [
          { guard: isDue, target: 'stopped', actions: [endProcess('drain-overdue')] },
          ignore('A deadline of an earlier state.'),
        ],
        'drain-system': ignore('Draining already.'),
        'trading.stopped': ignore('Draining already.'),
        'trading.allowed': ignore('Draining already.'),
        'picture.doubted': ignore('The next start compares.'),
        'reconciliation.passed': ignore('The next start compares.'),
        'reconciliation.refused': ignore('The next start compares.'),
      },
    },
    stopped: {
      type: 'final',
      description: 'Nothing runs.',
      entry: publish(({ reason }) => [{ type: 'system.stopped', reason }]),
    },
  },
})
