/** What the hodl machine decides; that every event is answered in every state is walked in `paths.test.ts`. */
import { expect, it } from 'vitest'
import { type HodlHears, hodlMachine } from '../../machines/hodl.machine.ts'
import { start, step } from '../../machines/step.ts'
import { rules, viewOf } from './paths/hodl.paths.ts'

const NOON = Date.UTC(2026, 0, 5, 12)

/** The keys of the purchases that are asked for, one list an event. */
function asked(...events: readonly HodlHears[]): readonly (readonly string[])[] {
  let { state } = start(hodlMachine, { rules, seenAt: NOON })
  return events.map((event) => {
    const next = step(hodlMachine, state, event)
    state = next.state
    return next.effects.flatMap(({ type, params }) =>
      type === 'ask-purchase' ? [(params as { readonly key: string }).key] : [],
    )
  })
}

it('what was put off is tried after the purchase at work, when trading was allowed meanwhile', () => {
  const [cash, coins] = ['hodl/USDT/1', 'hodl/BTC/1']
  const order = viewOf({ key: coins }, 'FILLED', 20)
  const reason = 'RECONCILING: not reconciled with the venue yet'
  expect(
    asked(
      { type: 'profit.told', profitUsd: '400', rules, seenAt: NOON },
      { type: 'order.turnedAway', key: cash, reason, seenAt: NOON },
      { type: 'trading.allowed', seenAt: NOON },
      { type: 'order.reported', order, seenAt: NOON },
    ),
  ).toEqual([[cash], [coins], [], ['hodl/USDT/2']])
})
