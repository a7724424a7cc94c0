/**
 * The owner's position tracker: what is held and at stake, and what a person may ask of a position. Every close is an
 * order of the position's own, and its profit is what that order's fills bring: a price handed in here is a note.
 */

import type { PositionHears } from '../machines/position.machine.ts'
import type { ExposureView } from '../src/domain/exposure.ts'
import { type PositionId, parsePair, positionId } from '../src/domain/ids.ts'
import { type PositionView, realisedNet, returnOnMarginPct, unrealisedGross } from '../src/domain/position.ts'
import {
  type Crossing,
  crossedBy,
  type Judged,
  judgeChange,
  judgeClose,
  judgeDistance,
  type Refusal,
  type RequestCode,
} from '../src/domain/position-requests.ts'
import { DEFAULT_DISTANCE_PCT } from '../src/domain/trailing.ts'
import { type Amount, type Numeric, price, text } from '../src/domain/units.ts'
import type { PositionStatus } from '../src/ports/desk.ts'
import { positionAddress } from './addresses.ts'
import { unclosed } from './breaker-positions.ts'
import { type ExposureParts, exposureNow, withCharges } from './exposure.ts'
import { type House, instrumentOf } from './house.ts'

export interface PositionAnswer {
  /** Accepted is not done: what becomes of it is told by the position's facts. */
  readonly accepted: boolean
  readonly positionId: PositionId
  readonly code?: RequestCode
  readonly message?: string
}

/** What may be asked of positions from outside. Nothing here throws; `by` is who asks, and is journaled with it. */
export interface PositionOperations {
  /** As they were opened; none for what is no pair. */
  list(filter?: { readonly status?: 'open' | 'closed'; readonly symbol?: string }): readonly PositionStatus[]
  get(id: string): PositionStatus | null
  /** A stop is replaced, a target replaced or, by null, cleared. Prices are rounded to the tick. */
  modify(
    id: string,
    change: { readonly stopLoss?: Numeric; readonly takeProfit?: Numeric | null },
    by: string,
  ): PositionAnswer
  /** `exitPrice` is a reference, at most 5 % from the mark; `reason` is kept with it. */
  close(
    id: string,
    asked: { readonly exitPrice?: Numeric | null; readonly reason?: string | null; readonly by: string },
  ): PositionAnswer
  /** Everything in the trading book, through the coordinator, an answer for each; core holdings stay. */
  closeAll(reason: string, by: string): readonly PositionAnswer[]
  /** From now on its stop follows the price by this, per cent of the best; without, as positions are born to. */
  enableTrailingStop(id: string, distancePct: Numeric | undefined, by: string): PositionAnswer
  exposure(): ExposureView
  /** The stops and targets that these prices would set off, by symbol. It asks: only ticks act. */
  checkTriggers(prices: Readonly<Record<string, Numeric>>): readonly Crossing[]
}

function worthNow(position: PositionView, mark: Amount | null): PositionStatus {
  const told = { ...position, realisedNet: realisedNet(position) }
  if (mark === null) return { ...told, mark: null, unrealisedPnl: null, unrealisedPnlPct: null }
  const gross = unrealisedGross(position, price(mark))
  const unrealisedPnlPct = returnOnMarginPct(position, gross)
  return { ...told, mark: text(mark), unrealisedPnl: text(gross), unrealisedPnlPct }
}

/** A command without its time. */
type Asked = PositionHears extends infer C ? (C extends PositionHears ? Omit<C, 'seenAt'> : never) : never

export function createPositionOperations(house: House, parts: ExposureParts): PositionOperations {
  const { addresses, books, clock, settings } = house
  const bornDistance = settings.positionPolicy.trailing?.distancePct ?? DEFAULT_DISTANCE_PCT
  const markOf = ({ symbol }: PositionView): Amount | null => parts.account.priceOf()(symbol)
  const marketOf = (position: PositionView) => ({
    mark: markOf(position),
    instrument: instrumentOf(settings, position.symbol),
  })
  const statusOf = (position: PositionView): PositionStatus => worthNow(withCharges(books, position), markOf(position))
  const refused = (id: string, { code, message }: Refusal): PositionAnswer => ({
    ...{ accepted: false, positionId: positionId(id), code, message },
  })

  /** Judges the position as it is, and tells it what came of that. Never throws, whatever is asked. */
  function ask<T>(
    id: string,
    judge: (position: PositionView) => Judged<T>,
    command: (asked: T) => Asked,
  ): PositionAnswer {
    const position = books.position(positionId(id))
    if (position === null) return refused(id, { code: 'UNKNOWN_POSITION', message: `no position ${id}` })
    try {
      const judged = judge(position)
      if ('refusal' in judged) return refused(id, judged.refusal)
      const message = { ...command(judged.asked), seenAt: clock.now() } as PositionHears
      if (!addresses.tell(positionAddress(position.positionId), message))
        return refused(id, { code: 'UNAVAILABLE', message: 'the position is being restarted' })
      return { accepted: true, positionId: position.positionId }
    } catch (error) {
      return refused(id, { code: 'INVALID_REQUEST', message: error instanceof Error ? error.message : String(error) })
    }
  }
  const close: PositionOperations['close'] = (id, asked) =>
    ask(
      id,
      (position) => judgeClose(position, asked, markOf(position)),
      (wish) => ({ type: 'close-position', reason: 'api', ...wish, by: asked.by }),
    )

  return {
    list: ({ status, symbol } = {}) => {
      const wanted = symbol === undefined ? null : parsePair(String(symbol))
      if (symbol !== undefined && wanted === null) return []
      return [...books.positions()]
        .filter((one) => status === undefined || one.status === status)
        .filter((one) => wanted === null || one.symbol === wanted)
        .map(statusOf)
    },
    get: (id) => {
      const position = books.position(positionId(id))
      return position === null ? null : statusOf(position)
    },
    modify: (id, given, by) =>
      ask(
        id,
        (position) => judgeChange(position, given, marketOf(position)),
        (change) => ({ type: 'modify-position', ...change, by }),
      ),
    close,
    closeAll: (note, by) => {
      const leaving = unclosed(books)
      const command = { type: 'close-all-positions', reason: 'api', by, note, seenAt: clock.now() } as const
      if (addresses.tell('coordinator', command)) return leaving.map((id) => ({ accepted: true, positionId: id }))
      // A way out needs nobody but the position.
      return leaving.map((id) => close(id, { reason: note, by }))
    },
    enableTrailingStop: (id, distancePct, by) =>
      ask(
        id,
        (position) => judgeDistance(position, distancePct ?? bornDistance, marketOf(position)),
        (distance) => ({ type: 'enable-trailing', distancePct: distance, by }),
      ),
    exposure: () => exposureNow(house, parts),
    checkTriggers: (prices) => crossedBy(books.openPositions(), prices),
  }
}
