/** What the agent machine decides; that every event is answered in every state is walked in `paths.test.ts`. */
import { describe, expect, it } from 'vitest'
import { type AgentHears, agentMachine } from '../../machines/agent.machine.ts'
import { type Effect, start, step } from '../../machines/step.ts'
import { pair } from '../../src/domain/ids.ts'

const NOON = Date.UTC(2026, 0, 5, 12)
const BTC = pair('BTC/USDT')
const XRP = pair('XRP/USDT')
const DEADLINE = 30_000

type Told<T> = T extends { readonly seenAt: number } ? Omit<T, 'seenAt'> : never
type Answer = 'snapshot.gathered' | 'view.made' | 'view.passed' | 'view.published'

function agent() {
  let current = start(agentMachine, { agent: 'technical_analysis', deadlineMs: DEADLINE })
  let now = NOON
  const effects: Effect[] = []
  const self = {
    hear: (...events: readonly Told<AgentHears>[]) => {
      for (const event of events) {
        current = step(agentMachine, current.state, { ...event, seenAt: now } as AgentHears)
        effects.push(...current.effects)
      }
      return self
    },
    answer: (...answers: readonly Answer[]) => {
      for (const type of answers) self.hear({ type, run: current.state.context.run })
      return self
    },
    stumble: (problem = 'boom') => self.hear({ type: 'stage.failed', run: current.state.context.run, problem }),
    asked: (symbol = BTC) => self.hear({ type: 'run-agent', symbol }),
    failing: () =>
      self.hear({ type: 'analysis.failed', symbol: BTC, stage: 'reasoning', problem: 'a bug', correlationId: 'c' }),
    ring: (at: number) => {
      now = at
      return self.hear({ type: 'deadline.reached', name: 'run', dueAt: at })
    },
    get state() {
      return current.state.value
    },
    get context() {
      return current.state.context
    },
    /** What was asked for since last asked, without the deadlines. */
    wants: () =>
      effects.splice(0).flatMap(({ type, params }) => {
        if (type === 'set-deadline') return []
        return type === 'publish-facts' ? (params as { facts: unknown[] }).facts : [type]
      }),
  }
  return self
}

describe('an agent', () => {
  it('goes from stage to stage of a watched run and is idle again', () => {
    const one = agent().asked()
    const states = [one.state]
    for (const answer of ['snapshot.gathered', 'view.made', 'view.passed', 'view.published'] as const)
      states.push(one.answer(answer).state)
    expect(states).toEqual(['gathering', 'reasoning', 'validating', 'publishing', 'idle'])
    expect(one.wants()).toEqual(['gather-snapshot', 'make-view', 'check-view', 'publish-view'])
  })

  it('answers a routine run that failed with a fallback, says so, and watches the symbol', () => {
    const one = agent().failing()
    expect([one.state, one.wants()]).toEqual(['failed', ['make-fallback']])
    expect([one.answer('view.passed').state, one.wants()]).toEqual(['fallback', ['publish-view']])
    one.answer('view.published')
    expect([one.state, one.context.watched]).toEqual(['idle', [BTC]])
    expect(one.wants()).toEqual([
      {
        type: 'agent.failed',
        agent: 'technical_analysis',
        symbol: BTC,
        problem: 'reasoning: a bug',
        usedFallback: true,
      },
    ])
  })

  it('trusts the symbol again after a watched run that went well', () => {
    const one = agent().failing().answer('view.passed', 'view.published')
    one.asked().answer('snapshot.gathered', 'view.made', 'view.passed', 'view.published')
    expect([one.state, one.context.watched]).toEqual(['idle', []])
  })

  it.each([
    ['gathering', []],
    ['reasoning', ['snapshot.gathered']],
    ['validating', ['snapshot.gathered', 'view.made']],
    ['publishing', ['snapshot.gathered', 'view.made', 'view.passed']],
  ] as const)('fails from %s, by its own word or by its deadline', (stage, before) => {
    const broken = agent()
      .asked()
      .answer(...before)
      .stumble()
    expect([broken.state, broken.context.problem]).toEqual(['failed', `${stage}: boom`])
    const slow = agent()
      .asked()
      .answer(...before)
      .ring(NOON + DEADLINE)
    expect([slow.state, slow.context.problem]).toEqual(['failed', `${stage}: not done by its deadline`])
    expect(slow.context.dueAt).toBe(NOON + 2 * DEADLINE)
  })

  it('says that no fallback could be had', () => {
    for (const one of [
      agent().failing().stumble(),
      agent()
        .failing()
        .ring(NOON + DEADLINE),
    ]) {
      expect(one.state).toBe('idle')
      expect(one.wants().at(-1)).toMatchObject({ type: 'agent.failed', usedFallback: false })
    }
    const unpublished = agent().failing().answer('view.passed').stumble()
    expect(unpublished.wants().at(-1)).toMatchObject({ type: 'agent.failed', usedFallback: false })
  })

  it('never takes a late answer for one to the run in hand', () => {
    const one = agent().asked().stumble().stumble().asked()
    one.hear({ type: 'snapshot.gathered', run: 1 }, { type: 'stage.failed', run: 1, problem: 'late' })
    expect([one.state, one.context.run]).toEqual(['gathering', 2])
  })

  it('takes one run at a time: one more per symbol waits its turn', () => {
    const one = agent().asked(BTC).asked(BTC).asked(XRP).asked(XRP)
    expect(one.context.waiting).toMatchObject([{ symbol: XRP }])
    one.answer('snapshot.gathered', 'view.made', 'view.passed', 'view.published')
    expect([one.state, one.context.request?.symbol, one.context.waiting]).toEqual(['gathering', XRP, []])
    expect(one.context.dueAt).toBe(NOON + DEADLINE)
  })

  it('goes on with the next when a run has failed', () => {
    const one = agent().asked(BTC).asked(XRP).stumble().stumble()
    expect([one.state, one.context.request?.symbol]).toEqual(['gathering', XRP])
  })
})
