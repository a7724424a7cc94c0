/**
 * The owner's order execution manager: a trade, a cancellation, the open orders, a comparison with the venue, asked from
 * outside. A trade takes the way of every signal (coordinator, risk engine, position, order desk), only without a
 * consensus; what came of it is read from the facts.
 */
import { buildConsensus } from '../src/domain/consensus.ts'
import type { Fact } from '../src/domain/facts.ts'
import { type OrderId, orderId, type Pair, type PositionId, parsePair } from '../src/domain/ids.ts'
import { isLive, type OrderView } from '../src/domain/order.ts'
import { addsRisk } from '../src/domain/order-birth.ts'
import type { Judgement, SignalInputs } from '../src/domain/signal.ts'
import { paymentProblem } from '../src/domain/trading-money.ts'
import { amount, type Numeric } from '../src/domain/units.ts'
import type { Proposal } from '../src/domain/views.ts'
import type { Timer } from '../src/ports/clock.ts'
import { orderAddress } from './addresses.ts'
import type { House } from './house.ts'
import type { Reconciler } from './reconciliation.ts'
import type { RiskDesk } from './risk-desk.ts'

/** A trade that somebody outside wants. Prices in quote units. */
export interface TradeProposal {
  readonly symbol: string
  readonly action: 'BUY' | 'SELL'
  /** 0–1; must reach the floor like any other's. */
  readonly confidence: number
  /** Null: the last price. */
  readonly entryPrice: Numeric | null
  readonly stopLoss: Numeric | null
  readonly takeProfit: Numeric | null
  /** Collateral as a share of equity, per cent. */
  readonly sizePct: number
  readonly leverage: number
  readonly reasoning: string
}

export interface ExecutionResult {
  readonly accepted: boolean
  readonly orderId?: OrderId
  readonly positionId?: PositionId
  /** Of what refused it: the risk engine's, the coordinator's, or one of this desk. */
  readonly code?: string
  readonly message?: string
}

export type SyncResult =
  | { readonly ok: true; readonly synced: number; readonly adopted: number; readonly unexplained: readonly string[] }
  | { readonly ok: false; readonly problem: string }

export interface ExecutionDesk {
  /** Resolves once its entry is written down, or it is known why there will be none. Never rejects. */
  executeTrade(proposal: TradeProposal): Promise<ExecutionResult>
  /** Accepted is not ended: the end is a fact of the order. Stops and exits are not cancelled from outside. */
  cancelOrder(id: string): ExecutionResult
  /** Oldest first; none for what is no pair. */
  getOpenOrders(symbol?: string): readonly OrderView[]
  /** Compares orders, fills and balances with the venue now. */
  syncWithExchange(): Promise<SyncResult>
}

const refused = (code: string, message: string): ExecutionResult => ({ accepted: false, code, message })

/** Beyond the coordinator's own deadline: the birth must get to the disk too. */
const SLACK_MS = 5_000
const SYNC_MS = 30_000
const NOTHING_SEEN: SignalInputs['views'] = { technical: null, regime: null, sentiment: null }

const isNumeric = (value: unknown): boolean => {
  try {
    return typeof value === 'string' && amount(value).gte(0)
  } catch {
    return false
  }
}

/** What is wrong with a proposal as a shape; the risk engine judges the rest. */
function flawOf(given: TradeProposal, traded: readonly Pair[]): string | null {
  const { action, confidence, sizePct, leverage } = given
  const symbol = typeof given.symbol === 'string' ? parsePair(given.symbol) : null
  if (symbol === null || !traded.includes(symbol))
    return (symbol && paymentProblem(symbol)) ?? `${String(given.symbol)} is not traded here`
  if (action !== 'BUY' && action !== 'SELL') return `${String(action)} is neither BUY nor SELL`
  if (!(confidence >= 0 && confidence <= 1)) return 'the confidence must be within 0–1'
  if (!(sizePct > 0 && sizePct <= 100)) return 'the size must be above 0 % and at most 100 %'
  if (!(Number.isInteger(leverage) && leverage >= 1)) return 'the leverage must be a whole number from 1'
  for (const name of ['entryPrice', 'stopLoss', 'takeProfit'] as const)
    if (given[name] !== null && !isNumeric(given[name])) return `${name} must be a price as text, or null`
  return null
}

interface Awaited {
  readonly settle: (result: ExecutionResult) => void
  positionId: PositionId | null
}

