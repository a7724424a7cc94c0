/** The lease of an account, its epochs and its nonces, in one row. */
import type { Clock } from '../../ports/clock.ts'
import type { Leadership, Lease, NonceSource } from '../../ports/leadership.ts'
import type { Sql } from './sql.ts'

export const LEASE_MS = 15_000
const NONCE_BLOCK = 1_000_000
const EXTEND_BELOW = 100_000

const TIME = "timestamptz 'epoch' + interval '1 millisecond' *"

/** $4: now, milliseconds. $5: now, microseconds. The first statement in the life of an account begins with epoch 1. */
const TAKE = `
insert into leadership as held (account, holder, incarnation, epoch, expires_at, nonce_next)
values ($1, $2, $3, 1, ${TIME} ($4::bigint + ${LEASE_MS}), $5::bigint + ${NONCE_BLOCK})
on conflict (account) do update set holder = excluded.holder, incarnation = excluded.incarnation,
  epoch = held.epoch + 1, expires_at = excluded.expires_at,
  nonce_next = greatest(held.nonce_next, $5::bigint) + ${NONCE_BLOCK}
where held.expires_at <= ${TIME} $4::bigint
returning epoch::float8 as epoch, nonce_next::float8 as nonce_next`

const RENEW = `
update leadership set expires_at = ${TIME} ($4::bigint + ${LEASE_MS}),
  nonce_next = case when $6 then greatest(nonce_next, $5::bigint) + ${NONCE_BLOCK} else nonce_next end
where account = $1 and epoch = $2 and incarnation = $3
returning epoch::float8 as epoch, nonce_next::float8 as nonce_next`

const RELEASE = `
update leadership set expires_at = ${TIME} $4::bigint where account = $1 and epoch = $2 and incarnation = $3`

interface LeaseRow {
  readonly epoch: number
  readonly nonce_next: number
}

/** No nonce may be used: a request must not be signed. */
export class NoNonceError extends Error {
  override readonly name = 'NoNonceError'
  readonly reason: 'no-lease' | 'expired' | 'spent'

  constructor(reason: 'no-lease' | 'expired' | 'spent') {
    super(
      `no nonce: ${{ 'no-lease': 'the lease is not held', expired: 'the lease ran out', spent: 'the block is spent' }[reason]}`,
    )
    this.reason = reason
  }
}

export interface LeadershipOptions {
  readonly sql: Sql
  readonly clock: Clock
  readonly account: string
  /** Who to ask, for people: host and process. */
  readonly holder: string
  readonly incarnation: string
  /**
   * Whether the database is away just now: nobody can be asked then, and the lease goes on past its end, so that exits can
   * still be signed. Should another process have the account by then, its first nonce has made ours worthless.
   */
  readonly isDatabaseAway?: () => boolean
}

/**
 * All times are the injected clock's: a machine whose clock runs ahead may take a lease early, which the epoch in the
 * journal and the nonces at the venue make harmless. Every call but `next` and `held` may reject with
 * DatabaseFailedError; the lease as last confirmed then stands until it expires.
 */
export class PostgresLeadership implements Leadership, NonceSource {
  readonly #options: LeadershipOptions
  #lease: Lease | null = null
  #nextNonce = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: LeadershipOptions) {
    this.#options = options
  }

  take(): Promise<Lease | null> {
    return this.#inTurn(async () => {
      const { account, holder, incarnation } = this.#options
      const askedAt = this.#now()
      const row = await this.#asked(TAKE, [account, holder, incarnation, askedAt, askedAt * 1000])
      if (row === null) return null
      return this.#granted(row, askedAt, true)
    })
  }

  renew(): Promise<Lease | null> {
    return this.#inTurn(async () => {
      const lease = this.#lease
      if (lease === null) return null
      const askedAt = this.#now()
      const extend = lease.nonceTo - this.#nextNonce < EXTEND_BELOW
      const { account, epoch, incarnation } = lease
      const row = await this.#asked(RENEW, [account, epoch, incarnation, askedAt, askedAt * 1000, extend])
      if (row !== null) return this.#granted(row, askedAt, extend)
      this.#lease = null
      return null
    })
  }

  release(): Promise<void> {
    return this.#inTurn(async () => {
      const lease = this.#lease
      if (lease === null) return
      this.#lease = null
      const { account, epoch, incarnation } = lease
      await this.#options.sql.query(RELEASE, [account, epoch, incarnation, this.#now()])
    })
  }

  held(): Lease | null {
    const lease = this.#lease
    const now = this.#options.clock.now()
    if (lease === null || now < lease.expiresAt) return lease
    return this.#options.isDatabaseAway?.() === true ? { ...lease, expiresAt: now + LEASE_MS } : null
  }

  next(): number {
    if (this.#lease === null) throw new NoNonceError('no-lease')
    const lease = this.held()
    if (lease === null) throw new NoNonceError('expired')
    if (this.#nextNonce >= lease.nonceTo) throw new NoNonceError('spent')
    const nonce = this.#nextNonce
    this.#nextNonce += 1
    return nonce
  }

  #now(): number {
    return Math.trunc(this.#options.clock.now())
  }

  async #asked(statement: string, parameters: readonly unknown[]): Promise<LeaseRow | null> {
    const [row] = await this.#options.sql.query<LeaseRow>(statement, parameters)
    return row ?? null
  }

  /** The expiry counts from before the question left, so that we never believe longer than the database does. */
  #granted(row: LeaseRow, askedAt: number, freshBlock: boolean): Lease {
    const { account, holder, incarnation } = this.#options
    const nonceTo = freshBlock ? row.nonce_next : (this.#lease?.nonceTo ?? row.nonce_next)
    const nonceFrom = freshBlock ? nonceTo - NONCE_BLOCK : (this.#lease?.nonceFrom ?? nonceTo)
    if (freshBlock) this.#nextNonce = nonceFrom
    this.#lease = {
      account,
      holder,
      incarnation,
      epoch: row.epoch,
      expiresAt: askedAt + LEASE_MS,
      nonceFrom,
      nonceTo,
    }
    return this.#lease
  }

  /** One question at a time: a renewal that overtook a release would bring the lease back to life. */
  #inTurn<T>(ask: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(ask, ask)
    this.#last = turn.then(
      () => null,
      () => null,
    )
    return turn
  }
}
