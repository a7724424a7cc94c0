/** Stops that follow the price, by what the venue has: they only tighten, but where a person moved one. */
import type { PositionId } from '../../src/domain/ids.ts'
import type { PositionSide } from '../../src/domain/position.ts'
import { type Amount, amount } from '../../src/domain/units.ts'
import type { JournalEntry } from '../../src/ports/journal.ts'
import type { Fail } from './scene.ts'
import type { TrueOrder } from './truth.ts'

interface Trail {
  readonly side: PositionSide
  /** Where its stop was last at the venue. */
  last: Amount | null
  /** Prices that somebody asked for: a stop may be loosened to these. */
  readonly byHand: Amount[]
}

export class Trails {
  readonly #fail: Fail
  readonly #trails = new Map<PositionId, Trail>()
  readonly #byHand = new Map<PositionId, Amount[]>()

  constructor(fail: Fail) {
    this.#fail = fail
  }

  onCommit({ heard, stream, facts }: JournalEntry): void {
    if (heard.type === 'modify-position' && typeof heard.body.stopLoss === 'string') {
      const positionId = stream.slice('position:'.length) as PositionId
      const asked = this.#byHand.get(positionId) ?? []
      asked.push(amount(heard.body.stopLoss))
      this.#byHand.set(positionId, asked)
    }
    for (const fact of facts) {
      if (!('position' in fact) || fact.position.trailing === null) continue
      const { positionId, side } = fact.position
      if (this.#trails.has(positionId)) continue
      const byHand = this.#byHand.get(positionId) ?? []
      this.#byHand.set(positionId, byHand)
      this.#trails.set(positionId, { side, last: null, byHand })
    }
  }

  /** The venue has a stop at this price. */
  onStop({ request, triggerPrice }: TrueOrder): void {
    const trail = request.positionId === null ? undefined : this.#trails.get(request.positionId)
    if (trail === undefined || request.purpose !== 'stop' || triggerPrice === null) return
    const { side, last, byHand } = trail
    const now = amount(triggerPrice)
    trail.last = now
    const isLooser = last !== null && (side === 'long' ? now.lt(last) : now.gt(last))
    if (isLooser && !byHand.some((asked) => asked.eq(now)))
      this.#fail('a stop that follows never loosens', `${request.key} went from ${last} to ${now}`)
  }
}