export function createExecutionDesk(
  house: House,
  risk: Pick<RiskDesk, 'admit'>,
  reconciler: Pick<Reconciler, 'sync'>,
): ExecutionDesk {
  const { addresses, books, bus, clock, hash, ids, settings } = house
  const trades = new Map<string, Awaited>()

  function heardOfTrade(fact: Fact): void {
    const byProposal = 'proposalId' in fact ? trades.get(fact.proposalId) : undefined
    if (fact.type === 'signal.dropped')
      byProposal?.settle(refused(fact.reason, `the coordinator let it go: ${fact.reason}`))
    if (fact.type === 'risk.denied')
      byProposal?.settle(refused(fact.codes[0] ?? 'DENIED', `the risk engine denied it: ${fact.codes.join(', ')}`))
    if (fact.type === 'risk.approved' && byProposal !== undefined) byProposal.positionId = fact.positionId
  }
  function heardOfEntry(fact: Fact): void {
    for (const trade of trades.values()) {
      const { positionId } = trade
      if (positionId === null) continue
      if (fact.type === 'order.intended' && fact.order.request.positionId === positionId)
        trade.settle({ accepted: true, orderId: fact.order.orderId, positionId })
      if (fact.type === 'order.denied' && fact.key.startsWith(`${positionId}/`))
        trade.settle({ ...refused('ORDER_REFUSED', fact.reason), positionId })
      if (fact.type === 'position.denied' && fact.positionId === positionId)
        trade.settle({ ...refused('POSITION_REFUSED', fact.reason), positionId })
      if (fact.type === 'position.closed' && fact.position.positionId === positionId)
        trade.settle({ ...refused('ORDER_REFUSED', 'its entry was not placed'), positionId })
    }
  }
  bus.subscribe('execution-desk', 'RISK_ALERTS', ({ payload }) => heardOfTrade(payload))
  bus.subscribe('execution-desk', 'EXECUTION_EVENTS', ({ payload }) => heardOfEntry(payload))
  bus.subscribe('execution-desk', 'SYSTEM_EVENTS', ({ payload }) => heardOfTrade(payload))

  /** A promise that is settled once, at the latest when its time is over. */
  function within<T>(
    ms: number,
    late: T,
    begin: (settle: (result: T) => void) => void,
    end: (settle: (result: T) => void) => void,
  ): Promise<T> {
    return new Promise((resolve) => {
      let timer: Timer | null = null
      const settle = (result: T): void => {
        timer?.cancel()
        end(settle)
        resolve(result)
      }
      timer = clock.at(clock.now() + ms, () => settle(late))
      begin(settle)
    })
  }

  const proposalOf = (given: TradeProposal, symbol: Pair): Proposal => ({
    ...{ agent: 'trading_decision', symbol, timestamp: clock.now(), confidence: given.confidence },
    ...{ reasoning: String(given.reasoning), model: 'by hand', tokens: 0, costUsd: 0, latencyMs: 0, promptHash: null },
    ...{ snapshotHash: hash(JSON.stringify(given)), usedFallback: false, proposalId: ids.next(), action: given.action },
    ...{ entryPrice: given.entryPrice, stopLoss: given.stopLoss, takeProfit: given.takeProfit },
    ...{ sizePct: given.sizePct, leverage: given.leverage },
  })

  function execute(given: TradeProposal, symbol: Pair): Promise<ExecutionResult> {
    const proposal = proposalOf(given, symbol)
    const { proposalId } = proposal
    const opposite = given.action === 'BUY' ? 'short' : 'long'
    const held = books.openPositions(symbol).map(({ positionId, side }) => ({ positionId, side }))
    const closing = held.filter(({ side }) => side === opposite).map(({ positionId }) => positionId)
    const [first] = closing
    const signal = { action: given.action, confidence: proposal.confidence }
    const consensus = buildConsensus(signal, NOTHING_SEEN, clock.now(), settings.signals.consensus)
    const judgement: Judgement =
      first === undefined
        ? { kind: 'open', action: given.action, consensus, conflicts: [], resolution: null }
        : { kind: 'close', positionIds: closing }
    const inputs: SignalInputs = {
      ...{ now: clock.now(), views: NOTHING_SEEN, held, lossStreak: books.streaks().lossStreak },
      marginEnabled: settings.limits.margin.enabled,
    }
    const late = refused('NO_VERDICT', 'no answer in time; should it be placed all the same, the open orders show it')
    let withdraw = (): void => undefined
    return within(
      settings.decisionMs + SLACK_MS,
      late,
      (settle) => {
        trades.set(proposalId, { settle, positionId: null })
        if (first === undefined) withdraw = risk.admit(proposalId)
        const message = { type: 'signal.judged', proposal, inputs, judgement, seenAt: clock.now() } as const
        if (!addresses.tell('coordinator', message))
          settle(refused('UNAVAILABLE', 'the coordinator is being restarted'))
        else if (first !== undefined)
          settle({ accepted: true, positionId: first, message: `${given.action} closes what is held` })
      },
      () => {
        trades.delete(proposalId)
        withdraw()
      },
    )
  }

  return {
    executeTrade: async (given) => {
      try {
        const flaw = flawOf(given, settings.symbols)
        const symbol = parsePair(String(given.symbol))
        if (flaw !== null || symbol === null) return refused('INVALID_PROPOSAL', flaw ?? 'no pair')
        return await execute(given, symbol)
      } catch (error) {
        return refused('INVALID_PROPOSAL', error instanceof Error ? error.message : String(error))
      }
    },
    cancelOrder: (id) => {
      const order = books.order(orderId(id))
      if (order === null) return refused('UNKNOWN_ORDER', `no order ${id}`)
      const { positionId, symbol } = order.request
      const about = { orderId: order.orderId, ...(positionId === null ? {} : { positionId }) }
      if (!isLive(order)) return { ...refused('ALREADY_ENDED', `it is ${order.status}`), ...about }
      if (!addsRisk(order.request))
        return {
          ...refused('PROTECTIVE', `it protects what is held of ${symbol}: move it, or close the position`),
          ...about,
        }
      const message = { type: 'cancel-order', reason: 'asked for', seenAt: clock.now() } as const
      if (!addresses.tell(orderAddress(order.orderId), message))
        return { ...refused('UNAVAILABLE', 'the order is being restarted'), ...about }
      return { accepted: true, ...about }
    },
    getOpenOrders: (symbol) => {
      const wanted = symbol === undefined ? null : parsePair(symbol)
      if (symbol !== undefined && wanted === null) return []
      return books.liveOrders().filter(({ request }) => wanted === null || request.symbol === wanted)
    },
    syncWithExchange: async () => {
      const result = await reconciler.sync(SYNC_MS)
      if (!result.ok) return result
      const { matched, missedFills, adopted, unexplained } = result
      return { ok: true, synced: matched + missedFills, adopted, unexplained }
    },
  }
}
