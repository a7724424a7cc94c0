/** Reads the saved paper account at start. */
import type { Clock } from '../../../ports/clock.ts'
import type { VenueStore } from '../../../ports/venue-store.ts'

const LOAD_DEADLINE_MS = 5_000

/** Null where nothing was saved yet. @throws what the store throws, and when it takes longer than 5 s. */
export function loadState(store: VenueStore, clock: Clock): Promise<Readonly<Record<string, unknown>> | null> {
  return new Promise((resolve, reject) => {
    const timer = clock.at(clock.now() + LOAD_DEADLINE_MS, () =>
      reject(new Error(`loading the paper account takes longer than ${LOAD_DEADLINE_MS} ms`)),
    )
    store
      .load()
      .then(resolve, reject)
      .finally(() => timer.cancel())
  })
}
