/** What every REST answer of Kraken comes in: `{"error":[…],"result":…}`. */
import { fieldsOf, parseExact, UnreadableError, type Wire } from './exact-json.ts'

export interface Envelope {
  /** `E…`: the call failed. */
  readonly errors: readonly string[]
  /** `W…` and whatever else: may come with a result, and does not take it back. */
  readonly warnings: readonly string[]
  readonly result: Wire | undefined
}

/**
 * Reads an answer's body, numbers as text.
 * @throws UnreadableError when it is not Kraken's envelope.
 */
export function readEnvelope(body: string): Envelope {
  const fields = fieldsOf(parseExact(body))
  if (fields === null || !Array.isArray(fields.error)) throw new UnreadableError('not an answer of Kraken')
  const words = fields.error.map(String)
  return {
    errors: words.filter((word) => word.startsWith('E')),
    warnings: words.filter((word) => !word.startsWith('E')),
    result: fields.result,
  }
}
