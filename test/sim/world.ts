/** What stays while processes come and go: the time, the market, the venue, the line to it, and other hands on the account. */
import { seededRandom } from '../../src/adapters/chance/seeded.ts'
import { simulatedClock } from '../../src/adapters/clock/simulated.ts'
import { simulatedExchange } from '../../src/adapters/exchange/simulated/exchange.ts'
import type { SimulatedExchange } from '../../src/adapters/exchange/simulated/paper-interface.ts'
import { paperExchangeOptions } from '../../src/assembly/paper-venue.ts'
import { BUILT_IN_INSTRUMENTS } from '../../src/domain/instrument.ts'
import type { RandomSource, SimulatedClock } from '../../src/ports/clock.ts'
import type { Log } from '../../src/ports/log.ts'
import { chance } from './draw.ts'
import { FaultScript } from './faults.ts'
import { Line, type LineParts } from './line.ts'
import { Looks } from './looks.ts'
import { isOnMargin } from './lots.ts'
import { SeededMarket } from './market.ts'
import { configOf } from './seeded-settings.ts'
import { peek, Strangers } from './strangers.ts'
import { Tape } from './tape.ts'
import { Truth } from './truth.ts'

/** 2025-11-10T12:00:00Z, a Monday. */
export const START = Date.UTC(2025, 10, 10, 12)
const BALANCES = { USDT: '10000', BTC: '0.1', XRP: '5000' } as const

/** The share of the seeds that trade on margin. */
const MARGIN = 0.35

export const silent: Log = { debug: () => null, info: () => null, warn: () => null, error: () => null }

export interface WorldOptions extends Pick<LineParts, 'onPlace' | 'onStart'> {
  readonly seed: number
  /** The tape keeps the whole story instead of its end. */
  readonly keepsAll: boolean
}

export class World {
  /** The seed itself: everybody draws from a stream of their own. */
  readonly random: RandomSource
  /** Whether trading on margin is on: in a part of the seeds, from their beginning to their end. */
  readonly config: ReturnType<typeof configOf>
  /** For what happens by itself. */
  readonly chance: RandomSource
  readonly clock: SimulatedClock = simulatedClock(START)
  readonly tape: Tape
  readonly venue: SimulatedExchange
  readonly truth = new Truth(BALANCES)
  readonly script: FaultScript
  readonly line: Line
  readonly market: SeededMarket
  readonly strangers: Strangers
  /** Where looks at positions and the account are kept. */
  readonly looks: Looks

  constructor({ seed, keepsAll, onPlace, onStart }: WorldOptions) {
    this.random = seededRandom(`walk ${seed}`)
    this.config = configOf(chance(this.random.stream('margin'), MARGIN))
    this.chance = this.random.stream('happenings')
    this.tape = new Tape(keepsAll)
    this.venue = simulatedExchange({
      ...paperExchangeOptions(this.config, BUILT_IN_INSTRUMENTS),
      startingBalances: BALANCES,
      ...{ clock: this.clock, random: this.random.stream('venue'), log: silent, store: null },
    })
    this.script = new FaultScript(this.clock, this.random.stream('faults'))
    this.script.onStrike((fault, what) => this.note(`! ${fault}: ${what}`))
    this.line = new Line({
      ...{ venue: this.venue, clock: this.clock, random: this.random.stream('line'), script: this.script },
      ...{ truth: this.truth, onPlace, onStart },
    })
    this.looks = new Looks({ clock: this.clock, random: this.random.stream('looks'), script: this.script })
    this.market = new SeededMarket(this.random.stream('market'), START)
    this.strangers = new Strangers({
      ...{ random: this.random.stream('strangers'), venue: this.venue, market: this.market },
      ...{ clock: this.clock, script: this.script },
    })
  }

  /** What the venue has closed by force by now; nobody reports it. */
  seeForced(): void {
    if (!this.config.execution.margin.enabled) return
    const forced = peek(this.venue, (engine) =>
      engine.trades().filter((one) => isOnMargin(one) && engine.find(one.venueOrderId)?.clientOrderId === null),
    )
    for (const trade of forced) {
      if (this.truth.forced.has(trade.tradeId)) continue
      this.truth.seize(trade)
      this.script.count('liquidation', `${trade.side} of ${trade.quantity} ${trade.symbol} at ${trade.price}`)
    }
  }

  /** Onto the tape, at this moment. */
  note(what: string): void {
    this.tape.note(this.clock.now(), what)
  }
}
