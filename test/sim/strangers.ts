/** Somebody else on the same account: orders at the venue that the system never asked for. */
import type { SimulatedExchange } from '../../src/adapters/exchange/simulated/paper-interface.ts'
import type { Approved } from '../../src/domain/approved.ts'
import { type OrderId, orderId } from '../../src/domain/ids.ts'
import type { OrderRequest } from '../../src/domain/order.ts'
import type { Clock, RandomSource } from '../../src/ports/clock.ts'
import { between, pick, waiting } from './draw.ts'
import type { FaultScript } from './faults.ts'
import { BTC, priceText, type SeededMarket, SYMBOLS } from './market.ts'
import type { Truth } from './truth.ts'

export interface StrangerParts {
  readonly random: RandomSource
  readonly clock: Clock
  readonly venue: SimulatedExchange
  readonly truth: Truth
  readonly market: SeededMarket
  readonly script: FaultScript
}

const SHORTEST_STAY_MS = 60_000
const MEAN_STAY_MS = 600_000

export class Strangers {
  readonly #parts: StrangerParts
  readonly #resting = new Set<OrderId>()
  #count = 0

  constructor(parts: StrangerParts) {
    this.#parts = parts
  }

  /** A small order far from the market, taken back after a while. */
  act(): void {
    const { random, clock, venue, truth, market, script } = this.#parts
    const symbol = pick(random, SYMBOLS)
    this.#count += 1
    const id = orderId(`00000000-0000-4000-8000-${String(this.#count).padStart(12, '0')}`)
    const request = {
      ...{ key: `stranger/${this.#count}`, symbol, side: 'buy', type: 'limit', triggerPrice: null },
      quantity: symbol === BTC ? '0.0001' : '5',
      limitPrice: priceText(symbol, market.price(symbol) * between(random, 0.4, 0.5)),
      ...{ timeInForce: 'GTC', expiresAt: null, postOnly: false, reduceOnly: false, leverage: 1 },
      ...{ intent: 'open', purpose: 'entry', book: 'trading', positionId: null, planId: null },
    } as const satisfies OrderRequest
    const order = {
      clientOrderId: id,
      request: request as unknown as Approved<OrderRequest>,
      deadlineAt: clock.now() + 60_000,
    }
    script.count('external-order', symbol)
    truth.asked(order, true)
    this.#resting.add(id)
    void venue.place(order)
    clock.at(clock.now() + SHORTEST_STAY_MS + waiting(random, MEAN_STAY_MS), () => this.#take(id))
  }

  /** Everything of theirs is taken back. */
  leave(): void {
    for (const id of [...this.#resting]) this.#take(id)
  }

  #take(id: OrderId): void {
    if (this.#resting.delete(id)) void this.#parts.venue.cancel(id)
  }
}
