/** What positions and the account were worth, minute by minute, on disk. Derived, and no part of the journal. */
import type { Look } from '../domain/money-snapshot.ts'

export interface SnapshotStore {
  /**
   * Adds what is not there yet, by position and moment: what is given again after a lost answer changes nothing. Ends
   * by itself, a silent server counting as away; rejects where it does not know that all of them were written.
   */
  save(looks: readonly Look[]): Promise<void>
}
