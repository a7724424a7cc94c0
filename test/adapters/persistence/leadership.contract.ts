import { expect, it } from 'vitest'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import type { Database } from '../../../src/adapters/persistence/database.ts'
import { NoNonceError, PostgresLeadership } from '../../../src/adapters/persistence/postgres-leadership.ts'
import type { Sql } from '../../../src/adapters/persistence/sql.ts'
import type { SimulatedClock } from '../../../src/ports/clock.ts'
import { freshAccount } from './database-journal.contract.ts'
import { T0 } from './entries.ts'

/** Two processes that want one account, on one clock. */
export function leadershipContract(database: () => Database): void {
  const pair = (): { clock: SimulatedClock; first: PostgresLeadership; second: PostgresLeadership } => {
    const account = freshAccount()
    const clock = simulatedClock(T0)
    const { sql } = database()
    const made = (holder: string): PostgresLeadership =>
      new PostgresLeadership({ sql, clock, account, holder, incarnation: `${holder} of ${account}` })
    return { clock, first: made('first'), second: made('second') }
  }

  it('begins with epoch 1 and a block of a million nonces from the wall clock in microseconds', async () => {
    const { first } = pair()
    expect(await first.take()).toMatchObject({
      holder: 'first',
      epoch: 1,
      expiresAt: T0 + 15_000,
      nonceFrom: T0 * 1000,
      nonceTo: T0 * 1000 + 1_000_000,
    })
    expect(first.next()).toBe(T0 * 1000)
    expect(first.next()).toBe(T0 * 1000 + 1)
  })

  it('is held by one process at a time', async () => {
    const { clock, first, second } = pair()
    await first.take()
    expect(await second.take()).toBeNull()
    clock.advanceTo(T0 + 14_999)
    expect(await second.take()).toBeNull()
    expect(second.held()).toBeNull()
  })

  it('gives a lease that two ask for at the same moment to exactly one', async () => {
    const { clock, first, second } = pair()
    expect((await Promise.all([first.take(), second.take()])).filter((lease) => lease !== null).length).toBe(1)
    clock.advanceTo(T0 + 15_000)
    expect((await Promise.all([first.take(), second.take()])).filter((lease) => lease !== null).length).toBe(1)
  })

  it('lets another take an expired lease under a higher epoch, and never gives it back', async () => {
    const { clock, first, second } = pair()
    await first.take()
    clock.advanceTo(T0 + 15_000)
    expect(first.held()).toBeNull()
    expect(await second.take()).toMatchObject({ holder: 'second', epoch: 2 })
    expect(await first.renew()).toBeNull()
    expect(first.held()).toBeNull()
    expect(() => first.next()).toThrow(NoNonceError)
    await first.release()
    expect(second.held()).toMatchObject({ epoch: 2 })
    expect(await second.renew()).toMatchObject({ epoch: 2 })
  })

  it('lasts as long as it is renewed, with the same epoch and nonces', async () => {
    const { clock, first, second } = pair()
    const lease = await first.take()
    for (let seconds = 5; seconds <= 60; seconds += 5) {
      clock.advanceTo(T0 + seconds * 1000)
      expect(await first.renew()).toEqual({ ...lease, expiresAt: T0 + seconds * 1000 + 15_000 })
    }
    expect(await second.take()).toBeNull()
  })

  it('is free at once after a clean stop', async () => {
    const { first, second } = pair()
    await first.take()
    await first.release()
    expect(first.held()).toBeNull()
    expect(await first.renew()).toBeNull()
    expect(await second.take()).toMatchObject({ epoch: 2 })
  })

  it('stays released when a renewal was under way', async () => {
    const account = freshAccount()
    const { sql } = database()
    let open = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    /** Renewals wait at a gate on their way to the database; nothing else does. */
    const slowRenewals: Sql = {
      async query(statement, parameters) {
        if (String(statement).includes('nonce_next = case')) await gate
        return sql.query(statement, parameters)
      },
    }
    const clock = simulatedClock(T0)
    const leaving = new PostgresLeadership({ sql: slowRenewals, clock, account, holder: 'leaving', incarnation: 'l' })
    await leaving.take()
    const renewal = leaving.renew()
    const release = leaving.release()
    await sql.query('select 1')
    open()
    await Promise.all([renewal, release])
    expect(leaving.held()).toBeNull()
    const next = new PostgresLeadership({ sql, clock, account, holder: 'next', incarnation: 'n' })
    expect(await next.take()).toMatchObject({ epoch: 2 })
  })

  it('never hands two processes the same nonce, not even when the clock stands still or runs back', async () => {
    const { clock, first, second } = pair()
    const one = await first.take()
    await first.release()
    const two = await second.take()
    await second.release()
    clock.advanceTo(T0 + 100)
    const three = await first.take()
    const blocks = [one, two, three].map((lease) => [lease?.nonceFrom ?? 0, lease?.nonceTo ?? 0] as const)
    for (const [index, [from, to]] of blocks.entries()) {
      expect(to - from).toBe(1_000_000)
      expect(from).toBeGreaterThanOrEqual(blocks[index - 1]?.[1] ?? 0)
    }
  })

  it('extends the block when fewer than 100,000 nonces are left', async () => {
    const { clock, first } = pair()
    const lease = await first.take()
    for (let used = 0; used < 900_000; used += 1) first.next()
    expect((await first.renew())?.nonceTo).toBe(lease?.nonceTo)
    const last = first.next()
    clock.advanceTo(T0 + 1)
    const extended = await first.renew()
    expect(extended).toMatchObject({ epoch: 1, nonceFrom: lease?.nonceTo })
    expect(first.next()).toBeGreaterThan(last)
  })

  it('signs on past the end of the lease while the database is away, and no longer than that', async () => {
    const account = freshAccount()
    const clock = simulatedClock(T0)
    const { sql } = database()
    let isAway = false
    const options = { sql, clock, account, holder: 'cut off', incarnation: `cut off from ${account}` }
    const cutOff = new PostgresLeadership({ ...options, isDatabaseAway: () => isAway })
    await cutOff.take()
    isAway = true
    clock.advanceTo(T0 + 60_000)
    expect(cutOff.held()).toMatchObject({ epoch: 1, expiresAt: T0 + 75_000 })
    expect(cutOff.next()).toBe(T0 * 1000)
    isAway = false
    expect(cutOff.held()).toBeNull()
    expect(() => cutOff.next()).toThrow(NoNonceError)
    const other = new PostgresLeadership({ ...options, holder: 'other', incarnation: `other on ${account}` })
    expect((await other.take())?.nonceFrom).toBeGreaterThan(T0 * 1000 + 999_999)
    await cutOff.renew()
    isAway = true
    expect(cutOff.held()).toBeNull()
  })

  it('refuses a nonce without a lease, after its end, and when the block is spent', async () => {
    const { clock, first } = pair()
    expect(() => first.next()).toThrow('the lease is not held')
    await first.take()
    for (let used = 0; used < 1_000_000; used += 1) first.next()
    expect(() => first.next()).toThrow('the block is spent')
    clock.advanceTo(T0 + 15_000)
    expect(() => first.next()).toThrow('the lease ran out')
  })
}
