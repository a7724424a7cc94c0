/** What must hold whenever something has changed: balances, exits, slots, sums and halts. */
import type { Books } from '../../actors/books.ts'
import type { RunningSystem } from '../../actors/start.ts'
import type { Pair } from '../../src/domain/ids.ts'
import { isLive } from '../../src/domain/order.ts'
import { amount } from '../../src/domain/units.ts'
import type { Effects } from './effects.ts'
import type { Fail, Scene } from './scene.ts'
import { shown, type TruePosition } from './truth.ts'

export class Standing {
  readonly #scene: Scene
  readonly #effects: Effects
  readonly #fail: Fail

  constructor(scene: Scene, effects: Effects, fail: Fail) {
    this.#scene = scene
    this.#effects = effects
    this.#fail = fail
  }

  /** `isHaltTold`: a person asked for a halt, and has not taken it back. */
  check(isHaltTold: boolean): void {
    this.#checkVenue()
    this.#checkSlots()
    const system = this.#scene.system()
    if (system === null) return
    this.#checkBooks(system)
    if (isHaltTold) this.#checkHalt(system)
  }

  #checkVenue(): void {
    const { truth } = this.#scene
    for (const { asset, total, held } of this.#scene.balances())
      if (amount(total).lt(0) || amount(held).lt(0) || amount(held).gt(amount(total)))
        this.#fail('balances are never negative', `${asset}: ${held} held of ${total}`)
    for (const positionId of [...truth.active]) {
      const position = truth.positions.get(positionId)
      if (position === undefined) continue
      truth.retire(position)
      const held = truth.held(position)
      const exiting = truth.exiting(position)
      if (exiting.gt(held))
        this.#fail('exits never exceed the position', `${positionId}: exits of ${shown(exiting)} for ${shown(held)}`)
      for (const order of position.orders)
        if (order.opened > 1)
          this.#fail('one venue order per client id', `${order.request.key} was opened ${order.opened} times`)
    }
  }

  #checkSlots(): void {
    const { truth, limits } = this.#scene
    const books = this.#scene.system()?.house.books
    const bySymbol = new Map<Pair, number>()
    let all = 0
    for (const positionId of truth.active) {
      const position = truth.positions.get(positionId)
      if (position === undefined || !this.#takesSlot(position, books)) continue
      all += 1
      bySymbol.set(position.symbol, (bySymbol.get(position.symbol) ?? 0) + 1)
    }
    if (all > limits.maxPositions) this.#fail('slots are never above the limits', `${all} positions`)
    for (const [symbol, count] of bySymbol)
      if (count > limits.maxPositionsPerSymbol)
        this.#fail('slots are never above the limits', `${count} positions on ${symbol}`)
  }

  #takesSlot(position: TruePosition, books: Books | undefined): boolean {
    const { truth } = this.#scene
    if (truth.held(position).gt(this.#effects.dustOf(position.positionId)) || truth.isEntryLive(position)) return true
    const entry = position.orders.find(({ request }) => request.purpose === 'entry')
    const view = entry === undefined ? null : (books?.order(entry.clientOrderId) ?? null)
    return view !== null && isLive(view)
  }

  /** What the books say adds up by itself, once nothing is on its way. */
  #checkBooks(system: RunningSystem): void {
    const { books } = system.house
    if (!system.isQuiet()) return
    for (const positionId of this.#scene.truth.active) {
      const view = books.position(positionId)
      if (view === null) continue
      let held = this.#effects.dustOf(positionId).negated()
      for (const { request, filled } of books.ordersOf(positionId))
        held = request.purpose === 'entry' ? held.plus(amount(filled)) : held.minus(amount(filled))
      if (view.phase !== 'opening' && view.phase !== 'closed' && !held.eq(amount(view.quantity)))
        this.#fail('fills add up to the position', `${positionId} has ${view.quantity}, its fills ${shown(held)}`)
    }
  }

  /** A halt holds until it is taken back, whatever restarts meanwhile. */
  #checkHalt(system: RunningSystem): void {
    const { state } = system.desk.coordinator()
    if (state !== 'HALTED') this.#fail('a halt holds until it is reset', `the coordinator is ${state}`)
  }
}
