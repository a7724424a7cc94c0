/**
 * The run of an agent that can fail or be slow: gathering → reasoning → validating → publishing; failed → fallback.
 *
 * A routine run by rules is one plain call and never heard here. A routine run that failed is: a fallback with low
 * confidence stands in, and the symbol is watched: its next runs go through these stages one by one, each within the
 * run's deadline, until one goes well. One run at a time; others wait their turn, one per symbol.
 */
import { assign, setup } from 'xstate'
import type { DeadlineReached } from '../src/domain/commands.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import type { Pair } from '../src/domain/ids.ts'
import type { Heard } from '../src/domain/reports.ts'
import type { AgentName } from '../src/domain/views.ts'
import { effect } from './step.ts'

export interface AgentBirth {
  readonly agent: AgentName
  /** How long a watched run may take in all. */
  readonly deadlineMs: number
}

export type AgentStage = 'gathering' | 'reasoning' | 'validating' | 'publishing'

/** What an agent is asked for: one symbol's view. */
export interface AgentRequest {
  readonly symbol: Pair
  readonly seenAt: number
  /** The story it belongs to; a story of its own without one. */
  readonly correlationId?: string
}

type Answer<T extends string> = Heard & { readonly type: T; readonly run: number }
export type AgentHears =
  | (AgentRequest & { readonly type: 'run-agent' })
  /** A routine run failed, in which stage and why. */
  | (AgentRequest & { readonly type: 'analysis.failed'; readonly stage: AgentStage; readonly problem: string })
  | Answer<'snapshot.gathered'>
  | Answer<'view.made'>
  | Answer<'view.passed'>
  | Answer<'view.published'>
  | (Answer<'stage.failed'> & { readonly problem: string })
  | DeadlineReached

export interface AgentContext extends AgentBirth {
  /** The run in hand; null while none is. */
  readonly request: AgentRequest | null
  /** Counts the runs heard here, so that a late answer to an earlier one is known. */
  readonly run: number
  readonly dueAt: number | null
  readonly problem: string
  readonly waiting: readonly AgentRequest[]
  /** Symbols whose last run failed. */
  readonly watched: readonly Pair[]
}

interface InHand {
  readonly request: AgentRequest
  readonly run: number
}

const parts = setup({
  types: { context: {} as AgentContext, events: {} as AgentHears, input: {} as AgentBirth },
  actions: {
    'gather-snapshot': effect<InHand>(),
    'make-view': effect<InHand>(),
    'check-view': effect<InHand>(),
    'publish-view': effect<InHand>(),
    /** A view without the market that the rules could not read, checked like any other. */
    'make-fallback': effect<InHand>(),
    'set-deadline': effect<{ name: 'run'; at: number | null }>(),
    'publish-facts': effect<{ facts: readonly FactDraft[]; correlationId: string | null }>(),
    begin: assign(({ context }, p: { request: AgentRequest }) => ({ request: p.request, run: context.run + 1 })),
    beginNext: assign(({ context }) => ({
      request: context.waiting[0] ?? null,
      run: context.run + 1,
      waiting: context.waiting.slice(1),
    })),
    conclude: assign({ request: null, dueAt: null }),
    await: assign(({ context }, p: { request: AgentRequest }) => ({ waiting: [...context.waiting, p.request] })),
    arm: assign((_, p: { at: number }) => ({ dueAt: p.at })),
    noteProblem: assign((_, p: { problem: string }) => p),
    watch: assign(({ context: { watched, request } }, p: { symbol: Pair | null }) => {
      const symbol = p.symbol ?? request?.symbol ?? null
      return { watched: symbol === null || watched.includes(symbol) ? watched : [...watched, symbol] }
    }),
    trust: assign(({ context: { watched, request } }) => ({
      watched: watched.filter((symbol) => symbol !== request?.symbol),
    })),
  },
  guards: {
    isStale: ({ context }, p: { run: number }) => context.run !== p.run,
    isKnown: ({ context: { request, waiting } }, p: { symbol: Pair }) =>
      request?.symbol === p.symbol || waiting.some((one) => one.symbol === p.symbol),
    isDue: ({ context }, p: { dueAt: number }) => context.dueAt === p.dueAt,
    isLastDue: ({ context }, p: { dueAt: number }) => context.dueAt === p.dueAt && context.waiting.length === 0,
    isLast: ({ context }) => context.waiting.length === 0,
  },
})

