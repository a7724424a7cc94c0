/** Breakers by their facts on the disk: a loss trips once in its day or week, a drawdown once until it is reset. */
import type { BreakerName } from '../../src/domain/breakers.ts'
import type { Fact } from '../../src/domain/facts.ts'
import type { Fail } from './scene.ts'

const DAY_MS = 86_400_000
/** The epoch was a Thursday: ISO weeks begin four days later. */
const PERIOD_OF: Readonly<Partial<Record<BreakerName, (at: number) => number>>> = {
  daily_loss: (at) => Math.floor(at / DAY_MS),
  weekly_loss: (at) => Math.floor((at / DAY_MS + 3) / 7),
}

export class Latches {
  readonly #fail: Fail
  readonly #trippedIn = new Map<BreakerName, number>()
  #isHalting = false

  constructor(fail: Fail) {
    this.#fail = fail
  }

  /** A drawdown has tripped, and nobody has reset it. */
  get isHalting(): boolean {
    return this.#isHalting
  }

  /** A fact that is on the disk, in whichever life. */
  onFact(fact: Fact): void {
    if (fact.type === 'risk.breakerLifted' && fact.breaker === 'drawdown') this.#isHalting = false
    if (fact.type !== 'risk.breakerTripped') return
    const { at, breaker } = fact
    const period = PERIOD_OF[breaker]?.(at) ?? null
    const isAgain =
      period === null ? breaker === 'drawdown' && this.#isHalting : this.#trippedIn.get(breaker) === period
    if (isAgain) this.#fail('a breaker trips once', `${breaker} tripped again while it stood`)
    if (period !== null) this.#trippedIn.set(breaker, period)
    if (breaker === 'drawdown') this.#isHalting = true
  }
}
