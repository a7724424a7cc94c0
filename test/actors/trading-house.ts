/** A house with money in it: real books, bus, journal, timers and settings; a venue that answers as it is told. */
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { type AnyActorRef, createActor } from 'xstate'
import { createAccount } from '../../actors/account.ts'
import { type Address, createAddresses } from '../../actors/addresses.ts'
import { type Books, createBooks } from '../../actors/books.ts'
import { createHouse, type House, type Settings } from '../../actors/house.ts'
import type { SpawnChild } from '../../actors/pools.ts'
import type { JournaledSnapshot } from '../../actors/supervision/journaled.ts'
import { serving } from '../../actors/supervision/serving.ts'
import { createTimers } from '../../actors/supervision/timers.ts'
import { loadConfig } from '../../config/load.ts'
import { inMemoryBus } from '../../src/adapters/bus/in-memory-bus.ts'
import { seededIds, seededRandom } from '../../src/adapters/chance/seeded.ts'
import { simulatedClock } from '../../src/adapters/clock/simulated.ts'
import { settingsOf } from '../../src/assembly/settings.ts'
import type { Approved } from '../../src/domain/approved.ts'
import type { Candle } from '../../src/domain/candle.ts'
import type { Fact, FactBody, FactType } from '../../src/domain/facts.ts'
import {
  asset,
  type OrderId,
  orderId,
  type PositionId,
  pair,
  positionId,
  type TradeId,
  tradeId,
  venueOrderId,
} from '../../src/domain/ids.ts'
import { BUILT_IN_INSTRUMENTS } from '../../src/domain/instrument.ts'
import type { Look } from '../../src/domain/money-snapshot.ts'
import type { Fill, OrderRequest, OrderView } from '../../src/domain/order.ts'
import type { Balance } from '../../src/domain/portfolio.ts'
import type { PositionView } from '../../src/domain/position.ts'
import { TOPICS } from '../../src/domain/topics.ts'
import { amount, text } from '../../src/domain/units.ts'
import type { Mark } from '../../src/domain/valuation.ts'
import type { Proposal } from '../../src/domain/views.ts'
import type { CandleStore } from '../../src/ports/candle-store.ts'
import type { Exchange, VenueAnswer } from '../../src/ports/exchange.ts'
import type { HistoryQuery, MarketFeed } from '../../src/ports/market-feed.ts'
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts'
import { type MemoryDisk, MemoryJournal } from '../support/memory-journal.ts'

export const T0 = Date.UTC(2025, 10, 3, 9, 30)
export const BTC = pair('BTC/USDT')
export const XRP = pair('XRP/USDT')
export const POSITION = positionId('position-1')

const config = loadConfig({ dir: fileURLToPath(new URL('../../config', import.meta.url)), env: {} })
export const SETTINGS: Settings = settingsOf({
  ...{ config, mode: 'paper', symbols: [BTC, XRP], instruments: BUILT_IN_INSTRUMENTS },
})

/** An entry of 0.01 BTC at 40,000 unless said otherwise. */
export const requestOf = (changes: Partial<OrderRequest> = {}): Approved<OrderRequest> => {
  const request: OrderRequest = {
    ...{ key: 'position-1/entry/1', symbol: BTC, side: 'buy', type: 'limit', quantity: '0.01', limitPrice: '40000' },
    ...{ triggerPrice: null, timeInForce: 'GTC', expiresAt: null, postOnly: false, reduceOnly: false, leverage: 1 },
    ...{ intent: 'open', purpose: 'entry', book: 'trading', positionId: POSITION, planId: null },
    ...changes,
  }
  return request as Approved<OrderRequest>
}

/** An open order of `requestOf`, nothing filled. */
export const orderOf = (id: string, request = requestOf(), changes: Partial<OrderView> = {}): OrderView => ({
  ...{ orderId: orderId(id), request, status: 'OPEN', phase: 'open', venueOrderId: venueOrderId(`V-${id}`) },
  ...{ quantity: request.quantity, limitPrice: request.limitPrice, triggerPrice: request.triggerPrice },
  ...{ filled: '0', cost: '0', fees: '0', fills: [], reason: null, createdAt: T0, updatedAt: T0 },
  ...changes,
})

export const fillOf = (id: string, price: string, quantity: string, fee = '0', at = T0): Fill => ({
  ...{ tradeId: tradeId(id) as TradeId, price, quantity, fee, liquidity: 'taker', at },
})

