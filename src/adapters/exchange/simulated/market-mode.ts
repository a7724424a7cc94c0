/** What the whole market lets through, as Kraken's system status says. */
import { REFUSED, type Refusal } from './refusals.ts'
import type { NewOrder } from './venue-order.ts'

/** `cancel_only` and `maintenance` match nothing; `post_only` takes post-only limit orders and matches nothing. */
export type MarketMode = 'online' | 'cancel_only' | 'post_only' | 'limit_only' | 'maintenance'

/** The state of the market that all its parts look at. */
export interface Session {
  mode: MarketMode
}

/** Are prints matched with orders? */
export const isMatching = (mode: MarketMode): boolean => mode === 'online' || mode === 'limit_only'

/** Why an order may not be placed or amended in this mode; null where it may. */
export function modeProblem(mode: MarketMode, order: Pick<NewOrder, 'type' | 'postOnly'>): Refusal | null {
  switch (mode) {
    case 'online':
      return null
    case 'maintenance':
      return REFUSED.maintenance
    case 'cancel_only':
      return REFUSED.cancelOnly
    case 'post_only':
      return order.postOnly ? null : REFUSED.postOnlyMode
    case 'limit_only':
      return order.type === 'limit' || order.type === 'iceberg' ? null : REFUSED.limitOnly
  }
}
