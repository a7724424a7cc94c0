/** What Kraken lists and whether it is open, from its public REST: instruments, the table of names, the engine's mode. */
import { readVenueMode, type VenueMode } from '../../../domain/connection.ts'
import type { Instrument } from '../../../domain/instrument.ts'
import type { VenueAnswer } from '../../../ports/exchange.ts'
import { fieldsOf, textOf, type Wire } from '../../kraken/exact-json.ts'
import { type KrakenNames, krakenNames } from '../../kraken/names.ts'
import { readPairs } from '../../kraken/pairs.ts'
import { KrakenRestError, type RestCall } from '../../kraken/rest-call.ts'
import { lost, reading } from './answer.ts'

export class Listings {
  readonly #call: RestCall
  #names: KrakenNames | null = null

  constructor(call: RestCall) {
    this.#call = call
  }

  /** Reads AssetPairs anew. */
  async instruments(): Promise<VenueAnswer<readonly Instrument[]>> {
    return reading(await this.#ask('AssetPairs'), (result) => {
      const pairs = readPairs(result)
      this.#names = krakenNames(pairs)
      return [...pairs.values()].map((listed) => listed.instrument)
    })
  }

  /** The table of names, read when first needed and kept. */
  async names(): Promise<VenueAnswer<KrakenNames>> {
    if (this.#names === null) {
      const answer = await this.instruments()
      if (answer.kind !== 'done') return answer
    }
    return this.#names === null ? lost('AssetPairs was not read') : { kind: 'done', value: this.#names }
  }

  async system(): Promise<VenueAnswer<VenueMode>> {
    return reading(await this.#ask('SystemStatus'), (result) =>
      readVenueMode(textOf(fieldsOf(result)?.status, 'status')),
    )
  }

  async #ask(method: string): Promise<VenueAnswer<Wire>> {
    try {
      return { kind: 'done', value: await this.#call(method) }
    } catch (error) {
      if (error instanceof KrakenRestError) return lost(error.message)
      throw error
    }
  }
}