export const positionOf = (changes: Partial<PositionView> = {}): PositionView => ({
  ...{ positionId: POSITION, symbol: BTC, side: 'long', status: 'open', phase: 'protected', leverage: 1 },
  ...{ quantity: '0.01', entryPrice: '40000', exitPrice: '0', stopLoss: '39000', takeProfit: '43000' },
  ...{
    trailing: null,
    financing: '0',
    realisedGross: '0',
    fees: '0',
    closeReason: null,
    openedAt: T0,
    updatedAt: T0,
    closedAt: null,
  },
  ...changes,
})

export const balance = (of: string, total: string, held = '0'): Balance => ({ asset: asset(of), total, held })

/** A BTC buy at 40,000 that passes every check of the default limits. */
export const proposalOf = (changes: Partial<Proposal> = {}): Proposal => ({
  ...{ agent: 'trading_decision', symbol: BTC, timestamp: T0, confidence: 0.9, reasoning: '', model: 'rules' },
  ...{ tokens: 0, costUsd: 0, latencyMs: 0, promptHash: null, snapshotHash: 'h', usedFallback: false },
  ...{ proposalId: 'proposal-1', action: 'BUY', entryPrice: '40000', stopLoss: '39000', takeProfit: '42500' },
  ...{ sizePct: 10, leverage: 1, ...changes },
})

/** Trading runs and nothing forbids risk. */
export const ALLOWED = {
  mayOpenRisk: () => true,
  control: () => 'RUNNING' as const,
  isReconciling: () => false,
}

let factsMade = 0
/** A whole fact around a body. */
export const factOf = <T extends FactType>(body: FactBody<T>, at = T0): Fact<T> => {
  factsMade += 1
  const id = `fact-${factsMade}`
  return { ...body, id, at, seenAt: at, causedBy: null, correlationId: 'story', origin: 'live' }
}

/** An order of that id under a key of its own; a stop where it says so. */
export const openedOrder = (
  id: string,
  owner: PositionId | null = null,
  purpose: 'entry' | 'stop' = 'entry',
): OrderView =>
  orderOf(id, requestOf({ key: `key ${id}`, positionId: owner, purpose, side: purpose === 'entry' ? 'buy' : 'sell' }))
/** The fact of its one fill, which may be all of it. */
export const filledOrder = (order: OrderView, price: string, quantity: string, fee = '0', at = T0): Fact => {
  const fill = fillOf(`t-${order.orderId}-${at}`, price, quantity, fee, at)
  const whole = amount(quantity).eq(amount(order.quantity))
  const status = whole ? ('FILLED' as const) : ('PARTIALLY_FILLED' as const)
  const view = {
    ...order,
    status,
    filled: quantity,
    cost: text(amount(price).times(quantity)),
    fees: fee,
    fills: [fill],
  }
  return factOf({ type: whole ? 'order.filled' : 'order.partiallyFilled', order: view, fill }, at)
}

type Call = { readonly method: string; readonly order: unknown; answer(given: unknown): void; fail(why: unknown): void }

/** A venue that writes calls down and answers each when the test says so. */
function toldExchange() {
  const calls: Call[] = []
  const asked = <T>(method: string, order: unknown): Promise<VenueAnswer<T>> =>
    new Promise((resolve, reject) => {
      calls.push({ method, order, answer: (given) => resolve(given as VenueAnswer<T>), fail: reject })
    })
  const exchange: Exchange = {
    name: 'told',
    callsAtOnce: null,
    instruments: () => asked('instruments', null),
    place: (order) => asked('place', order),
    validate: (order) => asked('validate', order),
    amend: (order) => asked('amend', order),
    cancel: (id) => asked('cancel', id),
    lookUp: (id: OrderId) => asked('lookUp', id),
    openOrders: () => asked('openOrders', null),
    balances: () => asked('balances', null),
    fees: (symbols) => asked('fees', symbols),
    flows: (since) => asked('flows', since),
    trades: (since) => asked('trades', since),
    marginPositions: () => asked('marginPositions', null),
    permissions: () => asked('permissions', null),
    cancelAllAfter: (timeoutMs) => asked('cancelAllAfter', timeoutMs),
    onReport: () => {},
    onLine: () => {},
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  }
  return { exchange, calls }
}

