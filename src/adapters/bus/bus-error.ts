export type BusErrorCode =
  | 'unknown-type'
  | 'unknown-topic'
  | 'empty-source'
  | 'empty-subscriber'
  | 'bad-ttl'
  | 'not-a-publisher'
  | 'bad-limit'

/** A publish or subscribe that the bus refuses: the caller's mistake, and nothing has been queued. */
export class BusError extends Error {
  override readonly name = 'BusError'
  readonly code: BusErrorCode

  constructor(code: BusErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
