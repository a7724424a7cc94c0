/** A request that Kraken answers with an error string instead of a result. */

/** Thrown by whatever reads or obeys a request; the edges turn it into `{"error":[…]}` or `success: false`. */
export class KrakenRefusal extends Error {
  override readonly name = 'KrakenRefusal'
  /** Kraken's strings, such as `EOrder:Insufficient funds`. */
  readonly errors: readonly string[]
  constructor(...errors: readonly string[]) {
    super(errors.join(', '))
    this.errors = errors
  }
}

/** Kraken's answer to a field that is missing or cannot be read. */
export const invalidArgument = (field: string): KrakenRefusal =>
  new KrakenRefusal(`EGeneral:Invalid arguments:${field}`)

export const UNKNOWN_PAIR = 'EQuery:Unknown asset pair'
export const UNKNOWN_ASSET = 'EQuery:Unknown asset'
export const UNKNOWN_ORDER = 'EOrder:Unknown order'
