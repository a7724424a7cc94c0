/** What our questions cost of Kraken's counter of calls. */
import type { Question } from '../../../ports/exchange.ts'

/**
 * Points of the key's counter (Kraken, REST rate limits: a list costs 1, a history 2). At most, short of further pages: an
 * order that is found among the open ones costs 1, and executions are asked for only where one is missing.
 */
export const QUESTION_POINTS: Readonly<Record<Question, number>> = {
  lookUp: 5,
  glance: 4,
  openOrders: 3,
  balances: 1,
  fees: 1,
  flows: 2,
  trades: 2,
  permissions: 3,
  cancelAllAfter: 1,
}
