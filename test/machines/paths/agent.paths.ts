/** The agent machine: one run in hand, one symbol waiting, answers of this run and of an earlier one. */
import { type AgentContext, type AgentHears, agentMachine } from '../../../machines/agent.machine.ts'
import type { FactDraft } from '../../../src/domain/facts.ts'
import { pair } from '../../../src/domain/ids.ts'
import type { PathModel } from './explore.ts'

const seenAt = Date.UTC(2026, 0, 5, 12)
const SYMBOLS = [pair('BTC/USDT'), pair('XRP/USDT')]
const ANSWERS = ['snapshot.gathered', 'view.made', 'view.passed', 'view.published'] as const

function agentEvents({ run, dueAt }: AgentContext): readonly AgentHears[] {
  const runs = [run, run - 1]
  return [
    ...SYMBOLS.map((symbol) => ({ type: 'run-agent', symbol, seenAt }) as const),
    { type: 'run-agent', symbol: pair('BTC/USDT'), correlationId: 'story', seenAt },
    ...SYMBOLS.map(
      (symbol) => ({ type: 'analysis.failed', symbol, stage: 'reasoning', problem: 'a bug', seenAt }) as const,
    ),
    ...ANSWERS.flatMap((type) => runs.map((one) => ({ type, run: one, seenAt }) as const)),
    ...runs.map((one) => ({ type: 'stage.failed', run: one, problem: 'no', seenAt }) as const),
    { type: 'deadline.reached', name: 'run', dueAt: 1, seenAt },
    ...(dueAt === null ? [] : [{ type: 'deadline.reached', name: 'run', dueAt, seenAt: dueAt } as const]),
  ]
}

export const agentPaths: PathModel<typeof agentMachine> = {
  machine: agentMachine,
  input: { agent: 'technical_analysis', deadlineMs: 5_000 },
  required: ['idle', 'gathering', 'reasoning', 'validating', 'publishing', 'failed', 'fallback'],
  events: ({ context }) => agentEvents(context),
  abstract: ({ request, dueAt, waiting, watched }) => ({
    request: request?.symbol ?? null,
    ...{ isDue: dueAt !== null, waiting: waiting.map(({ symbol }) => symbol), watched: [...watched].sort() },
  }),
  check: ({ before, after: { state, effects } }) => {
    const { request, dueAt, waiting } = state.context
    if ((state.value === 'idle') !== (request === null))
      throw new Error(`${state.value} with run for ${request?.symbol}`)
    if ((request === null) !== (dueAt === null)) throw new Error('a run and its deadline belong together')
    if (request === null && waiting.length > 0) throw new Error('idle while others wait')
    const told = effects.flatMap(({ type, params }) =>
      type === 'publish-facts' ? (params as { facts: readonly FactDraft[] }).facts : [],
    )
    const isBefore = before.value === 'failed' || before.value === 'fallback'
    const hasEnded =
      isBefore && state.value !== before.value && !(before.value === 'failed' && state.value === 'fallback')
    if (told.length !== (hasEnded ? 1 : 0) && before.value !== state.value)
      throw new Error(`a failed run is told ${told.length} times`)
  },
}
