/** A desk of real domain objects, the real bus and the simulated clock around the API. */
import { inMemoryBus } from '../../src/adapters/bus/in-memory-bus.ts'
import { seededIds, seededRandom } from '../../src/adapters/chance/seeded.ts'
import { simulatedClock } from '../../src/adapters/clock/simulated.ts'
import { createApi } from '../../src/api/app.ts'
import { createReadModels } from '../../src/api/read-models.ts'
import { type ExposureInput, type ExposureView, exposureOf } from '../../src/domain/exposure.ts'
import { asset, orderId, type Pair, type PositionId, pair, positionId } from '../../src/domain/ids.ts'
import type { PortfolioSnapshot, PositionSnapshot } from '../../src/domain/money-snapshot.ts'
import { isLive, type OrderRequest, type OrderView } from '../../src/domain/order.ts'
import type { AllocationView } from '../../src/domain/portfolio.ts'
import { DEFAULT_RISK_LIMITS } from '../../src/domain/risk-limits.ts'
import { NOTHING_REMEMBERED } from '../../src/domain/risk-record.ts'
import { TASKS } from '../../src/domain/tasks.ts'
import type {
  ActorNode,
  CoordinatorStatus,
  Desk,
  PositionStatus,
  RiskStatus,
  SystemStatus,
} from '../../src/ports/desk.ts'
import type { Log } from '../../src/ports/log.ts'
import { TestHistory } from './test-history.ts'
import { TestMoneyHistory } from './test-money-history.ts'

/** 2021-05-19T12:30:00Z */
export const NOW = 1_621_427_400_000
const BTC = pair('BTC/USDT')
export const XRP = pair('XRP/USDT')

const request = (symbol: Pair): OrderRequest => ({
  key: 'position/entry/1',
  symbol,
  side: 'buy',
  type: 'limit',
  quantity: '0.00012345',
  limitPrice: '40000.1',
  triggerPrice: null,
  timeInForce: 'GTD',
  expiresAt: NOW + 900_000,
  postOnly: false,
  reduceOnly: false,
  leverage: 1,
  intent: 'open',
  purpose: 'entry',
  book: 'trading',
  positionId: null,
  planId: null,
})

export const order = (id: string, over: Partial<OrderView> = {}, symbol: Pair = BTC): OrderView => ({
  orderId: orderId(id),
  request: request(symbol),
  status: 'OPEN',
  phase: 'open',
  venueOrderId: null,
  quantity: '0.00012345',
  limitPrice: '40000.1',
  triggerPrice: null,
  filled: '0',
  cost: '0',
  fees: '0',
  fills: [],
  reason: null,
  createdAt: NOW,
  updatedAt: NOW,
  ...over,
})

export const position = (id: string, over: Partial<PositionStatus> = {}): PositionStatus => ({
  realisedNet: '-0.04',
  mark: '46000',
  unrealisedPnl: '50',
  unrealisedPnlPct: '2',
  positionId: positionId(id),
  symbol: BTC,
  side: 'long',
  status: 'open',
  phase: 'protected',
  leverage: 1,
  quantity: '0.00012345',
  entryPrice: '40000.1',
  exitPrice: '0',
  stopLoss: '39000',
  takeProfit: null,
  trailing: null,
  financing: '0',
  realisedGross: '0',
  fees: '0.04',
  closeReason: null,
  openedAt: NOW,
  updatedAt: NOW,
  closedAt: null,
  ...over,
})

export const allocation = (): AllocationView => ({
  at: NOW,
  equity: '1300',
  coreEquity: '1300',
  holdings: [
    {
      asset: asset('BTC'),
      quantity: '0.01',
      valueUsd: '400.5',
      currentPct: '30.8',
      targetPct: '33.33',
      deviationPct: '-2.53',
    },
  ],
  maxDeviationPct: '2.53',
  balances: [{ asset: asset('USDT'), total: '899.5', held: '0' }],
  ledger: {
    equityStart: '1300',
    tradingNet: '0',
    rebalancingFees: '0',
    revaluation: '0',
    flows: '0',
    equityEnd: '1300',
  },
  staleMarks: [],
})

export const exposure = (over: Partial<ExposureInput> = {}): ExposureView =>
  exposureOf({
    ...{ now: NOW, positions: [], entries: [], reserved: [], symbols: [BTC, XRP], priceOf: () => null },
    ...{ equityUsd: '1300', staleMarks: [], coreUsd: '1300', limits: DEFAULT_RISK_LIMITS, ...over },
  })

const coordinatorStatus = (): CoordinatorStatus => ({
  state: 'RUNNING',
  pauseReasons: [],
  haltReason: null,
  haltedSymbols: {},
  degradation: 'NORMAL',
  failures: { exchange: 0 },
  reconciliation: 'READY',
  breakers: [],
  mayOpenRisk: true,
  tasks: TASKS.map((task) => ({
    task,
    enabled: task !== 'sentiment_analysis',
    intervalSeconds: 60,
    lastRunAt: task === 'ta_analysis' ? NOW : null,
    nextRunAt: NOW + 60_000,
    runs: 1,
    failures: 0,
  })),
  statistics: { decisions: 3 },
})

