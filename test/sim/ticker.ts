/** The market's trades on their way: to the venue, and over a line of their own to the process. */
import type { MarketEvent, MarketFeed } from '../../src/ports/market-feed.ts'
import { between, chance } from './draw.ts'
import type { Life } from './life.ts'
import { SYMBOLS } from './market.ts'
import type { World } from './world.ts'

const TICK_MS = { awake: 14_000, away: 300_000 }
const DOWN_MS = { least: 3_000, most: 200_000 }

export class Ticker {
  readonly #world: World
  #listener: ((event: MarketEvent) => void) | null = null
  #downUntil = 0

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
        this.#listener = (event) => {
          // What a sleeping machine missed of the market is gone.
          if (!life.isDead && !life.isAsleep) listener(event)
        }
      },
      stop: async () => undefined,
    }
  }

  /** The market trades from now on, at longer intervals while nobody looks; the venue sees it first. */
  run(isAway: () => boolean): void {
    const { clock, market, script, venue } = this.#world
    const meanMs = isAway() ? TICK_MS.away : TICK_MS.awake
    const at = clock.now()
    for (const symbol of SYMBOLS) {
      const trade = market.trade(symbol, at)
      if (trade === null) continue
      if (script.isVenueOpen) venue.onMarket(trade)
      if (at >= this.#downUntil) this.#listener?.(trade)
    }
    clock.at(at + Math.round(between(this.#world.chance, meanMs / 3, (5 * meanMs) / 3)), () => this.run(isAway))
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
