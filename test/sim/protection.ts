/** What must not last: a holding without stop or exit, and a resting order that adds risk while trading is stopped. */
import type { PositionId } from '../../src/domain/ids.ts'
import { amount } from '../../src/domain/units.ts'
import { adds, type Gate } from './gate.ts'
import type { Fail, Scene } from './scene.ts'
import { isDust, shown } from './truth.ts'

/** From the moment that nothing is in its way any more, what is held must be protected or sold within this. */
const PROTECTED_WITHIN_MS = 60_000
/** And stop or target of a pair must have become as small as what the other left of it. */
const SHRUNK_WITHIN_MS = 60_000
/** And what adds risk must be gone from the venue within this, once trading is stopped. */
const WITHDRAWN_WITHIN_MS = 60_000

export class Protection {
  readonly #scene: Scene
  readonly #gate: Gate
  readonly #fail: Fail
  readonly #nakedSince = new Map<PositionId, number>()
  readonly #excessSince = new Map<PositionId, number>()
  #isStopped = false
  #stoppedSince = 0

  constructor(scene: Scene, gate: Gate, fail: Fail) {
    this.#scene = scene
    this.#gate = gate
    this.#fail = fail
  }

  /** What is held is protected, or sold soon. */
  checkHoldings(): void {
    const { truth } = this.#scene
    const now = this.#scene.now()
    for (const positionId of truth.active) {
      const position = truth.positions.get(positionId)
      if (position === undefined) continue
      const bare = truth.held(position).minus(truth.covered(position))
      const price = amount(position.orders.at(-1)?.triggerPrice ?? position.orders[0]?.request.limitPrice ?? '1')
      if (bare.lte(0) || isDust(position.symbol, bare, price)) {
        this.#nakedSince.delete(positionId)
        continue
      }
      const since = this.#nakedSince.get(positionId) ?? now
      this.#nakedSince.set(positionId, since)
      const nakedMs = now - Math.max(since, this.#scene.undisturbedSince(positionId))
      if (nakedMs > PROTECTED_WITHIN_MS)
        this.#fail(
          'no position stays naked',
          `${positionId} has had no stop or exit for ${shown(bare)} for ${now - since} ms, ${nakedMs} of them undisturbed`,
        )
    }
  }

  /** What one leg of a pair sold, the other gives up soon. */
  checkPairs(): void {
    const { truth } = this.#scene
    const now = this.#scene.now()
    for (const positionId of truth.active) {
      const position = truth.positions.get(positionId)
      if (position === undefined) continue
      const excess = truth.excess(position)
      if (excess.lte(0)) {
        this.#excessSince.delete(positionId)
        continue
      }
      const since = this.#excessSince.get(positionId) ?? now
      this.#excessSince.set(positionId, since)
      if (now - Math.max(since, this.#scene.undisturbedSince(positionId)) > SHRUNK_WITHIN_MS)
        this.#fail(
          'exits never exceed the position',
          `${positionId} could sell ${shown(excess)} too much for ${now - since} ms`,
        )
    }
  }

  /** Paused or halted, what rests and would add risk is taken back. */
  checkWithdrawn(): void {
    const { truth } = this.#scene
    if (this.#gate.isStopped !== this.#isStopped) {
      this.#isStopped = this.#gate.isStopped
      this.#stoppedSince = this.#scene.now()
    }
    if (!this.#isStopped) return
    for (const order of truth.live) {
      if (!adds(order.request)) continue
      const { positionId, key } = order.request
      const since = Math.max(this.#stoppedSince, this.#scene.undisturbedSince(positionId ?? order.clientOrderId))
      if (this.#scene.now() - since > WITHDRAWN_WITHIN_MS)
        this.#fail('nothing that adds risk rests while trading is stopped', `${key} still does`)
    }
  }
}
