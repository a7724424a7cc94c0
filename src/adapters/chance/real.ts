/** Chance and ids from the operating system: live and paper trading. */
import { getRandomValues, randomUUID } from 'node:crypto'
import type { IdSource, RandomSource } from '../../ports/clock.ts'

/** Draws that nobody can foresee or repeat, 53 random bits each; a stream is simply another such source. */
export function realRandom(): RandomSource {
  const words = new Uint32Array(2)
  return {
    next() {
      getRandomValues(words)
      const high = (words[0] ?? 0) >>> 5
      const low = (words[1] ?? 0) >>> 6
      return (high * 2 ** 26 + low) / 2 ** 53
    },
    stream: () => realRandom(),
  }
}

/** UUID v4 (RFC 9562 §5.4). */
export function realIds(): IdSource {
  return { next: () => randomUUID() }
}
