/**
 * An agent that thinks by rules. A routine run is one plain call and touches no machine; a run that failed, and the runs
 * of that symbol until one goes well again, are carried by the agent's machine.
 */
import { type AgentBirth, type AgentRequest, agentMachine } from '../machines/agent.machine.ts'
import type { EffectOf } from '../machines/step.ts'
import { assertNever } from '../src/domain/assert.ts'
import type { TaskName } from '../src/domain/tasks.ts'
import { type AgentParts, createAnalysisDesk, type Gathered, type Made, type RulesAgent } from './analysis-desk.ts'
import type { House } from './house.ts'
import type { AgentMessage } from './messages.ts'
import { type SteppedLogic, stepped } from './supervision/serving.ts'
import { problemText } from './supervision/supervision-event.ts'

type AgentEffect = EffectOf<typeof agentMachine>

const TASK_OF: Readonly<Record<RulesAgent, TaskName>> = {
  technical_analysis: 'ta_analysis',
  regime_detection: 'regime_detection',
  trading_decision: 'trading_decision',
}

export const agentAddress = (agent: RulesAgent) => `agent:${agent}` as const

/**
 * Logic and input of one agent, for its child spec; its name in the actor system must be `agentAddress(agent)`. What it
 * knows of the market's regimes outlives its restarts.
 */
export function agentLogic(
  house: House,
  agent: RulesAgent,
  parts: AgentParts,
): { readonly logic: SteppedLogic; readonly input: () => AgentBirth } {
  const desk = createAnalysisDesk(house, agent, parts)
  const address = agentAddress(agent)
  /** The run that the machine has in hand, between two of its stages. */
  let gathered: Gathered | null = null
  let made: Made | null = null

  /** Every stage asked for ends in exactly one answer. */
  function answer(
    run: number,
    type: 'snapshot.gathered' | 'view.made' | 'view.passed' | 'view.published',
    work: () => void,
  ) {
    const { addresses, clock } = house
    let problem: string | null = null
    try {
      work()
    } catch (error) {
      problem = problemText(error)
    }
    const seenAt = clock.now()
    addresses.tell(address, problem === null ? { type, run, seenAt } : { type: 'stage.failed', run, problem, seenAt })
  }

  const carried = stepped(agentMachine, {
    unhandled: house.unhandled,
    perform: (_, given) => {
      const effect = given as AgentEffect
      switch (effect.type) {
        case 'gather-snapshot':
          return answer(effect.params.run, 'snapshot.gathered', () => {
            gathered = desk.gather(effect.params.request)
          })
        case 'make-view':
          return answer(effect.params.run, 'view.made', () => {
            made = desk.view(present(gathered))
          })
        case 'check-view':
          return answer(effect.params.run, 'view.passed', () => desk.validate(present(made)))
        case 'publish-view':
          return answer(effect.params.run, 'view.published', () => desk.publish(present(made)))
        case 'make-fallback':
          return answer(effect.params.run, 'view.passed', () => {
            made = desk.fallBack(effect.params.request)
          })
        case 'set-deadline':
          return house.timers.set(address, effect.params.name, effect.params.at)
        case 'publish-facts': {
          const { facts, correlationId } = effect.params
          const cause = correlationId === null ? undefined : { causedBy: correlationId, correlationId }
          for (const fact of facts) house.state(agent, fact, cause)
          return
        }
        default:
          return assertNever(effect)
      }
    },
  })

  const logic: SteppedLogic = {
    ...carried,
    transition: (snapshot, event, scope) => {
      if (event.type === 'fact.heard') return snapshot
      if (!isRequest(event) || !isRoutine(snapshot.machine, event)) return carried.transition(snapshot, event, scope)
      const failure = desk.analyse(event)
      if (failure === null) return snapshot
      return carried.transition(snapshot, { ...event, ...failure, type: 'analysis.failed' } as AgentMessage, scope)
    },
  }
  return { logic, input: () => ({ agent, deadlineMs: house.settings.tasks[TASK_OF[agent]].timeoutMs }) }
}

const isRequest = (event: { readonly type: string }): event is AgentRequest & { readonly type: 'run-agent' } =>
  event.type === 'run-agent'

type Life = Parameters<SteppedLogic['transition']>[0]['machine']
/** Nothing is in hand and the symbol's last run went well. */
const isRoutine = ({ value, context }: Life, { symbol }: AgentRequest): boolean =>
  value === 'idle' && !context.watched.includes(symbol)

/** Stages come in order, so it is there; a stage out of order fails its run. */
function present<T>(kept: T | null): T {
  if (kept === null) throw new Error('the stage before it was left out')
  return kept
}
