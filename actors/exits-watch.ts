/** The invariant of exits, watched: those of a position together never sell more than it holds. */
import type { Fact } from '../src/domain/facts.ts'
import type { PositionId } from '../src/domain/ids.ts'
import type { OrderView } from '../src/domain/order.ts'
import { exitsProblem } from '../src/domain/order-birth.ts'
import { ocoGroupOf } from '../src/domain/risk-reduction.ts'
import type { Holdings } from './holdings.ts'
import type { House } from './house.ts'

/**
 * How long a leg of a pair may be too large though the venue answers. The venue does not link it to the other: what that
 * one sells, this one gives up by an amendment, which may be refused and asked for again.
 */
const LAG_MS = 10_000

/**
 * Orders of their own are judged at every execution. The legs of a pair are judged where everything was compared with the
 * venue: too large at one comparison, and still at one that is later by more than an amendment takes.
 */
export function createExitsWatch(
  { books, state }: Pick<House, 'books' | 'state'>,
  holdings: Holdings,
): (fact: Fact) => void {
  const broken = new Set<PositionId>()
  const tooLargeSince = new Map<PositionId, number>()

  const tell = (owner: PositionId, order: OrderView, problem: string): void => {
    if (broken.has(owner)) return
    broken.add(owner)
    state('orders', { type: 'order.invariantBroken', order, problem })
  }
  const problemOf = (owner: PositionId, exits = holdings.liveExits(owner)): string | null =>
    exitsProblem(holdings.heldBy(owner)?.quantity ?? '0', exits)

  function judgePairs(at: number): void {
    const legs = new Map<PositionId, OrderView>()
    for (const order of books.liveOrders())
      if (order.request.positionId !== null && ocoGroupOf(order.request) !== null)
        legs.set(order.request.positionId, order)
    for (const owner of tooLargeSince.keys()) if (!legs.has(owner)) tooLargeSince.delete(owner)
    for (const [owner, leg] of legs) {
      const problem = problemOf(owner)
      if (problem === null) {
        tooLargeSince.delete(owner)
        continue
      }
      const since = tooLargeSince.get(owner) ?? at
      tooLargeSince.set(owner, since)
      if (at - since >= LAG_MS) tell(owner, leg, problem)
    }
  }

  return (fact) => {
    if (fact.type === 'reconciliation.completed') judgePairs(fact.at)
    if (fact.type !== 'order.filled' && fact.type !== 'order.partiallyFilled') return
    const owner = fact.order.request.positionId
    if (owner === null) return
    const alone = holdings.liveExits(owner).filter(({ ocoGroup }) => ocoGroup === null)
    const problem = problemOf(owner, alone)
    if (problem !== null) tell(owner, fact.order, problem)
  }
}
