/** Between the walk and its checks: what they may ask, and how they say that something does not hold. */

import type { RunningSystem } from '../../actors/start.ts'
import type { MatchingEngine } from '../../src/adapters/exchange/simulated/engine.ts'
import type { NumberedRow } from '../../src/adapters/persistence/journal-rows.ts'
import type { OrderId, Pair, PositionId } from '../../src/domain/ids.ts'
import type { Balance } from '../../src/domain/portfolio.ts'
import type { Amount } from '../../src/domain/units.ts'
import type { Truth } from './truth.ts'

export class Broken extends Error {
  readonly invariant: string

  constructor(invariant: string, detail: string) {
    super(detail)
    this.invariant = invariant
  }
}

/** Notes that an invariant does not hold; what is called back must not throw. */
export type Fail = (invariant: string, detail: string) => void

/** What the checks may ask of the walk. */
export interface Scene {
  readonly truth: Truth
  now(): number
  /** The process that runs; null while none does, or while it boots. */
  system(): RunningSystem | null
  /** Since when nothing has stood in the way of a position's protection. */
  undisturbedSince(owner: PositionId | OrderId): number
  isDatabaseAway(): boolean
  /** When the process last heard of a trade; null where it has not, in its present life. */
  heardAt(symbol: Pair): number | null
  /** Since when the store of looks keeps what it is given at once; null while it does not. */
  storeSoundSince(): number | null
  /** What the venue has on margin, and its ledger. */
  venue(): Pick<MatchingEngine, 'positions' | 'ledger'>
  /** The venue's own balances, at this moment. */
  balances(): readonly Balance[]
  /** The journal, over all lives. */
  rows(): readonly NumberedRow[]
  /** What others did to the account, by asset. */
  foreign(): ReadonlyMap<string, Amount>
  readonly limits: { readonly maxPositions: number; readonly maxPositionsPerSymbol: number }
}
