/**
 * The venue closes by force: a hand takes the free cash away, and a price is so far off that what is left does not carry what
 * is open. The ways out are gone first, as the venue takes them back before it liquidates.
 */
import type { Pair } from '../../src/domain/ids.ts'
import { asset } from '../../src/domain/ids.ts'
import { amount, sumOf } from '../../src/domain/units.ts'
import type { RandomSource } from '../../src/ports/clock.ts'
import { between, chance, pick, waiting, whole } from './draw.ts'
import type { Lives } from './lives.ts'
import { isOnMargin } from './lots.ts'
import { priceText } from './market.ts'
import { peek } from './strangers.ts'
import type { Ticker } from './ticker.ts'
import type { World } from './world.ts'

const CASH = asset('USDT')
const MEAN_MS = 12 * 60_000
/** Equity as a share of the margins: the venue liquidates below 0.4, and below nothing it would have to write off. */
const LEVEL = { least: 0.12, most: 0.38 }
/** No price moves further than this, as a share of the last one. */
const FARTHEST = { least: 0.35, most: 2 }
/** How often the price is back with the next trade. */
const FLASHES = 0.7

export interface MarginCallParts {
  readonly world: World
  readonly ticker: Ticker
  readonly lives: Lives
}

export class MarginCalls {
  readonly #parts: MarginCallParts
  readonly #random: RandomSource
  #isOver = false

  constructor(parts: MarginCallParts) {
    this.#parts = parts
    this.#random = parts.world.random.stream('margin calls')
  }

  schedule(): void {
    const { clock } = this.#parts.world
    clock.at(clock.now() + waiting(this.#random, MEAN_MS), () => {
      if (this.#isOver) return
      this.#call()
      this.schedule()
    })
  }

  end(): void {
    this.#isOver = true
  }

  #call(): void {
    const { script, strangers, venue } = this.#parts.world
    const open = peek(venue, (engine) => engine.positions())
    if (open.length === 0 || !script.isVenueOpen) return
    const { symbol } = pick(this.#random, open)
    this.#takeWaysOut(symbol)
    strangers.takeCash()
    const price = this.#breakingPrice(symbol)
    if (price === null) return
    this.#trouble()
    this.#parts.ticker.gap(symbol, priceText(symbol, price), chance(this.#random, FLASHES))
  }

  #takeWaysOut(symbol: Pair): void {
    const { venue } = this.#parts.world
    venue.byHand((engine, at) => {
      for (const order of engine.openOrders())
        if (order.symbol === symbol && isOnMargin(order)) engine.cancel(order.venueOrderId, at)
      return engine.advanceTo(at)
    })
  }

  /** Where the collateral no longer carries what is open; null where no believable price does that. */
  #breakingPrice(symbol: Pair): number | null {
    const { venue } = this.#parts.world
    const { equity, used } = peek(venue, (engine) => engine.collateral(CASH))
    const last = peek(venue, (engine) => engine.lastPrice(symbol))
    const rows = peek(venue, (engine) => engine.positions()).filter((row) => row.symbol === symbol)
    const size = sumOf(
      rows.map((row) =>
        amount(row.quantity)
          .minus(row.closed)
          .times(row.side === 'buy' ? 1 : -1),
      ),
    )
    if (last === null || size.isZero()) return null
    const level = between(this.#random, LEVEL.least, LEVEL.most)
    const price = amount(last)
      .minus(
        amount(equity)
          .minus(amount(used).times(level.toFixed(4)))
          .div(size),
      )
      .toNumber()
    const moved = price / Number(last)
    return moved > FARTHEST.least && moved < FARTHEST.most ? price : null
  }

  /** At times the reports are lost, or the process dies over it. */
  #trouble(): void {
    const { lives, world } = this.#parts
    const drawn = this.#random.next()
    if (drawn < 0.25) world.script.begin('report-lost')
    if (!lives.isUp || drawn < 0.5) return
    if (drawn > 0.65)
      return lives.journal?.dieAt(
        pick(this.#random, ['crash-before-commit', 'crash-after-commit', 'crash-after-effects']),
        whole(this.#random, 1, 12),
      )
    world.script.count('killed', `life ${lives.count}`)
    lives.fall('killed')
  }
}
