/** Hodl bags by their facts on the disk: what is set aside for good only grows. */
import type { Fact } from '../../src/domain/facts.ts'
import { type Amount, amount, ZERO } from '../../src/domain/units.ts'
import type { Fail } from './scene.ts'

export class Bags {
  readonly #fail: Fail
  /** Base units by asset. */
  readonly held = new Map<string, Amount>()

  constructor(fail: Fail) {
    this.#fail = fail
  }

  /** A fact that is on the disk, in whichever life. */
  onFact(fact: Fact): void {
    if (!('hodl' in fact)) return
    for (const { asset, quantity } of fact.hodl.bags) {
      const before = this.held.get(asset) ?? ZERO
      const now = amount(quantity)
      if (now.lt(before)) this.#fail('a bag is never sold', `${asset}: ${before} became ${now}`)
      this.held.set(asset, now)
    }
  }
}
