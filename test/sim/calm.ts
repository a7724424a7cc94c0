/** Since when nothing has stood in the way of the process: only then can it be blamed for what is late. */
import type { OrderId, PositionId } from '../../src/domain/ids.ts'
import { START, type World } from './world.ts'

/** While one of these lasts nobody can be blamed for a stop that is late. */
const GLOBAL_EPISODES = ['line-silent', 'rate-refused', 'nonce-refused'] as const

export class Calm {
  readonly #world: World
  #disturbedUntil = START

  constructor(world: World) {
    this.#world = world
  }

  disturb(): void {
    this.#disturbedUntil = this.#world.clock.now()
  }

  /** After every step. `isAble`: a process runs, is awake, and gets onto its disk. */
  watch(isAble: boolean): void {
    const { script } = this.#world
    const isQuietWorld = script.isVenueOpen && GLOBAL_EPISODES.every((kind) => !script.isOn(kind))
    if (!isAble || !isQuietWorld) this.disturb()
  }

  /** Since when neither everything nor the orders of this owner were disturbed. */
  since(owner: PositionId | OrderId): number {
    const { touched } = this.#world.line
    return Math.max(this.#disturbedUntil, touched.get(owner) ?? 0, touched.get('') ?? 0)
  }
}
