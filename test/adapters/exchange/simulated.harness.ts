/** The paper venue on a simulated clock, as the contract and its own tests drive it. */
import { seededRandom } from '../../../src/adapters/chance/seeded.ts'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import { simulatedExchange } from '../../../src/adapters/exchange/simulated/exchange.ts'
import type { LatencyParameters } from '../../../src/adapters/exchange/simulated/latency.ts'
import { MARGIN_DEFAULTS } from '../../../src/adapters/exchange/simulated/margin-terms.ts'
import type { SimulatedExchange } from '../../../src/adapters/exchange/simulated/paper-interface.ts'
import type { Flow } from '../../../src/domain/account-history.ts'
import { BUILT_IN_INSTRUMENTS } from '../../../src/domain/instrument.ts'
import type { SimulatedClock } from '../../../src/ports/clock.ts'
import type { ExecutionReport } from '../../../src/ports/exchange.ts'
import type { Log } from '../../../src/ports/log.ts'
import type { VenueStore } from '../../../src/ports/venue-store.ts'
import type { ExchangeHarness } from './exchange.contract.ts'
import { BTC } from './orders.ts'

/** 2025-11-10T12:00:00Z, the first moment of a minute. */
export const NOON = Date.UTC(2025, 10, 10, 12)

const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

export interface SimulatedHarness extends ExchangeHarness {
  readonly exchange: SimulatedExchange
  readonly clock: SimulatedClock
  readonly lines: (string | null)[]
}

/** Lets promises that are already decided run. */
export async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
}

export async function openSimulated(
  options: { store?: VenueStore; clock?: SimulatedClock; latency?: LatencyParameters; log?: Log; seed?: string } = {},
): Promise<SimulatedHarness> {
  const clock = options.clock ?? simulatedClock(NOON)
  const reports: ExecutionReport[] = []
  const charges: Flow[] = []
  const lines: (string | null)[] = []
  const exchange = simulatedExchange({
    clock,
    random: seededRandom(options.seed ?? 'paper'),
    log: options.log ?? silentLog,
    instruments: BUILT_IN_INSTRUMENTS,
    startingBalances: { USDT: '10000', BTC: '1' },
    margin: MARGIN_DEFAULTS,
    store: options.store ?? null,
    latency: options.latency ?? { medianMs: 150, sigma: 0 },
  })
  exchange.onReport((report) => reports.push(report))
  exchange.onCharge?.((flow) => charges.push(flow))
  exchange.onLine((up, reason) => lines.push(up ? 'up' : reason))
  await exchange.start()

  const pass = async (ms: number): Promise<void> => {
    clock.advanceTo(clock.now() + ms)
    await microtasks()
  }
  return {
    exchange,
    clock,
    reports,
    charges,
    lines,
    now: () => clock.now(),
    pass,
    async answered<T>(call: Promise<T>): Promise<T> {
      let isSettled = false
      const settle = (): void => {
        isSettled = true
      }
      call.then(settle, settle)
      for (let turn = 0; turn < 1_000 && !isSettled; turn += 1) {
        await microtasks()
        if (!isSettled) clock.fireNext()
      }
      return call
    },
    async print(price, quantity, side = null) {
      exchange.onMarket({ kind: 'trade', symbol: BTC, price, quantity, side, at: clock.now() })
      await microtasks()
    },
    stop: () => exchange.stop(),
  }
}
