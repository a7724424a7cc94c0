/** The last things that happened, for whoever has to find out why. */
import type { Fact } from '../../src/domain/facts.ts'

const LENGTH = 20

export class Tape {
  readonly #lines: string[] = []
  readonly #keepsAll: boolean

  /** `all` keeps everything from the beginning. */
  constructor(all = false) {
    this.#keepsAll = all
  }

  note(at: number, what: string): void {
    this.#lines.push(`${new Date(at).toISOString().slice(5, 23)} ${what}`)
    if (!this.#keepsAll && this.#lines.length > 2 * LENGTH) this.#lines.splice(0, LENGTH)
  }

  fact(at: number, fact: Fact): void {
    this.note(at, lineOf(fact))
  }

  all(): readonly string[] {
    return this.#lines
  }

  last(): readonly string[] {
    return this.#lines.slice(-LENGTH)
  }
}

function lineOf(fact: Fact): string {
  const { type, origin } = fact
  const from = origin === 'live' ? '' : ` (${origin})`
  if ('order' in fact) {
    const { orderId, request, status, phase, filled, quantity, reason } = fact.order
    const why = reason === null ? '' : ` ${reason}`
    return `${type}${from} ${request.key} ${orderId.slice(0, 8)} ${status}/${phase} ${filled} of ${quantity}${why}`
  }
  if ('position' in fact) {
    const { positionId, phase, quantity, closeReason } = fact.position
    return `${type}${from} ${positionId} ${phase} ${quantity} ${closeReason ?? ''}`
  }
  const { id, at, seenAt, causedBy, correlationId, ...rest } = fact
  return JSON.stringify(rest).slice(0, 300)
}
