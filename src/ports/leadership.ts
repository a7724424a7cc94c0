/** One writer for an account: a lease with an epoch, and the nonces that go with it. */

export interface Lease {
  readonly account: string
  readonly holder: string
  readonly incarnation: string
  /** Raised by every takeover; facts under an older one are refused. */
  readonly epoch: number
  readonly expiresAt: number
  /** First nonce of the reserved block, and the first one that is not ours. */
  readonly nonceFrom: number
  readonly nonceTo: number
}

export interface Leadership {
  /**
   * Takes the account's lease if it is free or expired, raises the epoch and reserves a block of nonces, in one
   * statement. Null while somebody else holds it.
   */
  take(): Promise<Lease | null>
  /** Extends the lease under its own epoch; null when it is no longer ours. */
  renew(): Promise<Lease | null>
  /** Gives it up at a clean stop, so that the next start need not wait. */
  release(): Promise<void>
  /** The lease as last confirmed; null before `take` or after it was lost. */
  held(): Lease | null
}

/** Strictly increasing numbers out of the lease's block. */
export interface NonceSource {
  /** @throws NoNonceError when there is no lease, it has run out, or the block is spent. */
  next(): number
}
