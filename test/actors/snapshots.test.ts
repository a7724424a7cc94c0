import { describe, expect, it } from 'vitest'
import { createAccount } from '../../actors/account.ts'
import type { House } from '../../actors/house.ts'
import { createSnapshots } from '../../actors/snapshots.ts'
import type { PositionId } from '../../src/domain/ids.ts'
import type { PositionView } from '../../src/domain/position.ts'
import type { Mark } from '../../src/domain/valuation.ts'
import {
  BTC,
  balance,
  factOf,
  fillOf,
  orderOf,
  POSITION,
  positionOf,
  requestOf,
  SETTINGS,
  settle,
  T0,
  tradingHouse,
  XRP,
} from './trading-house.ts'

const MINUTE = 60_000

/** 1,000 USDT and 500 XRP, and 0.01 BTC bought at 40,000 that are now worth more. */
function lookedAt(over: Partial<House> = {}) {
  const house = tradingHouse()
  const marks: Record<string, Mark> = {}
  const account = createAccount(house.house, () => marks)
  const snapshots = createSnapshots({ ...house.house, ...over }, account)
  const mark = (symbol: string, price: string): void => {
    marks[symbol] = { price, at: house.clock.now() }
  }
  mark(BTC, '40000')
  mark(XRP, '0.5')
  house.openAccount([balance('USDT', '1000'), balance('XRP', '500')], { [BTC]: '40000', [XRP]: '0.5' })
  const order = orderOf('entry', requestOf(), { status: 'FILLED', filled: '0.01' })
  house.books.apply(factOf({ type: 'order.filled', order, fill: fillOf('t1', '40000', '0.01', '1') }))
  const tell = (changes: Partial<PositionView>) =>
    house.books.apply(factOf({ type: 'position.filled', position: positionOf({ fees: '1', ...changes }) }))
  tell({})
  mark(BTC, '41000')
  return { ...house, snapshots, mark, tell }
}

describe('a look', () => {
  it('says what each open position and the account are worth at the mark', async () => {
    const { snapshots, looks } = lookedAt()
    snapshots.take()
    await snapshots.flush()
    expect(looks).toMatchObject([
      {
        at: T0,
        positions: [
          {
            ...{ positionId: POSITION, symbol: BTC, at: T0, mark: '41000', quantity: '0.01', stopLoss: '39000' },
            ...{ realisedGross: '0', unrealisedGross: '10', fees: '1', financing: '0', returnOnMarginPct: '2.5' },
          },
        ],
        portfolio: { at: T0, equity: '1259', tradingExposure: '410', ledger: { tradingNet: '9', equityEnd: '1259' } },
      },
    ])
    expect(looks[0]?.portfolio).not.toHaveProperty('staleMarks')
  })

  it('leaves out what has no fresh mark, and the account with it: nothing is worth nothing for want of a price', async () => {
    const { snapshots, looks, clock, mark } = lookedAt()
    clock.advanceTo(T0 + MINUTE + 1)
    mark(XRP, '0.5')
    snapshots.take()
    clock.advanceTo(T0 + MINUTE + 2)
    mark(BTC, '41000')
    clock.advanceTo(T0 + 2 * MINUTE + 2)
    snapshots.take()
    await snapshots.flush()
    expect(looks).toMatchObject([{ at: T0 + 2 * MINUTE + 2, positions: [{ mark: '41000' }], portfolio: null }])
    expect(snapshots.ofPortfolio()).toEqual([])
  })

  it('looks at a position that waits for its first fill, and asks for no return on what was not bought', () => {
    const { snapshots, tell } = lookedAt()
    tell({ phase: 'opening', quantity: '0', entryPrice: '0' })
    snapshots.take()
    expect(snapshots.ofPosition(POSITION)).toMatchObject([{ unrealisedGross: '0', returnOnMarginPct: null }])
    expect(snapshots.ofPortfolio()).toMatchObject([{ tradingExposure: '0' }])
  })

  it('that fails is said, and stops nobody', () => {
    const { house, logged } = tradingHouse()
    const broken = createSnapshots(house, {
      priceOf: () => {
        throw new Error('no prices')
      },
      view: () => null,
    })
    broken.take()
    expect(logged).toEqual(['no snapshot could be taken'])
  })
})

describe('in memory', () => {
  it('is the last day of each open position and of the account', () => {
    const { snapshots, clock, mark } = lookedAt()
    for (let minute = 0; minute < 1_442; minute += 1) {
      clock.advanceTo(T0 + minute * MINUTE)
      mark(BTC, `${41_000 + minute}`)
      mark(XRP, '0.5')
      snapshots.take()
    }
    expect(snapshots.ofPosition(POSITION)).toHaveLength(1_440)
    expect(snapshots.ofPosition(POSITION)[0]).toMatchObject({ mark: '41002' })
    expect(snapshots.ofPortfolio()).toHaveLength(1_440)
    expect(snapshots.ofPortfolio().at(-1)).toMatchObject({ at: T0 + 1_441 * MINUTE })
  })

  it('forgets a position that has closed: the database knows it', () => {
    const { snapshots, tell } = lookedAt()
    snapshots.take()
    tell({ status: 'closed', phase: 'closed', quantity: '0', closedAt: T0 })
    snapshots.take()
    expect(snapshots.ofPosition(POSITION)).toEqual([])
    expect(snapshots.ofPosition('nobody' as PositionId)).toEqual([])
  })
})

describe('on the way to the database', () => {
  it('waits while it is away, says so, and is all there afterwards', async () => {
    const saved: number[] = []
    let isAway = true
    const save = async (given: readonly { readonly at: number }[]): Promise<void> => {
      if (isAway) throw new Error('the database is away')
      saved.push(...given.map(({ at }) => at))
    }
    const { snapshots, clock, mark, logged } = lookedAt({ snapshots: { save } })
    for (const minute of [0, 1, 2]) {
      clock.advanceTo(T0 + minute * MINUTE)
      mark(BTC, '41000')
      mark(XRP, '0.5')
      if (minute === 2) isAway = false
      snapshots.take()
      clock.advanceTo(clock.now() + SETTINGS.snapshots.writeMs)
      await settle()
    }
    expect(saved).toEqual([T0, T0 + MINUTE, T0 + 2 * MINUTE])
    expect(new Set(logged)).toEqual(new Set(['snapshots could not be written']))
  })
})
