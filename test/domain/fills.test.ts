import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countFills, isComplete, isOverfilled, NO_FILLS, newFills } from '../../src/domain/fills.ts'
import { tradeId } from '../../src/domain/ids.ts'
import type { Fill } from '../../src/domain/order.ts'
import { amount, text } from '../../src/domain/units.ts'

const fill = (id: string, price: string, quantity: string, fee = '0', at = 0): Fill => ({
  ...{ tradeId: tradeId(id), price, quantity, fee, liquidity: 'taker', at },
})
const anyFill = fc
  .record({
    id: fc.integer({ min: 0, max: 12 }),
    cents: fc.integer({ min: 1, max: 9_000_000 }),
    lots: fc.integer({ min: 1, max: 10 ** 9 }),
    fee: fc.integer({ min: 0, max: 10 ** 6 }),
  })
  // A trade id is one execution: the same id always says the same.
  .map(({ id, cents, lots, fee }) => ({ id, of: [cents + id, lots + id, fee + id] as const }))

const executions = fc.array(anyFill, { maxLength: 30 }).map((given) => {
  const byId = new Map<number, Fill>()
  return given.map(({ id, of: [cents, lots, fee] }) => {
    const known = byId.get(id)
    if (known !== undefined) return known
    const [price, quantity] = [text(amount(cents).div(100)), text(amount(lots).div(10 ** 8))]
    const made = fill(`t${id}`, price, quantity, text(amount(fee).div(10 ** 4)), id)
    byId.set(id, made)
    return made
  })
})

describe('executions', () => {
  it('count once per trade id, whatever order or how often they arrive, one by one or all at once', () => {
    fc.assert(
      fc.property(executions, fc.integer({ min: 0, max: 30 }), (given, cut) => {
        const once = countFills(NO_FILLS, given)
        const piecemeal = given.reduce((totals, one) => countFills(totals, [one]), NO_FILLS)
        const backwards = countFills(NO_FILLS, [...given].reverse())
        const twice = countFills(countFills(NO_FILLS, given.slice(0, cut)), [...given, ...given])
        for (const totals of [piecemeal, backwards, twice]) {
          expect([totals.filled, totals.cost, totals.fees]).toEqual([once.filled, once.cost, once.fees])
          expect(new Set(totals.fills)).toEqual(new Set(once.fills))
        }
      }),
      { seed: 20_251_103 },
    )
  })

  it('add up exactly: quantity, price × quantity, fees', () => {
    fc.assert(
      fc.property(executions, (given) => {
        const each = [...new Map(given.map((one) => [one.tradeId, one])).values()]
        const exact = (of: (one: Fill) => readonly [string, number][]): bigint =>
          each.reduce(
            (sum, one) =>
              sum +
              of(one).reduce(
                (product, [value, places]) => product * BigInt(text(amount(value).times(10 ** places))),
                1n,
              ),
            0n,
          )
        const totals = countFills(NO_FILLS, given)
        expect(text(amount(totals.filled).times(10 ** 8))).toBe(String(exact((one) => [[one.quantity, 8]])))
        expect(text(amount(totals.cost).times(10 ** 10))).toBe(
          String(
            exact((one) => [
              [one.quantity, 8],
              [one.price, 2],
            ]),
          ),
        )
        expect(text(amount(totals.fees).times(10 ** 4))).toBe(String(exact((one) => [[one.fee, 4]])))
      }),
      { seed: 7 },
    )
  })

  it('that are new come oldest first, each once', () => {
    const known = countFills(NO_FILLS, [fill('a', '1', '1', '0', 5)])
    const [late, early] = [fill('b', '1', '1', '0', 9), fill('c', '1', '1', '0', 2)]
    expect(newFills(known, [late, fill('a', '1', '1', '0', 5), early, late])).toEqual([early, late])
  })

  it('that were counted change nothing at all', () => {
    const known = countFills(NO_FILLS, [fill('a', '1', '1')])
    expect(countFills(known, [fill('a', '1', '1')])).toBe(known)
    expect(countFills(known, [])).toBe(known)
  })
})

it('complete is to the last lot, and more than that is too much', () => {
  expect([isComplete('0.01', '0.0100'), isComplete('0.00999999', '0.01')]).toEqual([true, false])
  expect([isOverfilled('0.01', '0.010'), isOverfilled('0.01000001', '0.01')]).toEqual([false, true])
})