/** Every promise that could go on has gone on. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export interface TradingHouseOptions {
  readonly settings?: Partial<Settings>
  readonly disk?: MemoryDisk
  readonly history?: (query: HistoryQuery) => readonly Candle[]
}

export function tradingHouse({ settings, disk, history = () => [] }: TradingHouseOptions = {}) {
  const clock = simulatedClock(T0)
  const bus = inMemoryBus({ clock })
  const addresses = createAddresses()
  const journal = new MemoryJournal(undefined, disk)
  const venue = toldExchange()
  const facts: Fact[] = []
  const saved: Candle[][] = []
  const logged: string[] = []
  const log = (message: string): void => void logged.push(message)
  const candles: CandleStore = {
    save: (batch) => Promise.resolve(void saved.push([...batch])),
    load: () => Promise.resolve([]),
  }
  const looks: Look[] = []
  const snapshots: SnapshotStore = { save: (given) => Promise.resolve(void looks.push(...given)) }
  const feed: MarketFeed = {
    name: 'told',
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    history: (query) => Promise.resolve(history(query)),
  }
  for (const topic of TOPICS) bus.subscribe('test', topic, ({ payload }) => void facts.push(payload))
  const books: Books = createBooks(SETTINGS.limits)
  const timers = createTimers(clock, (actor, message) => void addresses.tell(actor as 'system', message))
  const house: House = createHouse(
    {
      ...{ clock, bus, journal, candles, snapshots, feed, exchange: venue.exchange, random: seededRandom('house') },
      ids: seededIds(seededRandom('house')),
      log: { debug: log, info: log, warn: log, error: log },
      hash: (text) => createHash('sha256').update(text).digest('hex'),
    },
    { ...SETTINGS, ...settings },
    { addresses, timers, books },
  )
  const living = new Map<string, AnyActorRef>()
  const heard: { readonly name: string; readonly type: string; readonly [field: string]: unknown }[] = []
  addresses.bind((name) => living.get(name))
  const enlist = (name: string, actor: AnyActorRef): AnyActorRef => {
    living.set(name, actor)
    return actor
  }
  return {
    ...{ clock, bus, books, journal, house, facts, saved, looks, logged, heard, calls: venue.calls },
    /** From now on these names answer to somebody who only writes down what is said. */
    listenAs: (...names: readonly Address[]) => {
      for (const name of names) {
        const listener = serving<{ type: string }>((message) => void heard.push({ name, ...message }))
        enlist(name, createActor(listener)).start()
      }
    },
    enlist,
    /** A pool without supervision: members live under their names until the test ends. */
    spawn: ({ spec }: SpawnChild): void => {
      enlist(spec.id, createActor(spec.logic, { id: spec.id, input: spec.input() })).start()
    },
    stateOf: (name: string) => (living.get(name)?.getSnapshot() as JournaledSnapshot | undefined)?.machine.value,
    heardBy: (name: Address) => heard.filter((message) => message.name === name),
    told: <T extends FactType>(type: T) =>
      facts.filter((fact): fact is Extract<Fact, { type: T }> => fact.type === type),
    /** The account begins with these balances at these marks. */
    openAccount: (balances: readonly Balance[], marks: Readonly<Record<string, string>> = {}) =>
      books.apply(factOf({ type: 'account.opened', balances, marks })),
  }
}

/** 1,000 USDT and 500 XRP at 0.5, unless said otherwise. */
export function accountHouse(start: readonly Balance[] = [balance('USDT', '1000'), balance('XRP', '500')]) {
  const house = tradingHouse()
  const marks: Record<string, Mark> = {}
  const account = createAccount(house.house, () => marks)
  const mark = (symbol: string, price: string): void => {
    marks[symbol] = { price, at: house.clock.now() }
  }
  const open = (): void => {
    for (const [symbol, price] of [
      ['BTC/USDT', '40000'],
      ['XRP/USDT', '0.5'],
    ] as const)
      mark(symbol, price)
    house.openAccount(start, { 'BTC/USDT': '40000', 'XRP/USDT': '0.5' })
  }
  const bought = (quantity: string, price: string, fee = '0'): void => {
    const order = orderOf('entry', requestOf({ quantity }), { status: 'FILLED', filled: quantity })
    const fill = fillOf('t1', price, quantity, fee)
    house.books.apply(factOf({ type: 'order.filled', order, fill }))
    house.books.apply(factOf({ type: 'position.filled', position: positionOf({ quantity, entryPrice: price }) }))
  }
  return { ...house, account, marks, mark, open, bought }
}