const riskStatus = (): RiskStatus => ({
  risk: { ...NOTHING_REMEMBERED, peakEquityUsd: '1300', peakBaseUsd: '1300' },
  readings: {
    ...{ at: NOW, dayLossPct: '0', weekLossPct: '0', drawdownPct: '0', accountDrawdownPct: '0', lossStreak: 0 },
    ...{ isFrozen: false, staleMarks: [] },
  },
  thresholds: DEFAULT_RISK_LIMITS.breakers,
  breakers: [],
  cooldowns: {},
  exposure: exposure(),
})

const systemStatus = (): SystemStatus => ({
  mode: 'paper',
  state: 'trading',
  ready: true,
  notReadyBecause: [],
  feed: { name: 'simulated', fallback: true, reason: 'Kraken did not answer within 5 s' },
  database: { driver: 'pglite', state: 'durable' },
  agents: { mode: 'rules' },
  startedAt: NOW - 60_000,
  now: NOW,
  epoch: 2,
})

const tree = (): ActorNode => {
  const leaf = { status: 'running', restarts: 0, lastError: null, state: null, children: [] } as const
  const market: ActorNode = { ...leaf, name: 'market', restarts: 2, lastError: 'Error: boom\n    at secret.ts:1' }
  return { ...leaf, name: 'system', state: 'trading', children: [market] }
}

/** What the desk says may be changed between requests; `reads` counts how often it was asked. */
class TestDesk implements Desk {
  systemNow = systemStatus()
  coordinatorNow = coordinatorStatus()
  riskNow = riskStatus()
  positionsNow: readonly PositionStatus[] = []
  ordersNow: readonly OrderView[] = []
  allocationNow: AllocationView | null = allocation()
  exposureNow: ExposureView = exposure()
  positionLooks: readonly PositionSnapshot[] = []
  portfolioLooks: readonly PortfolioSnapshot[] = []
  /** Thrown by every question while set. */
  broken: Error | null = null
  readonly reads = { orders: 0, positions: 0, coordinator: 0, allocation: 0 }

  #check(): void {
    if (this.broken !== null) throw this.broken
  }
  system(): SystemStatus {
    this.#check()
    return this.systemNow
  }
  risk(): RiskStatus {
    this.#check()
    return this.riskNow
  }
  coordinator(): CoordinatorStatus {
    this.#check()
    this.reads.coordinator += 1
    return this.coordinatorNow
  }
  positions(filter: { readonly status?: 'open' | 'closed'; readonly symbol?: Pair }): readonly PositionStatus[] {
    this.#check()
    this.reads.positions += 1
    return this.positionsNow
      .filter((one) => filter.status === undefined || one.status === filter.status)
      .filter((one) => filter.symbol === undefined || one.symbol === filter.symbol)
  }
  orders(filter: { readonly live?: boolean; readonly symbol?: Pair }): readonly OrderView[] {
    this.#check()
    this.reads.orders += 1
    return this.ordersNow
      .filter((one) => filter.live === undefined || isLive(one) === filter.live)
      .filter((one) => filter.symbol === undefined || one.request.symbol === filter.symbol)
  }
  allocation(): AllocationView | null {
    this.#check()
    this.reads.allocation += 1
    return this.allocationNow
  }
  exposure(): ExposureView {
    this.#check()
    return this.exposureNow
  }
  configuredHodl(): Readonly<Record<string, string>> {
    return { BTC: '0.5', XRP: '0' }
  }
  positionSnapshots(id: PositionId): readonly PositionSnapshot[] {
    return this.positionLooks.filter((one) => one.positionId === id)
  }
  portfolioSnapshots(): readonly PortfolioSnapshot[] {
    return this.portfolioLooks
  }
  supervision(): ActorNode {
    this.#check()
    return tree()
  }
}

export interface Logged {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

function keepingLog(): Log & { readonly lines: Logged[] } {
  const lines: Logged[] = []
  const keep =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      lines.push({ level, message, fields })
    }
  return { lines, debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
}

/** Everything around the API, and `get` for a path. */
export function deskAndApi() {
  const clock = simulatedClock(NOW)
  const log = keepingLog()
  const bus = inMemoryBus({ clock, log })
  const desk = new TestDesk()
  const readModels = createReadModels({ desk, bus, clock, log })
  const ids = seededIds(seededRandom('errors'))
  const history = new TestHistory()
  const money = new TestMoneyHistory()
  const app = createApi({ desk, readModels, history, money, clock, ids, log })
  const get = async (path: string, init: RequestInit = {}) => {
    const response = await app.request(path, init)
    const body = await response.text()
    const isJson = response.headers.get('content-type')?.endsWith('json') === true
    return { response, status: response.status, json: isJson && body !== '' ? JSON.parse(body) : null, text: body }
  }
  return { clock, log, bus, desk, readModels, history, money, app, get }
}
