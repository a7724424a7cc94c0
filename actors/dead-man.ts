/**
 * The dead-man switch kept by its policy: armed for entries, off before the first stop. A stop that is asked for while the
 * switch may still fire waits here until the venue has acknowledged that it is off.
 */
import {
  type AtVenue,
  answered,
  asked,
  bornSwitch,
  type DeadManRules,
  type DeadManSwitch,
  isCertainlyOff,
  isWanted,
  nextLookAt,
  nextQuestion,
} from '../src/domain/dead-man.ts'
import { isEnded } from '../src/domain/external-order.ts'
import type { PositionId } from '../src/domain/ids.ts'
import { isWayOut, type OrderPhase } from '../src/domain/order.ts'
import { addsRisk } from '../src/domain/order-birth.ts'
import type { Timer } from '../src/ports/clock.ts'
import type { VenueAnswer } from '../src/ports/exchange.ts'
import type { House } from './house.ts'

export interface DeadMan {
  /** Something at the venue may have changed. */
  look(): void
  /** Lets a stop go once the switch is certainly off; at once where it is. A later one of the same position replaces it. */
  clear(owner: PositionId, key: string, go: () => void): void
  /** Takes back a stop that waits; false where none of that key does. */
  withdraw(key: string): boolean
  /** The process is stopping: off, and off it stays. */
  close(): void
  /** Acknowledged to be off, or never used. */
  readonly isOff: boolean
  /** Ends its timer. */
  stop(): void
}

const NEVER_USED: DeadMan = {
  look: () => undefined,
  clear: (_owner, _key, go) => go(),
  withdraw: () => false,
  close: () => undefined,
  isOff: true,
  stop: () => undefined,
}

/** Where an order may lie at the venue. */
const RESTING: readonly OrderPhase[] = ['unknown', 'open', 'partiallyFilled', 'cancelling']

export const createDeadMan = (house: House): DeadMan =>
  house.settings.deadMan === null ? NEVER_USED : new KeptSwitch(house, house.settings.deadMan)

class KeptSwitch implements DeadMan {
  readonly #house: House
  readonly #rules: DeadManRules
  /** Stops that wait, one a position. */
  readonly #waiting = new Map<PositionId, { readonly key: string; readonly go: () => void }>()
  #known: DeadManSwitch
  #timer: Timer | null = null
  #isClosed = false
  #isStopped = false

  constructor(house: House, rules: DeadManRules) {
    this.#house = house
    this.#rules = rules
    this.#known = bornSwitch(house.clock.now(), rules)
  }

  get isOff(): boolean {
    return isCertainlyOff(this.#known, this.#house.clock.now())
  }

  look(): void {
    if (this.#isStopped) return
    const { clock } = this.#house
    const wanted = !this.#isClosed && isWanted(this.#atVenue())
    const question = nextQuestion(this.#known, wanted, clock.now(), this.#rules)
    if (question !== null) this.#ask(question)
    this.#release()
    this.#timer?.cancel()
    const at = nextLookAt(this.#known, wanted, clock.now(), this.#rules)
    this.#timer = at === null ? null : clock.at(at, () => this.look())
  }

  clear(owner: PositionId, key: string, go: () => void): void {
    this.#waiting.set(owner, { key, go })
    this.look()
  }

  withdraw(key: string): boolean {
    const owner = [...this.#waiting].find(([, one]) => one.key === key)?.[0]
    return owner !== undefined && this.#waiting.delete(owner)
  }

  close(): void {
    this.#isClosed = true
    this.look()
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #atVenue(): AtVenue {
    const { books } = this.#house
    const live = books.liveOrders()
    return {
      entries: live.filter(({ request, phase }) => addsRisk(request) && RESTING.includes(phase)).length,
      protective: live.filter(({ request }) => isWayOut(request)).length,
      bare: books.barePositions().length + this.#waiting.size,
      external: books.externals().filter((one) => !isEnded(one)).length,
    }
  }

  #ask(question: 'arm' | 'disarm'): void {
    const { clock, exchange, log } = this.#house
    this.#known = asked(this.#known, question)
    const heard = (answer: VenueAnswer<null>): void => {
      this.#known = answered(this.#known, answer.kind, clock.now(), this.#rules)
      if (answer.kind === 'done') log.debug('the dead-man switch was set', { question })
      else log.warn('the dead-man switch was not set: asked again', { question, ...answer })
      this.look()
    }
    exchange
      .cancelAllAfter(question === 'arm' ? this.#rules.timeoutMs : 0)
      .then(heard, (error: unknown) => heard({ kind: 'lost', problem: String(error) }))
  }

  #release(): void {
    if (!this.isOff) return
    const waited = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { go } of waited) go()
  }
}
