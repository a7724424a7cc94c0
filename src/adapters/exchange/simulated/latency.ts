/** How long a request takes to reach the paper venue. */
import type { RandomSource } from '../../../ports/clock.ts'

/** Log-normal: half of the requests take longer than `medianMs`; `sigma` is the deviation of the logarithm, 0 for none. */
export interface LatencyParameters {
  readonly medianMs: number
  readonly sigma: number
}

export const LATENCY_DEFAULTS: LatencyParameters = { medianMs: 150, sigma: 0.35 }

/** Draws whole milliseconds, at least 1. The normal deviate is Box and Muller's (1958). */
export function latencyOf(random: RandomSource, { medianMs, sigma }: LatencyParameters): () => number {
  return () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.next()))
    const deviate = radius * Math.cos(2 * Math.PI * random.next())
    return Math.max(1, Math.round(medianMs * Math.exp(sigma * deviate)))
  }
}
