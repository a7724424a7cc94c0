/** What an HTTP answer of Kraken's private REST means: done, refused before the engine, or nobody knows. */

import { NotANumberError } from '../../../domain/units.ts'
import type { VenueAnswer, VenueErrorClass } from '../../../ports/exchange.ts'
import { type Envelope, readEnvelope } from '../../kraken/envelope.ts'
import { classOf } from '../../kraken/errors.ts'
import { UnreadableError, type Wire } from '../../kraken/exact-json.ts'

export interface Read {
  readonly answer: VenueAnswer<Wire>
  /** `W…`: for the log. */
  readonly warnings: readonly string[]
}

export const refused = (code: VenueErrorClass, message: string): Extract<VenueAnswer<never>, { kind: 'refused' }> => ({
  kind: 'refused',
  code,
  message,
})
export const lost = (problem: string): Extract<VenueAnswer<never>, { kind: 'lost' }> => ({ kind: 'lost', problem })

/** Statuses that a front door or router gives before anything is looked at. */
const TURNED_AWAY: Readonly<Record<number, VenueErrorClass>> = { 401: 'auth', 404: 'validation', 429: 'rate' }

function envelopeOf(body: string): Envelope | string {
  try {
    return readEnvelope(body)
  } catch (error) {
    if (error instanceof UnreadableError) return error.message
    throw error
  }
}

/**
 * A 5xx counts as lost whatever it says: the engine may have taken the order before the door fell shut. So does an error
 * that Kraken itself cannot vouch for. Of several errors one that leaves the outcome open decides.
 */
export function readAnswer(status: number, body: string): Read {
  if (status >= 500) return { answer: lost(`HTTP ${status}`), warnings: [] }
  const envelope = envelopeOf(body)
  if (typeof envelope === 'string') {
    const code = TURNED_AWAY[status]
    const answer = code === undefined ? lost(`HTTP ${status}: ${envelope}`) : refused(code, `HTTP ${status}`)
    return { answer, warnings: [] }
  }
  const { errors, warnings, result } = envelope
  return { answer: outcomeOf(status, errors, result), warnings }
}

function outcomeOf(status: number, errors: readonly string[], result: Wire | undefined): VenueAnswer<Wire> {
  const message = errors.join(', ')
  const classes = errors.map(classOf)
  const [first] = classes
  if (classes.includes('outage')) return lost(message)
  if (first !== undefined) return refused(first, message)
  if (result === undefined) return lost(`HTTP ${status}: neither a result nor an error`)
  return { kind: 'done', value: result }
}

/** Whether an error says that an answer is not what Kraken documents, and not that we have a bug. */
export const isUnreadable = (error: unknown): error is Error =>
  error instanceof UnreadableError || error instanceof NotANumberError

/** A reading of a result; what does not fit Kraken's documents leaves the question open. */
export function reading<T, R = Wire>(answer: VenueAnswer<R>, read: (result: R) => T): VenueAnswer<T> {
  if (answer.kind !== 'done') return answer
  try {
    return { kind: 'done', value: read(answer.value) }
  } catch (error) {
    if (isUnreadable(error)) return lost(`unreadable: ${error.message}`)
    throw error
  }
}
