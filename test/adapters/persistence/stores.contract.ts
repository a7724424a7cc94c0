import { expect, it } from 'vitest'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import type { Database } from '../../../src/adapters/persistence/database.ts'
import { PostgresCandleStore } from '../../../src/adapters/persistence/postgres-candle-store.ts'
import { PostgresSnapshotStore } from '../../../src/adapters/persistence/postgres-snapshot-store.ts'
import { PostgresVenueStore } from '../../../src/adapters/persistence/postgres-venue-store.ts'
import { claimSession, OtherSessionError } from '../../../src/adapters/persistence/session.ts'
import type { Candle } from '../../../src/domain/candle.ts'
import { pair } from '../../../src/domain/ids.ts'
import { type Look, type PortfolioSnapshot, positionSnapshot } from '../../../src/domain/money-snapshot.ts'
import { price } from '../../../src/domain/units.ts'
import { positionView } from '../../support/money-lives.ts'
import { freshAccount } from './database-journal.contract.ts'
import { T0 } from './entries.ts'

const MINUTE = 60_000
const BTC = pair('BTC/USDT')

const candle = (minute: number, close = '45000.1'): Candle => ({
  symbol: BTC,
  timeframe: '1m',
  openAt: T0 + minute * MINUTE,
  open: '45000',
  high: '45001.5',
  low: '0.00000001',
  close,
  volume: '12.3456789',
})

export function candleStoreContract(database: () => Database): void {
  const load = (from: number, to: number, symbol = BTC) =>
    new PostgresCandleStore(database().sql).load({
      symbol,
      timeframe: '1m',
      from: T0 + from * MINUTE,
      to: T0 + to * MINUTE,
    })

  it('gives candles back ascending, from inclusive, to exclusive, with their exact amounts', async () => {
    const store = new PostgresCandleStore(database().sql)
    await store.save([candle(2), candle(0), candle(1)])
    expect(await load(0, 3)).toEqual([candle(0), candle(1), candle(2)])
    expect(await load(1, 2)).toEqual([candle(1)])
    expect(await load(0, 3, pair('XRP/USDT'))).toEqual([])
  })

  it('replaces a candle that comes again, and counts the last of two in one call', async () => {
    const store = new PostgresCandleStore(database().sql)
    await store.save([candle(10), candle(11)])
    await store.save([candle(10, '44000'), candle(10, '44001')])
    expect(await load(10, 12)).toEqual([candle(10, '44001'), candle(11)])
  })

  it('takes a week of minutes at once', async () => {
    const week = Array.from({ length: 10_080 }, (_, minute) => candle(100 + minute))
    await new PostgresCandleStore(database().sql).save(week)
    expect(await load(100, 100 + 10_080)).toEqual(week)
  })

  it('saves nothing for no candles', async () => {
    await new PostgresCandleStore(database().sql).save([])
    expect(await load(-10, -5)).toEqual([])
  })
}

export function snapshotStoreContract(database: () => Database): void {
  const look = (minute: number): Look => {
    const at = T0 + minute * MINUTE
    const view = positionView('p1', T0, { quantity: '0.00012345', entryPrice: '40000.1', fees: '0.04' })
    const [ledger, holdings] = [{ equityStart: '1300', equityEnd: '1300.1' }, [{ asset: 'BTC', quantity: '0.01' }]]
    const portfolio = {
      ...{ at, equity: '1300.1', coreEquity: '1290', tradingExposure: '4.93', maxDeviationPct: '2.53' },
      ...{ ledger, holdings, balances: [] },
    }
    return {
      ...{ at, positions: [positionSnapshot(view, price('41000.5'), at)] },
      portfolio: portfolio as unknown as PortfolioSnapshot,
    }
  }
  const rowsOf = (account: string) =>
    database().sql.query(
      `select p.at = f.at as together, p.unrealised_gross::text as unrealised, f.equity::text as equity,
        f.ledger->>'equityEnd' as ledger, f.holdings->0->>'quantity' as held
        from position_snapshots p join portfolio_snapshots f using (account, at) where account = $1 order by at`,
      [account],
    )
  const row = {
    ...{ together: true, unrealised: '0.123499380000000000', equity: '1300.100000000000000000' },
    ...{ ledger: '1300.1', held: '0.01' },
  }

  it('keeps looks at positions and account to the last digit, in the account that they are of', async () => {
    const account = freshAccount()
    const store = new PostgresSnapshotStore(database().sql, account)
    await store.save([look(0), look(1)])
    await store.save([{ ...look(2), portfolio: null }])
    expect(await rowsOf(account)).toEqual([row, row])
    expect(await rowsOf(freshAccount())).toEqual([])
  })

  it('changes nothing when looks are given again, and takes two days of them at once', async () => {
    const account = freshAccount()
    const store = new PostgresSnapshotStore(database().sql, account)
    await store.save([look(0)])
    await store.save(Array.from({ length: 2_880 }, (_, minute) => look(minute)))
    expect(await rowsOf(account)).toHaveLength(2_880)
  })

  it('saves nothing for no looks', async () => {
    const account = freshAccount()
    await new PostgresSnapshotStore(database().sql, account).save([])
    expect(await rowsOf(account)).toEqual([])
  })
}

export function venueStoreContract(database: () => Database): void {
  it('remembers the last state of each account, and null before the first', async () => {
    const clock = simulatedClock(T0)
    const mine = new PostgresVenueStore(database().sql, freshAccount(), clock)
    const other = new PostgresVenueStore(database().sql, freshAccount(), clock)
    expect(await mine.load()).toBeNull()
    await mine.save({ balances: { USDT: '1000' }, orders: [] })
    await mine.save({ balances: { USDT: '999.5' }, orders: [{ id: 'a' }] })
    expect(await mine.load()).toEqual({ balances: { USDT: '999.5' }, orders: [{ id: 'a' }] })
    expect(await other.load()).toBeNull()
  })
}

export function sessionContract(database: () => Database): void {
  it('belongs to the session that used it first, and to no other', async () => {
    const { sql } = database()
    await claimSession(sql, { kind: 'paper', key: 'paper:1' }, T0)
    await claimSession(sql, { kind: 'paper', key: 'paper:1' }, T0 + 1)
    await expect(claimSession(sql, { kind: 'paper', key: 'paper:2' }, T0)).rejects.toThrow(OtherSessionError)
    await expect(claimSession(sql, { kind: 'live', key: 'paper:1' }, T0)).rejects.toThrow(
      'the database holds the paper session "paper:1", not the live session "paper:1"',
    )
  })
}
