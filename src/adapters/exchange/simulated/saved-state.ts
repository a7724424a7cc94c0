/** Checks that what was loaded is a venue's state, and brings it into the present form. */
import type { Numeric } from '../../../domain/units.ts'
import { type EngineState, STATE_VERSION } from './engine-state.ts'
import { type FirstState, upgraded } from './state-upgrade.ts'

/** The saved account cannot be used: written by newer code, damaged, or for pairs that are not listed now. */
export class StateError extends Error {
  override readonly name = 'StateError'
}

type Saved = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Saved =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const hasLists = (state: Saved, keys: readonly string[]): boolean => keys.every((key) => Array.isArray(state[key]))
const hasNumbers = (state: Saved, keys: readonly string[]): boolean =>
  keys.every((key) => typeof state[key] === 'number')

const hasRoot = (state: Saved): boolean =>
  typeof state.series === 'string' && hasNumbers(state, ['now']) && isRecord(state.totals) && isRecord(state.markets)

const hasForm = (state: Saved): state is EngineState =>
  hasRoot(state) &&
  isRecord(state.numbered) &&
  isRecord(state.reserved) &&
  hasNumbers(state.numbered, ['orders', 'trades', 'ledger', 'tickets']) &&
  hasLists(state, ['queue', 'open', 'closed', 'trades', 'ledger', 'positions', 'volumes'])

const hasFirstForm = (state: Saved): state is FirstState =>
  hasRoot(state) && hasNumbers(state, ['orders', 'trades', 'tickets']) && hasLists(state, ['queue', 'open', 'closed'])

function inPresentForm(saved: Saved, holdRate: Numeric): EngineState {
  if (saved.version !== 1 && saved.version !== STATE_VERSION)
    throw new StateError(`the saved paper account has version ${saved.version}; this build reads ${STATE_VERSION}`)
  if (saved.version === 1 && hasFirstForm(saved)) return upgraded(saved, holdRate)
  if (saved.version === STATE_VERSION && hasForm(saved)) return saved
  throw new StateError('the saved paper account is damaged: parts of it are missing')
}

/**
 * Reads the present form and the one before it, whose holds were taken at `holdRate`. @throws StateError when it is of another version, damaged, or has a live
 * order of a pair that is not in `listed`.
 */
export function readState(saved: Saved, listed: ReadonlySet<string>, holdRate: Numeric): EngineState {
  const state = inPresentForm(saved, holdRate)
  const foreign = state.open.find((order) => !listed.has(order.symbol))
  if (foreign !== undefined)
    throw new StateError(`the saved paper account has an open order for ${foreign.symbol}, which is not listed now`)
  return state
}
