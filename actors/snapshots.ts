/**
 * What positions and the account were worth, once a minute: derived from books and marks, kept outside of the journal.
 * A day of it is in memory, all of it in the database.
 */
import type { PositionId } from '../src/domain/ids.ts'
import {
  type Look,
  notionalUsd,
  type PortfolioSnapshot,
  type PositionSnapshot,
  positionSnapshot,
} from '../src/domain/money-snapshot.ts'
import { price } from '../src/domain/units.ts'
import type { Account } from './account.ts'
import { withCharges } from './exposure.ts'
import type { House } from './house.ts'
import { problemText } from './supervision/supervision-event.ts'
import { writeBehind } from './write-behind.ts'

/** Of each open position, and of the account: a day of minutes. */
const KEPT_IN_MEMORY = 1_440
const LOOKS_PER_WRITE = 500
/** Two days of minutes. */
const LOOKS_KEPT_BACK = 2_880

export interface Snapshots {
  /** One look at everything that is open; what has no fresh mark is left out, never taken for worthless. */
  take(): void
  /** The last day of an open position, oldest first. */
  ofPosition(positionId: PositionId): readonly PositionSnapshot[]
  /** The account's last day, oldest first. */
  ofPortfolio(): readonly PortfolioSnapshot[]
  /** Waits until every look is written, or could not be. */
  flush(): Promise<void>
}

function keep<T>(kept: T[], one: T): void {
  kept.push(one)
  if (kept.length > KEPT_IN_MEMORY) kept.shift()
}

export function createSnapshots(
  { books, clock, log, settings, snapshots: store }: House,
  account: Pick<Account, 'priceOf' | 'view'>,
): Snapshots {
  const byPosition = new Map<PositionId, PositionSnapshot[]>()
  const ofAccount: PortfolioSnapshot[] = []
  const written = writeBehind<Look>({
    ...{ clock, log, what: 'snapshots', save: (looks) => store.save(looks), waitMs: settings.snapshots.writeMs },
    ...{ rowsPerWrite: LOOKS_PER_WRITE, keptBack: LOOKS_KEPT_BACK },
  })

  function look(at: number): Look {
    const priceOf = account.priceOf()
    const open = books.openPositions().map((position) => withCharges(books, position))
    const positions = open.flatMap((position) => {
      const mark = priceOf(position.symbol)
      return mark === null ? [] : [positionSnapshot(position, price(mark), at)]
    })
    const view = account.view()
    const tradingExposure = notionalUsd(open, priceOf)
    if (view === null || tradingExposure === null) return { at, positions, portfolio: null }
    const { staleMarks: _none, ...valued } = view
    return { at, positions, portfolio: { ...valued, tradingExposure } }
  }
  function remember({ positions, portfolio }: Look): void {
    for (const positionId of byPosition.keys())
      if (books.position(positionId)?.status !== 'open') byPosition.delete(positionId)
    for (const one of positions) {
      const kept = byPosition.get(one.positionId) ?? []
      byPosition.set(one.positionId, kept)
      keep(kept, one)
    }
    if (portfolio !== null) keep(ofAccount, portfolio)
  }

  return {
    take: () => {
      try {
        const seen = look(clock.now())
        remember(seen)
        if (seen.portfolio !== null || seen.positions.length > 0) written.add(seen)
      } catch (error) {
        // Called by a timer: nobody else would hear of it, and trading must not.
        log.error('no snapshot could be taken', { problem: problemText(error) })
      }
    },
    ofPosition: (positionId) => byPosition.get(positionId) ?? [],
    ofPortfolio: () => ofAccount,
    flush: written.flush,
  }
}
