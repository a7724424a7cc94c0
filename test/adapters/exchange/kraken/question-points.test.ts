import { expect, it } from 'vitest'
import { pointsSpent, QUESTION_POINTS } from '../../../../src/adapters/exchange/kraken/question-points.ts'
import type { Question, VenueAnswer } from '../../../../src/ports/exchange.ts'

const done = (value: unknown): VenueAnswer<unknown> => ({ kind: 'done', value })
const FILL = { tradeId: 'T', price: '1', quantity: '1', fee: '0', liquidity: 'maker', at: 0 }

it.each<[string, Question, unknown, number]>([
  ['an open order without fills is in the first list', 'glance', { status: 'open', fills: [] }, 1],
  ['a partly filled one may have its trades read', 'lookUp', { status: 'open', fills: [FILL] }, 3],
  ['an ended one is in the second list', 'lookUp', { status: 'cancelled', fills: [] }, 2],
  ['a filled one has its trades read', 'lookUp', { status: 'filled', fills: [FILL] }, 4],
  ['a glance that finds nothing reads both lists', 'glance', null, 2],
  ['a search that finds nothing reads everything', 'lookUp', null, 5],
  ['open orders of which none is filled are one list', 'openOrders', [{ status: 'open', fills: [] }], 1],
  ['with a fill among them the trades are read too', 'openOrders', [{ status: 'open', fills: [FILL] }], 3],
])('%s', (_what, question, value, points) => {
  expect(pointsSpent(question, done(value))).toBe(points)
  expect(points).toBeLessThanOrEqual(QUESTION_POINTS[question])
})

it('an answer that was lost counts in full: nobody knows how far it came', () => {
  expect(pointsSpent('lookUp', { kind: 'lost', problem: 'no answer' })).toBe(5)
})
