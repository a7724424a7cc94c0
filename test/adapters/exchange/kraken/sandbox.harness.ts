/** The live adapter against the sandbox on loopback: real requests and frames, on a clock that the test moves. */
import { seededIds, seededRandom } from '../../../../src/adapters/chance/seeded.ts'
import { simulatedClock } from '../../../../src/adapters/clock/simulated.ts'
import { type KrakenExchange, krakenExchange } from '../../../../src/adapters/exchange/kraken/exchange.ts'
import type { Flow } from '../../../../src/domain/account-history.ts'
import type { SimulatedClock } from '../../../../src/ports/clock.ts'
import type { ExecutionReport } from '../../../../src/ports/exchange.ts'
import type { Lease } from '../../../../src/ports/leadership.ts'
import type { Log } from '../../../../src/ports/log.ts'
import type { Fault } from '../../../../src/sandbox/fault-schema.ts'
import { type Sandbox, startSandbox } from '../../../../src/sandbox/server.ts'
import type { ExchangeHarness } from '../exchange.contract.ts'
import { BTC } from '../orders.ts'

/** 2026-01-05T12:00:00Z */
const NOON = Date.UTC(2026, 0, 5, 12)

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

export interface SandboxHarness extends ExchangeHarness {
  readonly exchange: KrakenExchange
  readonly sandbox: Sandbox
  readonly clock: SimulatedClock
  readonly lines: readonly (string | null)[]
  /** What the process that trades knows of its lease; the test may change it. */
  readonly lead: { lease: Lease | null; leads: boolean; nonce: number }
  /** Asks the sandbox to do wrong. */
  fault(...faults: readonly Fault[]): void
  /** Lets real I/O happen until it is so. */
  until(holds: () => boolean): Promise<void>
}

/** One turn of real I/O. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export async function openAtSandbox(): Promise<SandboxHarness> {
  const clock = simulatedClock(NOON)
  const random = seededRandom('sandbox')
  const sandbox = await startSandbox({
    ...{ clock, random, ids: seededIds(random.stream('ids')), log: silent, feed: null, limits: false },
    balances: { USDT: '10000', BTC: '1' },
  })
  const lead: SandboxHarness['lead'] = {
    lease: {
      ...{ account: 'a', holder: 'h', incarnation: 'i', epoch: 1 },
      ...{ expiresAt: NOON + 86_400_000, nonceFrom: 1, nonceTo: 1_000_000 },
    },
    leads: true,
    nonce: 1_000,
  }
  const exchange = krakenExchange({
    publicPaceMs: 0,
    ...{ restUrl: sandbox.rest, socketUrl: sandbox.ws, apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret },
    nonces: {
      next() {
        lead.nonce += 1
        return lead.nonce
      },
    },
    lease: () => lead.lease,
    stillLeading: async () => lead.leads,
    onLeadershipLost: () => {},
    ...{ clock, chance: random.stream('reconnects'), log: silent, fetch },
  })
  const reports: ExecutionReport[] = []
  const charges: Flow[] = []
  const lines: (string | null)[] = []
  exchange.onReport((report) => reports.push(report))
  exchange.onCharge?.((flow) => charges.push(flow))
  exchange.onLine((up, reason) => lines.push(up ? 'up' : reason))
  await exchange.start()

  /** A millisecond goes by with every turn: enough for what waits on the clock, far less than a deadline's worth. */
  const settled = async <T>(work: Promise<T>): Promise<T> => {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    work.then(settle, settle)
    while (!isSettled) {
      await turn()
      if (!isSettled) clock.advanceTo(clock.now() + 1)
    }
    return work
  }

  return {
    ...{ exchange, sandbox, clock, reports, charges, lines, lead },
    now: () => clock.now(),
    async answered(call) {
      const answer = await settled(call)
      await settled(exchange.caughtUp())
      return answer
    },
    async pass(ms) {
      const until = clock.now() + ms
      // In steps: a line that is not heard for seconds on end would be taken for dead.
      while (clock.now() < until) {
        clock.advanceTo(Math.min(until, clock.now() + 1_000))
        await settled(exchange.caughtUp())
      }
    },
    async print(price, quantity, side = null) {
      sandbox.print({ kind: 'trade', symbol: BTC, price, quantity, side, at: clock.now() })
      await settled(exchange.caughtUp())
    },
    fault: (...faults) => sandbox.faults.add(faults),
    async until(holds) {
      while (!holds()) {
        await turn()
        clock.advanceTo(clock.now() + 1)
      }
    },
    async stop() {
      await settled(exchange.stop())
      await sandbox.stop()
    },
  }
}
