/** An order's life through `step()`, beside a reducer that does the same with a switch. */
import { orderMachine } from '../machines/order.machine.ts'
import { start, step } from '../machines/step.ts'
import { countFills, isComplete, NO_FILLS } from '../src/domain/fills.ts'
import { orderId, tradeId, venueOrderId } from '../src/domain/ids.ts'
import type { Fill, OrderPhase } from '../src/domain/order.ts'
import type { Bench } from './measure.ts'
import { entry } from './orders.ts'

const LIVES = 1_000
const AT = 1_800_000_000_000
const POLICY = { acknowledgeMs: 5_000, cancelMs: 5_000, lateFillMs: 60_000, lookUpFirstMs: 1_000, lookUpMaxMs: 30_000 }
const V1 = venueOrderId('V1')
const fillOf = (id: string): Fill => ({
  ...{ tradeId: tradeId(id), price: '40000', quantity: '0.005', fee: '1.6', liquidity: 'taker', at: AT },
})
const LIFE = [
  { type: 'venue.sent', seenAt: AT },
  { type: 'venue.acknowledged', venueOrderId: V1, seenAt: AT + 1 },
  { type: 'venue.filled', venueOrderId: V1, fill: fillOf('a'), seenAt: AT + 2 },
  { type: 'venue.filled', venueOrderId: V1, fill: fillOf('b'), seenAt: AT + 3 },
  { type: 'deadline.reached', name: 'settle', dueAt: AT + 3 + POLICY.lateFillMs, seenAt: AT + 60_003 },
] as const
const BIRTH = { orderId: orderId('o1'), request: entry(1), policy: POLICY, seenAt: AT }

type Heard = (typeof LIFE)[number]
interface Plain {
  readonly phase: OrderPhase
  readonly totals: typeof NO_FILLS
  readonly updatedAt: number
}

/** What the machine decides on this path, and no more. */
function reduced(order: Plain, heard: Heard): Plain {
  const updatedAt = heard.seenAt
  switch (heard.type) {
    case 'venue.sent':
      return { ...order, phase: 'submitting', updatedAt }
    case 'venue.acknowledged':
      return { ...order, phase: 'open', updatedAt }
    case 'venue.filled': {
      const totals = countFills(order.totals, [heard.fill])
      const phase = isComplete(totals.filled, BIRTH.request.quantity) ? 'settling' : 'partiallyFilled'
      return { phase, totals, updatedAt }
    }
    case 'deadline.reached':
      return { ...order, phase: 'done', updatedAt }
  }
}

export const machineStep: Bench = async () => {
  const measured = (): void => {
    for (let life = 0; life < LIVES; life += 1) {
      let { state } = start(orderMachine, BIRTH)
      for (const heard of LIFE) state = step(orderMachine, state, heard).state
      if (state.status !== 'done') throw new Error(`the order ended ${JSON.stringify(state.value)}`)
    }
  }
  const bare = (): void => {
    for (let life = 0; life < LIVES; life += 1) {
      let order: Plain = { phase: 'intended', totals: NO_FILLS, updatedAt: AT }
      for (const heard of LIFE) order = reduced(order, heard)
      if (order.phase !== 'done') throw new Error(`the order ended ${order.phase}`)
    }
  }
  const operations = LIVES * (LIFE.length + 1)
  return { name: 'step() of an order', unit: 'event', baseline: 'plain reducer', measured, bare, operations }
}
