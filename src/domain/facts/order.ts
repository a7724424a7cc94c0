/** Facts of orders, ours and others'. */
import type { ExternalOrder, ValuedMove } from '../external-order.ts'
import type { OrderId, Pair } from '../ids.ts'
import type { Book, Fill, OrderView } from '../order.ts'
import type { Topic } from '../topics.ts'

interface OrderFact {
  readonly order: OrderView
}
interface ExternalFact {
  readonly external: ExternalOrder
}

export interface OrderFacts {
  'order.intended': OrderFact
  'order.submitted': OrderFact
  'order.opened': OrderFact
  'order.partiallyFilled': OrderFact & { readonly fill: Fill }
  'order.filled': OrderFact & { readonly fill: Fill }
  'order.amended': OrderFact
  'order.cancelling': OrderFact
  'order.cancelled': OrderFact
  'order.expired': OrderFact
  'order.failed': OrderFact
  /** The answer was lost: nothing is assumed until the venue has been asked. */
  'order.unknown': OrderFact
  'order.settled': OrderFact
  /** Refused by the venue before its engine: sent again at `retryAt`, under the same id. Milliseconds UTC. */
  'order.postponed': OrderFact & { readonly retryAt: number }
  /** A change of a resting order that will not be: the order stands as it is told here. */
  'order.amendRefused': OrderFact & { readonly reason: string }
  'order.invariantBroken': OrderFact & { readonly problem: string }
  /** A fill of an order that had settled: counted by the order's book, or by core where nobody holds it any more. */
  'order.filledLate': OrderFact & { readonly fill: Fill; readonly book: Book }
  /** An order at the venue that is not ours: adopted, watched until it ends, never touched. */
  'order.externalFound': ExternalFact
  'order.externalChanged': ExternalFact
  /** What it traded moved our balances: a flow of the core book. */
  'order.externalFilled': ExternalFact & { readonly fill: Fill; readonly moves: readonly ValuedMove[] }
  'order.externalEnded': ExternalFact
  /** A command that could not be obeyed. */
  'order.denied': {
    readonly key: string
    readonly orderId: OrderId | null
    readonly symbol: Pair
    readonly reason: string
  }
}

export const ORDER_TOPICS = {
  'order.intended': 'EXECUTION_EVENTS',
  'order.submitted': 'EXECUTION_EVENTS',
  'order.opened': 'EXECUTION_EVENTS',
  'order.partiallyFilled': 'EXECUTION_EVENTS',
  'order.filled': 'EXECUTION_EVENTS',
  'order.amended': 'EXECUTION_EVENTS',
  'order.cancelling': 'EXECUTION_EVENTS',
  'order.cancelled': 'EXECUTION_EVENTS',
  'order.expired': 'EXECUTION_EVENTS',
  'order.failed': 'EXECUTION_EVENTS',
  'order.unknown': 'EXECUTION_EVENTS',
  'order.settled': 'EXECUTION_EVENTS',
  'order.postponed': 'EXECUTION_EVENTS',
  'order.amendRefused': 'EXECUTION_EVENTS',
  'order.invariantBroken': 'RISK_ALERTS',
  'order.filledLate': 'EXECUTION_EVENTS',
  'order.externalFound': 'EXECUTION_EVENTS',
  'order.externalChanged': 'EXECUTION_EVENTS',
  'order.externalFilled': 'EXECUTION_EVENTS',
  'order.externalEnded': 'EXECUTION_EVENTS',
  'order.denied': 'EXECUTION_EVENTS',
} as const satisfies Readonly<Record<keyof OrderFacts, Topic>>