type C = { context: AgentContext }
type On<T extends AgentHears['type']> = C & { event: Extract<AgentHears, { type: T }> }
type AnswerName = 'snapshot.gathered' | 'view.made' | 'view.passed' | 'view.published' | 'stage.failed'

const ANSWERS = ['snapshot.gathered', 'view.made', 'view.passed', 'view.published', 'stage.failed'] as const
const ignore = (description: string) => ({ actions: [], description })
const requestOf = ({ event: { symbol, seenAt, correlationId } }: On<'run-agent' | 'analysis.failed'>) => ({
  request: correlationId === undefined ? { symbol, seenAt } : { symbol, seenAt, correlationId },
})
const begin = { type: 'begin' as const, params: requestOf }
const inHand = ({ context: { request, run } }: C): InHand => {
  if (request === null) throw new Error('no run is in hand')
  return { request, run }
}
const ask = <T extends 'gather-snapshot' | 'make-view' | 'check-view' | 'publish-view' | 'make-fallback'>(type: T) => ({
  type,
  params: inHand,
})
/** Every event carries when it was seen; the run's deadline counts from the one that began it. */
const deadline = (() => {
  const at = ({ context, event }: C & { event: { readonly seenAt: number } }) => event.seenAt + context.deadlineMs
  return [
    { type: 'arm' as const, params: (given: On<AgentHears['type']>) => ({ at: at(given) }) },
    {
      type: 'set-deadline' as const,
      params: (given: On<AgentHears['type']>) => ({ name: 'run' as const, at: at(given) }),
    },
  ] as const
})()
const clearDeadline = { type: 'set-deadline' as const, params: { name: 'run' as const, at: null } }

const stale = {
  guard: { type: 'isStale' as const, params: ({ event }: On<AnswerName>) => ({ run: event.run }) },
  actions: [],
  description: 'A late answer to an earlier run.',
}
const due = { type: 'isDue' as const, params: ({ event }: On<'deadline.reached'>) => ({ dueAt: event.dueAt }) }
const lastDue = { ...due, type: 'isLastDue' as const }
const watchOwn = { type: 'watch' as const, params: { symbol: null } }
const fail = (stage: AgentStage) => [
  {
    type: 'noteProblem' as const,
    params: ({ event }: On<'stage.failed'>) => ({ problem: `${stage}: ${event.problem}` }),
  },
  watchOwn,
]
const tooSlow = (stage: AgentStage) => [
  { type: 'noteProblem' as const, params: { problem: `${stage}: not done by its deadline` } },
  watchOwn,
  ...deadline,
]
const told = (usedFallback: boolean) => ({
  type: 'publish-facts' as const,
  params: (given: C) => {
    const { agent, problem } = given.context
    const { symbol, correlationId = null } = inHand(given).request
    return { facts: [{ type: 'agent.failed' as const, agent, symbol, problem, usedFallback }], correlationId }
  },
})

