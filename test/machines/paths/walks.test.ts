/** Long random walks, seeded: the rules of the path tests hold at every step, and a position always comes to rest. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { orderMachine } from '../../../machines/order.machine.ts'
import { start, step } from '../../../machines/step.ts'
import { checkOrder, orderInput } from './order.paths.ts'
import { orderEvents } from './order-events.ts'
import { Venue } from './venue.ts'

const SEED = 20_260_105

it('an order keeps its rules over hundreds of reports in any order; each new life is walked to its end', () => {
  let ended = 0
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 400, size: 'max' }), (picks) => {
      let { state } = start(orderMachine, orderInput)
      for (const pick of picks) {
        const events = orderEvents(state.context)
        // The end of the late-fill window comes last: drawn more often, or a walk would be one long wait for it.
        const event = pick % 4 === 0 && typeof state.value === 'object' ? events.at(-1) : events[pick % events.length]
        if (event === undefined) throw new Error('no events')
        const after = step(orderMachine, state, event)
        checkOrder({ before: state, event, after })
        state = after.state
        if (state.status !== 'done') continue
        ended += 1
        state = start(orderMachine, orderInput).state
      }
    }),
    { seed: SEED, numRuns: 40 },
  )
  expect(ended).toBeGreaterThan(400)
})

it('whatever was lost, a position that is served fairly ends closed, or protected for exactly what it holds', () => {
  const ends: Record<string, number> = { closed: 0, protected: 0 }
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 200, size: 'max' }), (moves) => {
      const venue = new Venue()
      for (const [which, pick] of moves) if (!venue.isClosed) venue.move(which, pick)
      venue.settleFairly()
      expect({ isAtRest: venue.isAtRest(), in: venue.state.value }).toEqual({ isAtRest: true, in: venue.state.value })
      ends[String(venue.state.value)] = (ends[String(venue.state.value)] ?? 0) + 1
    }),
    { seed: SEED, numRuns: 150 },
  )
  expect(ends.closed).toBeGreaterThan(10)
})
