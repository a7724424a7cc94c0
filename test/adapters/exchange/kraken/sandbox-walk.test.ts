/** Seeded walks: orders, prints and the wire's faults in any order. Whatever was lost, asking by our id tells the truth. */
import { afterEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../../../src/adapters/chance/seeded.ts'
import type { OrderId } from '../../../../src/domain/ids.ts'
import type { OrderRequest } from '../../../../src/domain/order.ts'
import type { RandomSource } from '../../../../src/ports/clock.ts'
import type { Fault } from '../../../../src/sandbox/fault-schema.ts'
import { clientId, orderRequest } from '../orders.ts'
import { openAtSandbox, type SandboxHarness } from './sandbox.harness.ts'

const SEEDS = Array.from({ length: 12 }, (_, n) => `walk ${n}`)
const STEPS = 30

const FAULTS: readonly Fault[] = [
  { kind: 'drop-request', match: { method: ['AddOrder', 'CancelOrder', 'AmendOrder'] } },
  { kind: 'drop-answer', match: { method: ['AddOrder', 'CancelOrder', 'AmendOrder'] } },
  { kind: 'server-error', status: 520, match: { method: ['AddOrder', 'CancelOrder', 'AmendOrder'] } },
  { kind: 'delay', delayMs: 1_500, match: { method: 'AddOrder' } },
  { kind: 'delay', delayMs: 7_000, match: { method: 'AddOrder' } },
  { kind: 'rate-limit', match: { method: 'AddOrder' } },
  { kind: 'duplicate-frame', match: { channel: 'executions' } },
  { kind: 'reorder-frame', match: { channel: 'executions' } },
  { kind: 'sequence-gap', match: { channel: 'executions' } },
  { kind: 'drop-socket', match: { channel: 'executions' } },
  { kind: 'silent-socket', match: { channel: 'executions' } },
  { kind: 'token-expiry' },
]

const oneOf = <T>(chance: RandomSource, all: readonly T[]): T => all[Math.floor(chance.next() * all.length)] as T

const REQUESTS: readonly Partial<OrderRequest>[] = [
  { type: 'market', limitPrice: null },
  { limitPrice: '39500' },
  { limitPrice: '39900', postOnly: true },
  { limitPrice: '40300', timeInForce: 'IOC' },
  { side: 'sell', limitPrice: '40400' },
  { side: 'sell', type: 'stop-loss', limitPrice: null, triggerPrice: '39700' },
]

async function step(house: SandboxHarness, chance: RandomSource, ids: OrderId[]): Promise<void> {
  const { exchange } = house
  const draw = chance.next()
  if (draw < 0.35) {
    const id = clientId(ids.length + 1)
    ids.push(id)
    const request = orderRequest(oneOf(chance, REQUESTS))
    await house.answered(exchange.place({ clientOrderId: id, request, deadlineAt: house.now() + 5_000 }))
  } else if (draw < 0.45 && ids.length > 0) {
    await house.answered(exchange.cancel(oneOf(chance, ids)))
  } else if (draw < 0.52 && ids.length > 0) {
    await house.answered(exchange.amend({ clientOrderId: oneOf(chance, ids), quantity: '0.02' }))
  } else if (draw < 0.75) {
    const price = oneOf(chance, ['39400', '39600', '39890', '40000', '40150', '40500'])
    await house.print(price, oneOf(chance, ['0.01', '0.03', '2']))
  } else if (draw < 0.9) {
    house.fault(oneOf(chance, FAULTS))
  } else {
    await house.pass(oneOf(chance, [500, 3_000, 9_000]))
  }
}

describe('whatever goes wrong on the wire', () => {
  let house: SandboxHarness
  afterEach(() => house.stop())

  it.each(SEEDS)('an order is there at most once, and asking by our id tells the truth: %s', async (seed) => {
    house = await openAtSandbox()
    const chance = seededRandom(seed)
    const ids: OrderId[] = []
    await house.print('40000', '1')
    for (let taken = 0; taken < STEPS; taken += 1) await step(house, chance, ids)
    house.sandbox.faults.remove(null)
    await house.pass(10_000)
    await house.until(() => house.lines.at(-1) === 'up')
    await house.exchange.caughtUp()

    for (const id of ids) {
      const placed = house.sandbox.venue.ordersOf({ clientOrderId: id })
      expect(placed.length).toBeLessThanOrEqual(1)
      const [there] = placed
      const answer = await house.answered(house.exchange.lookUp(id))
      if (there === undefined) {
        expect(answer).toEqual({ kind: 'done', value: null })
        continue
      }
      expect(answer).toMatchObject({
        kind: 'done',
        value: {
          venueOrderId: there.venueOrderId,
          status: there.status,
          quantity: there.quantity,
          filled: there.filled,
        },
      })
      const known = new Map(there.fills.map((fill) => [fill.tradeId, fill]))
      const told = house.reports.flatMap((report) =>
        report.kind === 'filled' && report.clientOrderId === id ? [report.fill] : [],
      )
      expect(new Set(told.map((fill) => fill.tradeId)).size).toBe(told.length)
      for (const fill of told) expect(fill).toEqual(known.get(fill.tradeId))
      const ends = house.reports.filter(
        (report) => report.clientOrderId === id && (report.kind === 'cancelled' || report.kind === 'expired'),
      )
      expect(ends.length).toBeLessThanOrEqual(1)
      if (ends.length > 0) expect(there.status).toBe(ends[0]?.kind)
    }
  })
})
