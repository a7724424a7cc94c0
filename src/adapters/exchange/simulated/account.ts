/** The account: what is owned and what open orders hold of it. */
import { type Asset, asset } from '../../../domain/ids.ts'
import type { Balance } from '../../../domain/portfolio.ts'
import { type Amount, amount, type Numeric, text, ZERO } from '../../../domain/units.ts'

/** More was taken or held than there is: a bug in the engine, never a refusal. */
export class AccountInvariantError extends Error {
  override readonly name = 'AccountInvariantError'
}

/** Balances per asset; 0 ≤ held ≤ total at all times. */
export class Account {
  readonly #totals = new Map<Asset, Amount>()
  readonly #held = new Map<Asset, Amount>()

  constructor(totals: Readonly<Record<string, Numeric>>) {
    this.restore(totals)
  }

  /** Owns exactly this, and holds nothing. */
  restore(totals: Readonly<Record<string, Numeric>>): void {
    this.#totals.clear()
    this.#held.clear()
    for (const [code, total] of Object.entries(totals)) this.change(asset(code), amount(total))
  }

  total(of: Asset): Amount {
    return this.#totals.get(of) ?? ZERO
  }

  held(of: Asset): Amount {
    return this.#held.get(of) ?? ZERO
  }

  /** What a new order may use. */
  free(of: Asset): Amount {
    return this.total(of).minus(this.held(of))
  }

  /** Adds to what is owned (or takes from it). @throws AccountInvariantError when less than the held would be left. */
  change(of: Asset, by: Amount): void {
    const total = this.total(of).plus(by)
    if (total.lt(this.held(of)))
      throw new AccountInvariantError(`${of}: ${total} would be owned, ${this.held(of)} held`)
    this.#totals.set(of, total)
  }

  /** Holds more (or releases). @throws AccountInvariantError when more than is owned, or less than nothing. */
  hold(of: Asset, by: Amount): void {
    const held = this.held(of).plus(by)
    if (held.lt(0) || held.gt(this.total(of)))
      throw new AccountInvariantError(`${of}: ${held} would be held of ${this.total(of)}`)
    this.#held.set(of, held)
  }

  balances(): readonly Balance[] {
    return [...this.#totals].map(([code, total]) => ({ asset: code, total: text(total), held: text(this.held(code)) }))
  }

  /** Totals only: holds follow from the open orders. */
  totals(): Readonly<Record<string, Numeric>> {
    return Object.fromEntries([...this.#totals].map(([code, total]) => [code, text(total)]))
  }
}
