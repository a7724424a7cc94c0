/** What questions cost of the key's counter (Kraken, REST rate limits: a list 1, a history 2), short of further pages. */
import type { VenueOrder } from '../../../domain/reports.ts'
import type { Question, VenueAnswer } from '../../../ports/exchange.ts'

const LIST = 1
const HISTORY = 2

/** At most: both lists and the trades. */
export const QUESTION_POINTS: Readonly<Record<Question, number>> = {
  lookUp: LIST + LIST + HISTORY + LIST,
  glance: LIST + LIST + HISTORY,
  openOrders: LIST + HISTORY,
  balances: 1,
  fees: 1,
  flows: HISTORY,
  trades: HISTORY,
  marginPositions: LIST,
  permissions: 3,
  cancelAllAfter: 1,
}

type Order = Pick<VenueOrder, 'status' | 'fills'>

/** An open order is found in the first list, an ended one in the second; trades are read only where something was filled. */
const costOf = ({ status, fills }: Order): number =>
  (status === 'open' || status === 'pending' ? LIST : LIST + LIST) + (fills.length > 0 ? HISTORY : 0)

/** What a question cost by the look of its answer: never less than it did. An answer that failed tells nothing. */
export function pointsSpent(question: Question, answer: VenueAnswer<unknown>): number {
  const most = QUESTION_POINTS[question]
  if (answer.kind !== 'done') return most
  if (question === 'glance' && answer.value === null) return LIST + LIST
  if ((question === 'glance' || question === 'lookUp') && answer.value !== null)
    return Math.min(most, costOf(answer.value as Order))
  if (question === 'openOrders') {
    const hasFills = (answer.value as readonly Order[]).some(({ fills }) => fills.length > 0)
    return hasFills ? most : LIST
  }
  return most
}
