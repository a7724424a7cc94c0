import type { Bus, Envelope } from '../../../src/ports/bus.ts'
import type { Clock, SimulatedClock } from '../../../src/ports/clock.ts'

export interface BusLimits {
  readonly historyLimit?: number
  readonly queueLimit?: number
  readonly deadLetterLimit?: number
}

export type MakeBus = (clock: Clock, limits?: BusLimits) => Bus

export const START = Date.UTC(2024, 0, 1)

export interface Fixture {
  readonly clock: SimulatedClock
  readonly bus: Bus
}

/** A promise and the two ways to settle it. */
export function pending() {
  let finish = (): void => {}
  let fail = (_error: Error): void => {}
  const promise = new Promise<void>((resolve, reject) => {
    finish = resolve
    fail = reject
  })
  return { promise, finish, fail }
}

/** Lets promise callbacks run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}

export const refusal = (call: () => unknown): { name: unknown; code: unknown } => {
  try {
    call()
  } catch (error) {
    if (error instanceof Error && 'code' in error) return { name: error.name, code: error.code }
    throw error
  }
  throw new Error('it was not refused')
}

export const types = (envelopes: readonly Envelope[]): string[] => envelopes.map(({ payload }) => payload.type)
export const awayMs = ({ payload }: Envelope): number => (payload.type === 'journal.back' ? payload.awayMs : Number.NaN)
export const openAt = ({ payload }: Envelope): number =>
  payload.type === 'candle.closed' ? payload.candle.openAt : Number.NaN

export type MakeFixture = (limits?: BusLimits) => Fixture

/** A subscriber that is busy with its first message until the gate opens. */
export function held(bus: Bus, topic: 'MARKET_DATA' | 'SYSTEM_EVENTS') {
  const gate = pending()
  const heard: Envelope[] = []
  bus.subscribe('slow', topic, (envelope) => {
    heard.push(envelope)
    return heard.length === 1 ? gate.promise : undefined
  })
  return {
    heard,
    async release() {
      gate.finish()
      await settle()
      return heard.slice(1)
    },
  }
}
