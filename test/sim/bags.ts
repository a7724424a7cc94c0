/** Hodl bags by their facts on the disk, held against what the venue sold us for them. */
import type { Fact } from '../../src/domain/facts.ts'
import { HODL_CASH } from '../../src/domain/hodl.ts'
import { baseOf } from '../../src/domain/ids.ts'
import { type Amount, amount, sumOf, ZERO } from '../../src/domain/units.ts'
import type { Fail } from './scene.ts'
import { shown, type Truth } from './truth.ts'

/** The size and the cost with fees of everything that was bought for the bags at the venue, by asset. */
function boughtAt(truth: Truth): ReadonlyMap<string, { readonly quantity: Amount; readonly paid: Amount }> {
  const bought = new Map<string, { readonly quantity: Amount; readonly paid: Amount }>()
  for (const { request, fills } of truth.orders.values()) {
    if (request.purpose !== 'hodl') continue
    const of = baseOf(request.symbol)
    const all = [...fills.values()]
    const known = bought.get(of) ?? { quantity: ZERO, paid: ZERO }
    bought.set(of, {
      quantity: sumOf([known.quantity, ...all.map((fill) => amount(fill.quantity))]),
      paid: sumOf([known.paid, ...all.map((fill) => amount(fill.price).times(fill.quantity).plus(fill.fee))]),
    })
  }
  return bought
}

export class Bags {
  readonly #truth: Truth
  readonly #fail: Fail
  /** Base units by asset. */
  readonly held = new Map<string, Amount>()
  readonly #pending = new Map<string, Amount>()
  readonly #spent = new Map<string, Amount>()
  #accrued = ZERO

  constructor(truth: Truth, fail: Fail) {
    this.#truth = truth
    this.#fail = fail
  }

  /** A fact that is on the disk, in whichever life. */
  onFact(fact: Fact): void {
    if (!('hodl' in fact)) return
    if (fact.type === 'hodl.accrued') this.#accrued = this.#accrued.plus(amount(fact.amountUsd))
    for (const { asset, quantity, pendingUsd, spentUsd } of fact.hodl.bags) {
      const before = this.held.get(asset) ?? ZERO
      const now = amount(quantity)
      if (now.lt(before)) this.#fail('a bag is never sold', `${asset}: ${before} became ${now}`)
      this.held.set(asset, now)
      this.#pending.set(asset, amount(pendingUsd))
      this.#spent.set(asset, amount(spentUsd))
    }
    this.#checkSum()
  }

  /** What is pending and what was spent is what was set aside. */
  #checkSum(): void {
    const kept = sumOf([...this.#pending.values(), ...this.#spent.values()])
    if (!kept.eq(this.#accrued))
      this.#fail('bags add up', `${shown(kept)} pending and spent of ${shown(this.#accrued)} set aside`)
  }

  /** Once everything is over: the coins in a bag are those that were bought for it, at what they cost. */
  conclude(): void {
    const bought = boughtAt(this.#truth)
    for (const asset of new Set([...this.held.keys(), ...bought.keys()])) {
      if (asset === HODL_CASH) continue
      const { quantity, paid } = bought.get(asset) ?? { quantity: ZERO, paid: ZERO }
      const held = this.held.get(asset) ?? ZERO
      const spent = this.#spent.get(asset) ?? ZERO
      if (!held.eq(quantity) || !spent.eq(paid))
        this.#fail(
          'bags add up',
          `${asset}: ${shown(held)} for ${shown(spent)}, and ${shown(quantity)} for ${shown(paid)} at the venue`,
        )
    }
  }
}
