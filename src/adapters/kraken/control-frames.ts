/** What every socket of Kraken (v2) says beside its data: heartbeats, the engine's mode, and what a request came to. */
import { readVenueMode, type VenueMode } from '../../domain/connection.ts'
import { type Pair, parsePair } from '../../domain/ids.ts'
import { fieldsOf, numberOf, rowsOf, textOf, type Wire } from './exact-json.ts'

/** What a request came to. */
export interface Answer {
  readonly kind: 'answer'
  readonly method: string
  readonly requestId: number | null
  readonly channel: string | null
  readonly symbol: Pair | null
  /** Null when it succeeded. */
  readonly problem: string | null
}

export type ControlFrame =
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'status'; readonly mode: VenueMode }
  | Answer

type Fields = { readonly [key: string]: Wire }

function answer(frame: Fields, method: string): Answer {
  const result = fieldsOf(frame.result) ?? {}
  const symbol = frame.symbol ?? result.symbol
  return {
    kind: 'answer',
    method,
    requestId: frame.req_id === undefined || frame.req_id === null ? null : numberOf(frame.req_id, 'req_id'),
    channel: typeof result.channel === 'string' ? result.channel : null,
    symbol: typeof symbol === 'string' ? parsePair(symbol) : null,
    problem: frame.success === false ? textOf(frame.error ?? 'refused without a reason', 'error') : null,
  }
}

/**
 * Reads a frame that is no data; null when it is.
 * @throws UnreadableError for a frame that is not what Kraken documents.
 */
export function readControl(frame: Fields): ControlFrame | null {
  if (typeof frame.method === 'string') return answer(frame, frame.method)
  // The message-rate refusal comes with a capital E and without a method.
  const complaint = frame.Error ?? frame.error
  if (typeof complaint === 'string') {
    return { kind: 'answer', method: '', requestId: null, channel: null, symbol: null, problem: complaint }
  }
  if (frame.channel === 'heartbeat') return { kind: 'heartbeat' }
  if (frame.channel !== 'status') return null
  const [row] = rowsOf(frame.data, 'status data')
  return { kind: 'status', mode: readVenueMode(textOf(fieldsOf(row)?.system, 'system')) }
}
