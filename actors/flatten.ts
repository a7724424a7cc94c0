/**
 * Everything that positions hold is sold, on a person's word. As a rule each position closes itself, and it is written
 * down. Where nothing can be written at all, the venue is asked directly, and that is said: the books learn of it when
 * they are next compared with the venue.
 */
import { type OrderId, orderId, type PositionId } from '../src/domain/ids.ts'
import { isOnMargin, sentLeverage } from '../src/domain/margin-lots.ts'
import { isLive, type OrderRequest, type OrderView } from '../src/domain/order.ts'
import type { PositionView } from '../src/domain/position.ts'
import { approveReduction } from '../src/domain/risk.ts'
import { type Amount, amount, text } from '../src/domain/units.ts'
import type { VenueAnswer } from '../src/ports/exchange.ts'
import type { House } from './house.ts'
import type { PositionDesk } from './positions.actor.ts'

export interface Flattened {
  readonly positionId: PositionId
  /** `asked`: the position closes itself, and that is recorded. */
  readonly outcome: 'asked' | 'sold-unrecorded' | 'failed'
  readonly problem: string | null
}

/** The way out must have a deadline that no look-up outlives. */
const SALE_MS = 5_000

const problemOf = (answer: Exclude<VenueAnswer<unknown>, { kind: 'done' }>): string =>
  answer.kind === 'lost' ? answer.problem : answer.message

/** Never throws; what failed may be asked for again. */
export async function flatten(house: House, positions: Pick<PositionDesk, 'close'>): Promise<readonly Flattened[]> {
  const health = house.journal.health()
  const open = house.books.openPositions()
  if (health.state === 'away' && health.rows === 'unwritten')
    return Promise.all(open.map((position) => sellUnrecorded(house, position)))
  return open.map(({ positionId }) => {
    const isHeard = positions.close(positionId, 'api')
    return { positionId, outcome: isHeard ? 'asked' : 'failed', problem: isHeard ? null : 'it is not alive' }
  })
}

async function sellUnrecorded(house: House, position: PositionView): Promise<Flattened> {
  const { books, log } = house
  const { positionId } = position
  const failed = (problem: string): Flattened => {
    log.error('a position could not be sold', { positionId, problem })
    return { positionId, outcome: 'failed', problem }
  }
  let held = amount(position.quantity)
  for (const order of books.ordersOf(positionId).filter(isLive)) {
    const ended = await end(house, order)
    if (typeof ended === 'string') return failed(`${order.request.key}: ${ended}`)
    held = order.request.purpose === 'entry' ? held.plus(ended) : held.minus(ended)
  }
  if (held.lte(0)) return { positionId, outcome: 'sold-unrecorded', problem: null }
  const problem = await sell(house, position, text(held))
  if (problem !== null) return failed(problem)
  log.error('a position was sold and this is NOT RECORDED: nothing can be written', {
    positionId,
    quantity: text(held),
  })
  return { positionId, outcome: 'sold-unrecorded', problem: null }
}

/** Cancels an order; answers what it filled beyond what we knew, or why nobody knows. */
async function end({ exchange }: House, { filled, orderId: id }: OrderView): Promise<Amount | string> {
  const cancelled = await exchange.cancel(id)
  if (cancelled.kind === 'lost') return cancelled.problem
  const found = await exchange.lookUp(id)
  if (found.kind !== 'done') return problemOf(found)
  if (found.value === null) return amount(0)
  if (found.value.status === 'open' || found.value.status === 'pending') return 'it still works at the venue'
  return amount(found.value.filled).minus(filled)
}

async function sell(
  { clock, exchange, ids }: House,
  { leverage, positionId, side, symbol }: PositionView,
  quantity: string,
): Promise<string | null> {
  const sent = sentLeverage(side, leverage)
  const request: OrderRequest = {
    ...{ key: `${positionId}/flatten`, symbol, side: side === 'long' ? 'sell' : 'buy', type: 'market', quantity },
    ...{ limitPrice: null, triggerPrice: null, timeInForce: 'GTC', expiresAt: null, postOnly: false },
    ...{
      reduceOnly: isOnMargin({ leverage: sent }),
      leverage: sent,
      intent: 'close',
      purpose: 'exit',
      book: 'trading',
      positionId,
      planId: null,
    },
  }
  const verdict = approveReduction(request, { side, quantity }, [])
  if (verdict.kind === 'refused') return verdict.message
  const clientOrderId: OrderId = orderId(ids.next())
  const answer = await exchange.place({ clientOrderId, request: verdict.order, deadlineAt: clock.now() + SALE_MS })
  return answer.kind === 'done' ? null : problemOf(answer)
}
