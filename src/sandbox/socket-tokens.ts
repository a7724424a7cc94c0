/** Tokens of GetWebSocketsToken. */
import type { IdSource } from '../ports/clock.ts'

/** Kraken: use within 15 minutes. */
export const TOKEN_LIFE_S = 900

export class SocketTokens {
  readonly #ids: IdSource
  readonly #issuedAt = new Map<string, number>()
  /** Does a fault make the next use fail? */
  readonly #isSpoilt: () => boolean

  constructor(ids: IdSource, isSpoilt: () => boolean) {
    this.#ids = ids
    this.#isSpoilt = isSpoilt
  }

  issue(at: number): string {
    for (const [token, issuedAt] of this.#issuedAt)
      if (at - issuedAt > TOKEN_LIFE_S * 1000) this.#issuedAt.delete(token)
    const token = Buffer.from(`${this.#ids.next()}${this.#ids.next()}`.replaceAll('-', ''), 'hex').toString('base64url')
    this.#issuedAt.set(token, at)
    return token
  }

  isValid(token: string, at: number): boolean {
    const issuedAt = this.#issuedAt.get(token)
    if (issuedAt === undefined || at - issuedAt > TOKEN_LIFE_S * 1000) return false
    if (!this.#isSpoilt()) return true
    this.#issuedAt.delete(token)
    return false
  }

  /** None that was given out is taken any more. */
  expireAll(): void {
    this.#issuedAt.clear()
  }
}
