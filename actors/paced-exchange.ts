/**
 * The venue behind the one queue: whoever calls it, actors or the comparison, waits for its turn. What a call costs of the
 * limits is said here.
 */
import type { OrderId, Pair } from '../src/domain/ids.ts'
import { isWayOut, type OrderView } from '../src/domain/order.ts'
import type { CallCost, PacingRules, Priority } from '../src/domain/pacing.ts'
import { addPoints, changePoints } from '../src/domain/venue-limits.ts'
import type { Clock } from '../src/ports/clock.ts'
import type { Exchange, PlaceRequest, Question } from '../src/ports/exchange.ts'
import { createPacing, type PacedCall, type Pacing, type Refused } from './pacing.ts'

/** What a placement is asked and told when its turn has come. */
export interface Leaving {
  /** Why it may not leave any more; null when it may. */
  forbidden(): Refused | null
  onSent(): void
}

export interface PacedExchange extends Exchange {
  place(order: PlaceRequest, leaving?: Leaving): ReturnType<Exchange['place']>
  readonly pacing: Pick<Pacing, 'waiting' | 'stop'>
}

export interface PacedParts {
  readonly clock: Clock
  readonly rules: PacingRules
  /** An order as we know it: whom its cancel or amendment serves, and how old it is. */
  readonly orderOf: (id: OrderId) => OrderView | null
}

/** Ages are kept for the orders that were placed or amended last; an older one costs least to change. */
const MOST_AGES = 1_000

export function pacedExchange(venue: Exchange, { clock, rules, orderOf }: PacedParts): PacedExchange {
  const pacing = createPacing({ clock, rules, callsAtOnce: venue.callsAtOnce })
  venue.onCount?.((symbol, points) => pacing.heard(symbol, points))
  const touchedAt = new Map<OrderId, number>()
  const touch = (id: OrderId): void => {
    touchedAt.delete(id)
    touchedAt.set(id, clock.now())
    for (const oldest of touchedAt.keys()) {
      if (touchedAt.size <= MOST_AGES) return
      touchedAt.delete(oldest)
    }
  }
  /** Milliseconds since it was placed or last amended, as far as we know: the venue asks more for younger ones. */
  const ageOf = (id: OrderId): number => {
    const since = touchedAt.get(id) ?? orderOf(id)?.createdAt
    return since === undefined ? 0 : Math.max(0, clock.now() - since)
  }
  const protects = (id: OrderId): boolean => {
    const order = orderOf(id)
    return order !== null && isWayOut(order.request)
  }
  const change = (priority: Priority, symbol: Pair | null, enginePoints: number): CallCost => ({
    ...{ priority, changesOrders: true, symbol, enginePoints, restPoints: 0 },
  })
  const symbolOf = (id: OrderId): Pair | null => orderOf(id)?.request.symbol ?? null
  /** Charged with the most that it may cost, until its answer shows what it did. */
  const question = (name: Question, priority: Priority = 'read'): PacedCall => {
    const most = venue.questionPoints?.[name] ?? 0
    return {
      ...{ priority, changesOrders: false, symbol: null, enginePoints: 0, restPoints: most },
      refund: (given) => most - (venue.pointsSpent?.(name, given) ?? most),
    }
  }

  return {
    name: venue.name,
    callsAtOnce: venue.callsAtOnce,
    pacing,
    place: (order, leaving) => {
      const { request } = order
      const cost = change(isWayOut(request) ? 'exit' : 'entry', request.symbol, addPoints(1, false))
      const forbidden = leaving === undefined ? {} : { forbidden: leaving.forbidden }
      return pacing.ask({ ...cost, ...forbidden, deadlineAt: order.deadlineAt }, () => {
        leaving?.onSent()
        touch(order.clientOrderId)
        return venue.place(order)
      })
    },
    amend: (order) => {
      const { clientOrderId: id } = order
      const cost = change(protects(id) ? 'amend' : 'entry', symbolOf(id), changePoints('amend', ageOf(id)))
      return pacing.ask(cost, () => {
        touch(id)
        return venue.amend(order)
      })
    },
    // A stop or an exit is cancelled only to make room for the way out.
    cancel: (id) =>
      pacing.ask(change(protects(id) ? 'exit' : 'cancel', symbolOf(id), changePoints('cancel', ageOf(id))), () =>
        venue.cancel(id),
      ),
    lookUp: (id, isGlance = false) =>
      pacing.ask(question(isGlance ? 'glance' : 'lookUp', 'cancel'), () => venue.lookUp(id, isGlance)),
    validate: (order) =>
      pacing.ask(change('entry', order.request.symbol, addPoints(1, false)), () => venue.validate(order)),
    // Public: nobody's counter.
    instruments: () => venue.instruments(),
    openOrders: () => pacing.ask(question('openOrders'), () => venue.openOrders()),
    balances: () => pacing.ask(question('balances'), () => venue.balances()),
    fees: (symbols) => pacing.ask(question('fees'), () => venue.fees(symbols)),
    flows: (since) => pacing.ask(question('flows'), () => venue.flows(since)),
    trades: (since) => pacing.ask(question('trades'), () => venue.trades(since)),
    marginPositions: () => pacing.ask(question('marginPositions'), () => venue.marginPositions()),
    permissions: () => pacing.ask(question('permissions'), () => venue.permissions()),
    cancelAllAfter: (timeoutMs) =>
      pacing.ask(question('cancelAllAfter', timeoutMs === 0 ? 'exit' : 'cancel'), () =>
        venue.cancelAllAfter(timeoutMs),
      ),
    onCharge: (listener) => venue.onCharge?.(listener),
    onReport: (listener) => venue.onReport(listener),
    onLine: (listener) => venue.onLine(listener),
    start: () => venue.start(),
    stop: () => venue.stop(),
  }
}
