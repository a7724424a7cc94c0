/** What the venue closed by force, by its own trades: booked once, the end of its positions, and nothing follows for them. */
import type { Books } from '../../actors/books.ts'
import type { Fact } from '../../src/domain/facts.ts'
import type { PositionId } from '../../src/domain/ids.ts'
import type { Fill, OrderView } from '../../src/domain/order.ts'
import { type Amount, amount, sumOf, ZERO } from '../../src/domain/units.ts'
import type { Attempt } from './line.ts'
import type { Fail, Scene } from './scene.ts'
import { entrySide, shown, type TruePosition } from './truth.ts'

/** What of a forced trade the system gave to one position, or to none. */
interface Part {
  readonly positionId: PositionId | null
  readonly fill: Fill
}

/** From the moment that nothing is in its way any more, no order for it rests at the venue within this. */
const WITHDRAWN_WITHIN_MS = 60_000

/** And once its trade is booked, the position ends within this: an entry's late fills are waited for. */
const ENDED_WITHIN_MS = 180_000

/** An exit that was never placed stands for a trade of the venue's own. */
export const isForced = ({ request }: OrderView): boolean => request.key.includes('/liquidation/')

export class Forced {
  readonly #scene: Scene
  readonly #fail: Fail
  readonly #parts: Part[] = []
  readonly #closed = new Set<PositionId>()
  readonly #dust = new Map<PositionId, Amount>()
  readonly #bookedAt = new Map<PositionId, number>()
  readonly #charged = new Map<PositionId, Amount>()
  /** Positions that the venue emptied, since when. */
  readonly #emptiedAt = new Map<PositionId, number>()

  constructor(scene: Scene, fail: Fail) {
    this.#scene = scene
    this.#fail = fail
  }

  /** A placement leaves the process. */
  onPlace({ order: { request } }: Attempt): void {
    if (request.positionId !== null && this.#closed.has(request.positionId))
      this.#fail('nothing is placed for what has closed', `${request.key} left`)
  }

  /** A fact that is on the disk, in whichever life. */
  onFact(fact: Fact): void {
    if (fact.type === 'position.closed') this.#closed.add(fact.position.positionId)
    if (fact.type === 'position.dustTransferred') this.#dust.set(fact.position.positionId, amount(fact.quantity))
    if (fact.type === 'account.financed' && fact.positionId !== null)
      this.#charged.set(fact.positionId, this.#chargedTo(fact.positionId).minus(fact.flow.amount))
    if (fact.type === 'order.filledLate' && isForced(fact.order)) this.#book(fact.order, fact.fill)
  }

  #chargedTo = (positionId: PositionId): Amount => this.#charged.get(positionId) ?? ZERO

  #book({ request: { positionId, key } }: OrderView, fill: Fill): void {
    const trade = this.#scene.truth.forced.get(fill.tradeId)
    const known = this.#partsOf(fill)
    if (trade === undefined) this.#fail('every liquidation once', `${key}, which the venue knows nothing of`)
    else if (known.some((part) => part.positionId === positionId))
      this.#fail('every liquidation once', `${key} was booked twice`)
    else if (trade.price !== fill.price) this.#fail('every liquidation once', `${key} at another price`)
    this.#parts.push({ positionId, fill })
    if (positionId !== null) this.#bookedAt.set(positionId, this.#scene.now())
  }

  #partsOf = ({ tradeId }: Fill): readonly Part[] => this.#parts.filter(({ fill }) => fill.tradeId === tradeId)

  /** After every step: nothing rests for what was emptied by force. */
  check(): void {
    const { truth } = this.#scene
    if (truth.forced.size === 0) return
    for (const position of truth.positions.values()) {
      if (position.seized.length === 0 || !truth.held(position).isZero()) continue
      const { positionId } = position
      const since = this.#emptiedAt.get(positionId) ?? this.#scene.now()
      this.#emptiedAt.set(positionId, since)
      const live = position.orders.find(({ isLive }) => isLive)
      const lastsMs = this.#scene.now() - Math.max(since, this.#scene.undisturbedSince(positionId))
      if (live !== undefined && lastsMs > WITHDRAWN_WITHIN_MS)
        this.#fail('nothing rests for what was liquidated', `${live.request.key} still does`)
      const bookedAt = this.#bookedAt.get(positionId) ?? null
      if (bookedAt === null || this.#closed.has(positionId)) continue
      const openMs = this.#scene.now() - Math.max(bookedAt, this.#scene.undisturbedSince(positionId))
      if (openMs > ENDED_WITHIN_MS)
        this.#fail('what the venue liquidates has ended', `${positionId} is open ${openMs} ms after that was booked`)
    }
  }

  /** Once everything is over: every part is booked, and what it emptied has ended with its profit or loss to the last digit. */
  conclude(books: Books): void {
    for (const trade of this.#scene.truth.forced.values()) {
      const fills = this.#partsOf(trade).map(({ fill }) => fill)
      const [quantity, fee] = [
        sumOf(fills.map((fill) => amount(fill.quantity))),
        sumOf(fills.map((fill) => amount(fill.fee))),
      ]
      if (!quantity.eq(trade.quantity) || !fee.eq(trade.fee))
        this.#fail(
          'every liquidation once',
          `${shown(quantity)} for ${shown(fee)} booked of ${trade.tradeId}: ${trade.quantity} for ${trade.fee}`,
        )
    }
    for (const position of this.#scene.truth.positions.values())
      if (position.seized.length > 0) this.#concludeOne(position, books)
  }

  #concludeOne(position: TruePosition, books: Books): void {
    const { positionId } = position
    const own = this.#parts.filter((part) => part.positionId === positionId).map(({ fill }) => fill)
    const booked = sumOf(own.map((fill) => amount(fill.quantity)))
    const seized = sumOf(position.seized.map(({ quantity }) => quantity)).minus(this.#dust.get(positionId) ?? ZERO)
    if (!booked.eq(seized))
      this.#fail('every liquidation once', `${positionId}: ${shown(booked)} booked, ${shown(seized)} taken`)
    const view = books.position(positionId)
    if (view === null || booked.isZero() || !this.#scene.truth.held(position).isZero()) return
    if (view.phase !== 'closed' || view.closeReason !== 'liquidated')
      this.#fail('what the venue liquidates has ended', `${positionId} is ${view.phase} by ${view.closeReason}`)
    const fills = position.orders.flatMap((order) =>
      [...order.fills.values()].map((fill) => ({ ...fill, side: order.request.side })),
    )
    const exit = entrySide(position) === 'sell' ? 'buy' : 'sell'
    const all = [...fills, ...own.map((fill) => ({ ...fill, side: exit }))]
    const gross = sumOf(
      all.map(({ price, quantity, side }) =>
        amount(price)
          .times(quantity)
          .times(side === 'sell' ? 1 : -1),
      ),
    )
    const fees = sumOf(all.map(({ fee }) => amount(fee)))
    const financing = this.#chargedTo(positionId)
    if (!gross.eq(view.realisedGross) || !fees.eq(view.fees) || !financing.eq(books.financingOf(positionId)))
      this.#fail(
        'the profit or loss closes',
        `${positionId}: ${view.realisedGross}, ${view.fees}, ${books.financingOf(positionId)}; ` +
          `by the venue ${shown(gross)}, ${shown(fees)}, ${shown(financing)}`,
      )
  }
}
