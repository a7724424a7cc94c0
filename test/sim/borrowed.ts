/** Trading on margin by the venue's own word: what is open there is what our positions hold, and every charge counts once. */

import type { Books } from '../../actors/books.ts'
import type { MatchingEngine } from '../../src/adapters/exchange/simulated/engine.ts'
import type { Fact } from '../../src/domain/facts.ts'
import type { Pair } from '../../src/domain/ids.ts'
import { type Amount, amount, sumOf } from '../../src/domain/units.ts'
import { SYMBOLS } from './market.ts'
import type { Fail, Scene } from './scene.ts'
import { entrySide, isMargin, shown, type TruePosition } from './truth.ts'

type Rows = Pick<MatchingEngine, 'positions' | 'ledger'>

/** Base units open of a pair at the venue: above zero long, below it short. */
const atVenue = (venue: Rows, symbol: Pair): Amount =>
  sumOf(
    venue
      .positions()
      .filter((row) => row.symbol === symbol)
      .map((row) =>
        amount(row.quantity)
          .minus(row.closed)
          .times(row.side === 'buy' ? 1 : -1),
      ),
  )

/** What financing has cost at the venue, quote units. */
export const charged = (venue: Pick<MatchingEngine, 'ledger'>): Amount =>
  sumOf(
    venue
      .ledger()
      .filter(({ kind }) => kind === 'rollover')
      .map((row) => amount(row.fee).minus(row.amount)),
  )

const signOf = (position: TruePosition): number => (entrySide(position) === 'sell' ? -1 : 1)

export class Borrowed {
  readonly #scene: Scene
  readonly #fail: Fail
  readonly #charges = new Map<string, Amount>()

  constructor(scene: Scene, fail: Fail) {
    this.#scene = scene
    this.#fail = fail
  }

  /** A fact that is on the disk, in whichever life. */
  onFact(fact: Fact): void {
    if (fact.type !== 'account.financed') return
    const { flowId, amount: value } = fact.flow
    if (this.#charges.has(flowId)) this.#fail('every charge once', `${flowId} was booked twice`)
    const row = this.#scene
      .venue()
      .ledger()
      .find(({ ledgerId }) => ledgerId === flowId)
    if (row === undefined) this.#fail('every charge once', `${flowId} was booked, which the venue knows nothing of`)
    this.#charges.set(flowId, amount(value))
  }

  /** After a step: what our fills left open is open there, and no position of ours was turned around. */
  check(): void {
    const { truth } = this.#scene
    const venue = this.#scene.venue()
    for (const symbol of SYMBOLS) {
      const there = atVenue(venue, symbol)
      if (!there.eq(truth.openOnMargin(symbol)))
        this.#fail(
          'the walk counts as the venue does',
          `${symbol} on margin: ${shown(there)} there, ${shown(truth.openOnMargin(symbol))} here`,
        )
      const positions = [...truth.positions.values()].filter((one) => one.symbol === symbol && isMargin(one))
      const held = sumOf(positions.map((one) => truth.held(one).times(signOf(one))))
      if (!there.eq(held))
        this.#fail(
          'what is open on margin is our positions',
          `${symbol}: ${shown(there)} at the venue, ${shown(held)} held`,
        )
    }
    for (const position of truth.positions.values())
      if (truth.held(position).lt(0))
        this.#fail('a position never changes sides', `${position.positionId} holds ${shown(truth.held(position))}`)
  }

  /** Once everything is over: our lots are the venue's, and its charges are booked. */
  conclude(books: Books): void {
    const venue = this.#scene.venue()
    for (const symbol of SYMBOLS) {
      const lots = books.marginLots().filter((lot) => lot.symbol === symbol)
      const ours = sumOf(lots.map((lot) => amount(lot.quantity).times(lot.side === 'long' ? 1 : -1)))
      if (!ours.eq(atVenue(venue, symbol)))
        this.#fail('lots are the venue’s', `${symbol}: ${shown(ours)} here, ${shown(atVenue(venue, symbol))} there`)
    }
    const booked = sumOf([...this.#charges.values()]).negated()
    if (!booked.eq(charged(venue)))
      this.#fail('every charge once', `${shown(booked)} booked, ${shown(charged(venue))} charged`)
  }
}
