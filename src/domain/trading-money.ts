/** What the trading book may pay with. */
import { type Pair, quoteOf } from './ids.ts'

/**
 * Why a pair is not traded; null where it is. A trade spends cash, which is USDT, and never coins: those are the core
 * book's or a hodl bag's. Bought with core coins, a position would be a sale that the rebalancer buys back.
 */
export function paymentProblem(symbol: Pair): string | null {
  const quote = quoteOf(symbol)
  if (quote === 'USDT') return null
  return `${symbol} is paid in ${quote}, and what the account has of it is the core book's or a hodl bag's, which a trade never spends: trade pairs quoted in USDT`
}