/** What is heard of other runs while one is in hand. */
const meanwhile = {
  'run-agent': [
    {
      guard: { type: 'isKnown' as const, params: ({ event }: On<'run-agent'>) => ({ symbol: event.symbol }) },
      actions: [],
      description: 'One run per symbol at a time.',
    },
    { actions: [{ type: 'await' as const, params: requestOf }] },
  ],
  'analysis.failed': {
    actions: [{ type: 'watch' as const, params: ({ event }: On<'analysis.failed'>) => ({ symbol: event.symbol }) }],
    description: 'A routine run that failed beside this one: its next run is watched.',
  },
}
/** An answer that this stage did not ask for. */
const unasked = (...asked: readonly AnswerName[]) => {
  const rest = ANSWERS.filter((name) => !asked.includes(name))
  return Object.fromEntries(rest.map((name) => [name, ignore('An answer to another stage or run.')]))
}
const oldDeadline = ignore('The deadline of an earlier run.')
/** A stage: its own answer leads on, a failure or the deadline to the fallback. */
const stage = (name: AgentStage, answer: AnswerName, next: string) => ({
  ...meanwhile,
  ...unasked(answer, 'stage.failed'),
  [answer]: [stale, { target: next }],
  'stage.failed': [stale, { target: 'failed', actions: fail(name) }],
  'deadline.reached': [{ guard: due, target: 'failed', actions: tooSlow(name) }, oldDeadline],
})

type Ending = ReturnType<typeof told> | 'trust'
/** The run is over: the next one that waits begins, else the agent is idle. */
const over = (...first: readonly Ending[]) => [
  { guard: 'isLast' as const, target: 'idle', actions: [...first, clearDeadline, 'conclude' as const] },
  { target: 'gathering', actions: [...first, 'beginNext' as const] },
]
const overdue = [
  { guard: lastDue, target: 'idle', actions: [told(false), clearDeadline, 'conclude' as const] },
  { guard: due, target: 'gathering', actions: [told(false), 'beginNext' as const] },
  oldDeadline,
]

export const agentMachine = parts.createMachine({
  id: 'agent',
  description: 'The run of an agent that can fail or be slow.',
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    ...input,
    ...{ request: null, run: 0, dueAt: null, problem: '', waiting: [], watched: [] },
  }),
  initial: 'idle',
  states: {
    idle: {
      description: 'No run is in hand; routine runs go by without a word.',
      on: {
        ...unasked(),
        'run-agent': { target: 'gathering', actions: [begin] },
        'analysis.failed': {
          target: 'failed',
          actions: [
            begin,
            ...deadline,
            { type: 'noteProblem', params: ({ event }) => ({ problem: `${event.stage}: ${event.problem}` }) },
            watchOwn,
          ],
        },
        'deadline.reached': oldDeadline,
      },
    },
    gathering: {
      description: "A snapshot of the symbol's market is being taken.",
      entry: [...deadline, ask('gather-snapshot')],
      on: stage('gathering', 'snapshot.gathered', 'reasoning'),
    },
    reasoning: {
      description: 'The view is being formed.',
      entry: [ask('make-view')],
      on: stage('reasoning', 'view.made', 'validating'),
    },
    validating: {
      description: 'The view is being checked: nothing that is out of bounds is published.',
      entry: [ask('check-view')],
      on: stage('validating', 'view.passed', 'publishing'),
    },
    publishing: {
      description: 'The view is on its way to those who act on it.',
      entry: [ask('publish-view')],
      on: {
        ...stage('publishing', 'view.published', 'idle'),
        'view.published': [stale, ...over('trust')],
      },
    },
    failed: {
      description: 'The run failed; a fallback of low confidence is asked for.',
      entry: [ask('make-fallback')],
      on: {
        ...meanwhile,
        ...unasked('view.passed', 'stage.failed'),
        'view.passed': [stale, { target: 'fallback' }],
        'stage.failed': [stale, ...over(told(false))],
        'deadline.reached': overdue,
      },
    },
    fallback: {
      description: 'The fallback is on its way; it is no voice in the consensus and opens nothing.',
      entry: [ask('publish-view')],
      on: {
        ...meanwhile,
        ...unasked('view.published', 'stage.failed'),
        'view.published': [stale, ...over(told(true))],
        'stage.failed': [stale, ...over(told(false))],
        'deadline.reached': overdue,
      },
    },
  },
})
