/** Moments in which a position could be forgotten, told one by one beside the paths that it can take. */
import { describe, expect, it } from 'vitest'
import { type PositionHears, positionMachine } from '../../machines/position.machine.ts'
import { start, step } from '../../machines/step.ts'
import type { OrderView } from '../../src/domain/order.ts'
import type { OrderDirective } from '../../src/domain/position-story.ts'
import { NOON } from './paths/order-events.ts'
import { positionInput } from './paths/position.paths.ts'
import { unheard } from './paths/position-events.ts'

/** A long of ten XRP from 100, its stop at 95: told message by message, each a moment after the last. */
function life() {
  let { state, effects } = start(positionMachine, positionInput)
  let now = NOON
  const hear = (message: PositionHears): void => {
    ;({ state, effects } = step(positionMachine, state, message))
  }
  const directives = (): readonly OrderDirective[] =>
    effects.flatMap(({ type, params }) =>
      type === 'direct-orders' ? (params as { directives: readonly OrderDirective[] }).directives : [],
    )
  /** The latest order of that purpose, as it is from now on. */
  const report = (purpose: 'entry' | 'stop' | 'exit', changes: Partial<OrderView>): void => {
    const slot = state.context.slots.findLast(({ request }) => request.purpose === purpose)
    if (slot === undefined) throw new Error(`no ${purpose} was asked for`)
    now += 100
    const order = { ...(slot.view ?? unheard(slot.request, now)), ...changes }
    hear({ type: 'order.reported', order, seenAt: now })
  }
  const fill = (purpose: 'entry' | 'stop' | 'exit', filled: string, changes: Partial<OrderView> = {}): void =>
    report(purpose, { status: 'PARTIALLY_FILLED', phase: 'partiallyFilled', filled, cost: filled, ...changes })
  /** Every deadline that runs until then rings, in its order. */
  const pass = (ms: number): void => {
    const until = now + ms
    for (;;) {
      const rings = Object.entries(state.context.deadlines)
        .flatMap(([name, at]) => (typeof at === 'number' && at > now && at <= until ? [{ name, dueAt: at }] : []))
        .sort((a, b) => a.dueAt - b.dueAt)
      const [next] = rings
      if (next === undefined) break
      now = next.dueAt
      hear({ type: 'deadline.reached', ...next, seenAt: now })
    }
    now = until
  }
  return { report, fill, pass, directives, phase: () => state.value, held: () => state.context.slots }
}

describe('on its way out with nothing left, while its entry could not be cancelled yet', () => {
  it('it sells what the entry still brings, also where the venue refuses the first sale long after', () => {
    const one = life()
    one.fill('entry', '5')
    one.report('stop', { status: 'OPEN', phase: 'open' })
    one.fill('stop', '5', { status: 'FILLED', phase: 'settling' })
    expect(one.phase()).toBe('closing')
    one.pass(60_000)
    one.fill('entry', '10', { status: 'CANCELLED', phase: 'settling' })
    expect(one.directives()).toMatchObject([{ kind: 'place', request: { quantity: '5', purpose: 'exit' } }])
    one.report('exit', { status: 'ERROR', phase: 'settling', reason: 'refused' })
    one.pass(60_000)
    expect(one.phase()).toBe('emergencyExit')
    const exits = one.held().filter(({ request }) => request.purpose === 'exit')
    expect(exits.length).toBeGreaterThan(1)
  })
})

it('stops that the venue takes and lets expire at once are no protection: it is sold', () => {
  const one = life()
  one.fill('entry', '10', { status: 'FILLED', phase: 'settling' })
  for (let tries = 0; tries < 5 && one.phase() !== 'emergencyExit'; tries += 1) {
    one.report('stop', { status: 'OPEN', phase: 'open' })
    one.report('stop', { status: 'EXPIRED', phase: 'settling' })
  }
  expect(one.phase()).toBe('emergencyExit')
  expect(one.held().filter(({ request }) => request.purpose === 'stop')).toHaveLength(3)
})
