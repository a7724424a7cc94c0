/** Kraken's signature of a private call. */
import { createHash, createHmac } from 'node:crypto'

export interface Signed {
  /** From `/0/private` on. */
  readonly path: string
  readonly nonce: number
  /** The exact bytes that are sent. */
  readonly body: string
}

/**
 * `API-Sign`: base64 of HMAC-SHA512 under the decoded secret, of path and SHA-256 of nonce and body (Kraken, REST
 * authentication guide).
 */
export function signature(secret: string, { path, nonce, body }: Signed): string {
  const digest = createHash('sha256').update(`${nonce}${body}`).digest()
  return createHmac('sha512', Buffer.from(secret, 'base64')).update(path).update(digest).digest('base64')
}
