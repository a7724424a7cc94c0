/** The questions of the exchange port that an engine's records answer. */
import type { Pair } from '../../../domain/ids.ts'
import type { Instrument } from '../../../domain/instrument.ts'
import type { Exchange, VenueAnswer } from '../../../ports/exchange.ts'
import type { MatchingEngine } from './engine.ts'
import { feesOf, flowsOf, openOnMargin, tradesOf, venueOrderOf, venueOrderRowOf } from './port-forms.ts'

type Questions =
  | 'instruments'
  | 'lookUp'
  | 'openOrders'
  | 'balances'
  | 'fees'
  | 'flows'
  | 'trades'
  | 'marginPositions'
  | 'permissions'

export abstract class PaperQuestions implements Pick<Exchange, Questions> {
  readonly #instruments: readonly Instrument[]

  constructor(instruments: readonly Instrument[]) {
    this.#instruments = instruments
  }

  /** Reads from the engine once the question has reached it. */
  protected abstract read<T>(reading: (engine: MatchingEngine) => T): Promise<VenueAnswer<T>>

  instruments(): ReturnType<Exchange['instruments']> {
    return this.read(() => this.#instruments)
  }

  lookUp(clientOrderId: Parameters<Exchange['lookUp']>[0]): ReturnType<Exchange['lookUp']> {
    return this.read((engine) => {
      const row = engine.find(clientOrderId)
      return row === null ? null : venueOrderOf(row)
    })
  }

  openOrders(): ReturnType<Exchange['openOrders']> {
    return this.read((engine) => engine.openOrders().map(venueOrderRowOf))
  }

  balances(): ReturnType<Exchange['balances']> {
    return this.read((engine) => engine.balances())
  }

  fees(symbols: readonly Pair[]): ReturnType<Exchange['fees']> {
    const traded = symbols.filter((symbol) => this.#instruments.some((each) => each.symbol === symbol))
    return this.read((engine) => new Map(traded.map((symbol) => [symbol, feesOf(engine, symbol)])))
  }

  flows(since: number): ReturnType<Exchange['flows']> {
    return this.read((engine) => flowsOf(engine.ledger(), since))
  }

  trades(since: number): ReturnType<Exchange['trades']> {
    return this.read((engine) => tradesOf(engine, since))
  }

  marginPositions(): ReturnType<Exchange['marginPositions']> {
    return this.read(openOnMargin)
  }

  /** There is no key: everything but withdrawing is allowed, and no nonce can come late. */
  permissions(): ReturnType<Exchange['permissions']> {
    return this.read(() => ({ mayTrade: true, mayWithdraw: false, nonceWindowMs: 0 }))
  }
}
