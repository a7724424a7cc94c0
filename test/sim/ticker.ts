/** The market's trades on their way: to the venue, and over a line of their own to the process. */
import type { Pair } from '../../src/domain/ids.ts'
import type { Numeric } from '../../src/domain/units.ts'
import type { MarketEvent, MarketFeed } from '../../src/ports/market-feed.ts'
import { between, chance } from './draw.ts'
import type { Life } from './life.ts'
import { SYMBOLS, type Trade } from './market.ts'
import type { World } from './world.ts'

const TICK_MS = { awake: 14_000, away: 300_000 }
const DOWN_MS = { least: 3_000, most: 200_000 }

export class Ticker {
  readonly #world: World
  #listener: ((event: MarketEvent) => void) | null = null
  #downUntil = 0
  /** When the process last heard of a trade, in its present life. */
  readonly heardAt = new Map<Pair, number>()

  constructor(world: World) {
    this.#world = world
  }

  /** The feed as one life of the process has it. */
  connect(life: Life): MarketFeed {
    return {
      name: 'walk',
      history: async () => [],
      start: async (_symbols, listener) => {
        if (life.isDead) return
        this.heardAt.clear()
        this.#listener = (event) => {
          // What a sleeping machine missed of the market is gone.
          if (life.isDead || life.isAsleep) return
          if (event.kind === 'trade') this.heardAt.set(event.symbol, event.at)
          listener(event)
        }
      },
      stop: async () => undefined,
    }
  }

  /** The market trades from now on, at longer intervals while nobody looks; the venue sees it first. */
  run(isAway: () => boolean): void {
    const { clock, market } = this.#world
    const meanMs = isAway() ? TICK_MS.away : TICK_MS.awake
    const at = clock.now()
    for (const symbol of SYMBOLS) {
      const trade = market.trade(symbol, at)
      if (trade === null) continue
      this.#pass(trade)
    }
    clock.at(at + Math.round(between(this.#world.chance, meanMs / 3, (5 * meanMs) / 3)), () => this.run(isAway))
  }

  /** One trade far from where the market was: a flash is over with the next one. */
  gap(symbol: Pair, price: Numeric, isFlash: boolean): void {
    const { clock, market } = this.#world
    if (!isFlash) market.moveTo(symbol, price)
    this.#pass({ kind: 'trade', symbol, side: null, price, quantity: '0.5', at: clock.now() })
  }

  #pass(trade: Trade): void {
    const { script, venue } = this.#world
    if (script.isVenueOpen) venue.onMarket(trade)
    if (trade.at >= this.#downUntil) this.#listener?.(trade)
  }

  /** Here and there the price leaves where it was. */
  jump(): void {
    for (const symbol of SYMBOLS) if (chance(this.#world.chance, 0.6)) this.#world.market.jump(symbol)
  }

  /** The process hears nothing of the market for a while, and is told so. */
  cut(): void {
    const { clock, script } = this.#world
    const now = clock.now()
    if (now < this.#downUntil) return
    script.count('market-line-down', 'the feed')
    this.#downUntil = now + Math.round(between(this.#world.chance, DOWN_MS.least, DOWN_MS.most))
    this.#listener?.({ kind: 'line', up: false, reason: 'the socket closed', at: now })
    clock.at(this.#downUntil, () => this.#listener?.({ kind: 'line', up: true, reason: null, at: clock.now() }))
  }

  /** Trades come through again at once. */
  mend(): void {
    this.#downUntil = 0
  }
}
