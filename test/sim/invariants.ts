/** What must hold after every step, whatever went wrong: the system's picture against what really happened at the venue. */
import type { RunningSystem } from '../../actors/start.ts'
import type { Fact } from '../../src/domain/facts.ts'
import type { OrderId, Pair, PositionId } from '../../src/domain/ids.ts'
import { ledgerGap } from '../../src/domain/ledger.ts'
import { isLive, type OrderRequest, type OrderView } from '../../src/domain/order.ts'
import type { Balance } from '../../src/domain/portfolio.ts'
import { type Amount, amount, ZERO } from '../../src/domain/units.ts'
import type { JournalEntry } from '../../src/ports/journal.ts'
import { type Attempt, isBeforeEngine } from './line.ts'
import { isDust, shown, type TruePosition, type Truth } from './truth.ts'

export class Broken extends Error {
  readonly invariant: string

  constructor(invariant: string, detail: string) {
    super(detail)
    this.invariant = invariant
  }
}

/** What the checks may ask of the walk. */
export interface Scene {
  readonly truth: Truth
  now(): number
  /** The process that runs; null while none does, or while it boots. */
  system(): RunningSystem | null
  /** Since when nothing has stood in the way of a position's protection. */
  undisturbedSince(owner: PositionId | OrderId): number
  isDatabaseAway(): boolean
  /** The venue's own balances, at this moment. */
  balances(): readonly Balance[]
  /** What others did to the account, by asset. */
  foreign(): ReadonlyMap<string, Amount>
  readonly limits: { readonly maxPositions: number; readonly maxPositionsPerSymbol: number }
}

/** From the moment that nothing is in its way any more, what is held must be protected or sold within this. */
const PROTECTED_WITHIN_MS = 60_000
/** And what adds risk must be gone from the venue within this, once trading is stopped. */
const WITHDRAWN_WITHIN_MS = 60_000

/** What a person's halts say. */
export const HALT_BY_HAND = 'enough'

const adds = ({ intent, book }: OrderRequest): boolean => intent === 'open' || intent === 'increase' || book === 'core'

/** Whether risk may be opened, by what the coordinator has heard and written down: our own reading of its journal. */
class Gate {
  isHalted = false
  isReconciling = true
  readonly pausedBy = new Set<string>()
  readonly haltedSymbols = new Set<Pair>()
  readonly unknown = new Map<OrderId, Pair>()

  hear({ heard }: JournalEntry): void {
    const reason = String(heard.body.reason)
    if (heard.type === 'halt-trading') this.isHalted = true
    if (heard.type === 'reset-trading') {
      this.isHalted = false
      this.haltedSymbols.clear()
    }
    if (heard.type === 'halt-symbols') for (const symbol of heard.body.symbols as Pair[]) this.haltedSymbols.add(symbol)
    if (heard.type === 'reset-symbol') this.haltedSymbols.delete(heard.body.symbol as Pair)
    if (heard.type === 'pause-trading') this.pausedBy.add(reason)
    if (heard.type === 'resume-trading' && !this.isHalted) this.pausedBy.delete(reason)
    if (heard.type === 'reconciliation.begun') this.isReconciling = true
    if (heard.type === 'reconciliation.passed') this.isReconciling = false
  }

  get isStopped(): boolean {
    return this.isHalted || this.pausedBy.size > 0
  }

  /** Why an order that adds risk may not leave now; null when it may. */
  problem(symbol: Pair): string | null {
    if (this.isHalted) return 'while HALTED'
    if (this.haltedSymbols.has(symbol)) return `while ${symbol} is halted`
    if (this.pausedBy.size > 0) return `while PAUSED by ${[...this.pausedBy]}`
    if (this.isReconciling) return 'while RECONCILING'
    const unknown = [...this.unknown].find(([, of]) => of === symbol)
    return unknown === undefined ? null : `while order ${unknown[0]} of ${symbol} is UNKNOWN`
  }
}

export class Invariants {
  readonly #scene: Scene
  readonly #gate = new Gate()
  readonly #attempts = new Map<string, Attempt[]>()
  readonly #durable = new Set<string>()
  readonly #counted = new Set<string>()
  readonly #nakedSince = new Map<PositionId, number>()
  readonly #dust = new Map<PositionId, Amount>()
  #broken: Broken | null = null
  #checked = -1
  #isStopped = false
  #stoppedSince = 0
  /** A person asked for a halt, and has not taken it back. */
  isHaltTold = false
  /** Facts published, over all lives. */
  published = 0

  constructor(scene: Scene) {
    this.#scene = scene
  }

  /** Noted where it happens, thrown after the step: what is called back must not throw. */
  fail(invariant: string, detail: string): void {
    this.#broken ??= new Broken(invariant, detail)
  }

  /** A placement leaves the process. */
  onPlace(attempt: Attempt): void {
    const { order, life } = attempt
    const { clientOrderId: id, request } = order
    for (const name of [id, request.key]) {
      const earlier = this.#attempts.get(name) ?? []
      const open = earlier.find(({ answer }) => answer === null || !isBeforeEngine(answer))
      if (open !== undefined)
        this.fail(
          'one placement per intention',
          `${request.key} left as ${id} in life ${life}, and had left as ${open.order.clientOrderId} in life ${open.life}`,
        )
      this.#attempts.set(name, [...earlier, attempt])
    }
    if (!this.#durable.has(`order:${id}`))
      this.fail('journal before effect', `${request.key} left before it was on the disk`)
    if (!adds(request)) return
    const away = this.#scene.isDatabaseAway() ? 'while the database is away' : null
    const problem = this.#gate.problem(request.symbol) ?? away
    if (problem !== null) this.fail('no risk without permission', `${request.key} left ${problem}`)
  }

  /** These rows are on the disk. */
  onCommit(entry: JournalEntry): void {
    this.#durable.add(entry.stream)
    if (entry.stream === 'coordinator') this.#gate.hear(entry)
    for (const fact of entry.facts) {
      this.#durable.add(fact.id)
      if ('order' in fact) this.#onOrder(fact)
      if (fact.type === 'position.dustTransferred') this.#dust.set(fact.position.positionId, amount(fact.quantity))
    }
  }

  #onOrder(fact: Extract<Fact, { order: OrderView }>): void {
    const { order } = fact
    if (order.phase === 'unknown') this.#gate.unknown.set(order.orderId, order.request.symbol)
    else this.#gate.unknown.delete(order.orderId)
    if (fact.type !== 'order.filled' && fact.type !== 'order.partiallyFilled') return
    const { fill } = fact
    const name = `${order.orderId}/${fill.tradeId}`
    const real = this.#scene.truth.orders.get(order.orderId)?.fills.get(fill.tradeId)
    if (this.#counted.has(name)) this.fail('every fill once', `${order.request.key} counted ${fill.tradeId} twice`)
    this.#counted.add(name)
    if (real === undefined)
      this.fail('every fill once', `${order.request.key} counted ${fill.tradeId}, which the venue knows nothing of`)
    else if (real.quantity !== fill.quantity || real.price !== fill.price || real.fee !== fill.fee)
      this.fail('every fill once', `${order.request.key} counted ${fill.tradeId} with other figures`)
  }

  /** A fact is heard on the bus. `isJournaled`: it belongs to a stream. */
  onPublish(fact: Fact): void {
    this.published += 1
    if (isJournaled(fact) && !this.#durable.has(fact.id))
      this.fail('journal before effect', `${fact.type} was published before it was on the disk`)
    switch (fact.type) {
      case 'actor.crashed':
        return this.fail('no actor crashes', `${fact.actor}: ${fact.problem}`)
      case 'actor.unhandled':
        return this.fail('every event is answered', `${fact.actor} has no answer to ${fact.event} in ${fact.state}`)
      case 'order.invariantBroken':
        return this.fail('no order is overfilled', `${fact.order.request.key}: ${fact.problem}`)
      case 'trading.halted':
      case 'trading.symbolHalted':
        if (!fact.reason.startsWith(HALT_BY_HAND)) this.fail('no halt without a cause', fact.reason)
        return
      case 'order.settled':
        return this.#settled(fact.order)
      case 'position.closed':
        return this.#closed(fact.position.positionId)
      default:
    }
  }

  #settled({ orderId, request, fills, status }: OrderView): void {
    const real = this.#scene.truth.orders.get(orderId)
    if (real === undefined || real.opened === 0) return
    if (real.isLive)
      this.fail('an order that has ended is not at the venue', `${request.key} is ${status} and rests there`)
    if (real.fills.size !== fills.length)
      this.fail('every fill once', `${request.key} settled with ${fills.length} fills of ${real.fills.size}`)
  }

  #closed(positionId: PositionId): void {
    const { truth } = this.#scene
    const position = truth.positions.get(positionId)
    if (position === undefined) return
    const left = truth.held(position).minus(this.#dust.get(positionId) ?? ZERO)
    if (!left.isZero()) this.fail('a closed position holds nothing', `${positionId} still holds ${shown(left)}`)
    const live = position.orders.find((order) => order.isLive)
    if (live !== undefined) this.fail('a closed position holds nothing', `${live.request.key} still rests at the venue`)
  }

  /** The process is gone: what it had not written down is forgotten. */
  onDeath(): void {
    this.isHaltTold = this.#gate.isHalted
  }

  /** After every step. @throws Broken */
  check(): void {
    if (this.#broken !== null) throw this.#broken
    const { truth } = this.#scene
    this.#checkProtection()
    this.#checkWithdrawn()
    const version = truth.version + this.published
    if (version === this.#checked) return
    this.#checked = version
    this.#checkVenue()
    this.#checkSlots()
    const system = this.#scene.system()
    if (system !== null) {
      this.#checkBooks(system)
      this.#checkHalt(system)
    }
    if (this.#broken !== null) throw this.#broken
  }

  #checkVenue(): void {
    const { truth } = this.#scene
    for (const { asset, total, held } of this.#scene.balances())
      if (amount(total).lt(0) || amount(held).lt(0) || amount(held).gt(amount(total)))
        this.fail('balances are never negative', `${asset}: ${held} held of ${total}`)
    for (const positionId of [...truth.active]) {
      const position = truth.positions.get(positionId)
      if (position === undefined) continue
      truth.retire(position)
      const held = truth.held(position)
      const exiting = truth.exiting(position)
      if (exiting.gt(held))
        this.fail('exits never exceed the position', `${positionId}: exits of ${shown(exiting)} for ${shown(held)}`)
      for (const order of position.orders)
        if (order.opened > 1)
          this.fail('one venue order per client id', `${order.request.key} was opened ${order.opened} times`)
    }
  }

  #checkSlots(): void {
    const { truth, limits } = this.#scene
    const books = this.#scene.system()?.house.books
    const bySymbol = new Map<Pair, number>()
    let all = 0
    for (const positionId of truth.active) {
      const position = truth.positions.get(positionId)
      if (position === undefined || !this.#takesSlot(position, books)) continue
      all += 1
      bySymbol.set(position.symbol, (bySymbol.get(position.symbol) ?? 0) + 1)
    }
    if (all > limits.maxPositions) this.fail('slots are never above the limits', `${all} positions`)
    for (const [symbol, count] of bySymbol)
      if (count > limits.maxPositionsPerSymbol)
        this.fail('slots are never above the limits', `${count} positions on ${symbol}`)
  }

  #takesSlot(position: TruePosition, books: RunningSystem['house']['books'] | undefined): boolean {
    const { truth } = this.#scene
    if (truth.held(position).gt(this.#dust.get(position.positionId) ?? ZERO) || truth.isEntryLive(position)) return true
    const entry = position.orders.find(({ request }) => request.purpose === 'entry')
    const view = entry === undefined ? null : (books?.order(entry.clientOrderId) ?? null)
    return view !== null && isLive(view)
  }

  #checkProtection(): void {
    const { truth } = this.#scene
    const now = this.#scene.now()
    for (const positionId of truth.active) {
      const position = truth.positions.get(positionId)
      if (position === undefined) continue
      const bare = truth.held(position).minus(truth.exiting(position))
      const price = amount(position.orders.at(-1)?.triggerPrice ?? position.orders[0]?.request.limitPrice ?? '1')
      if (bare.lte(0) || isDust(position.symbol, bare, price)) {
        this.#nakedSince.delete(positionId)
        continue
      }
      const since = this.#nakedSince.get(positionId) ?? now
      this.#nakedSince.set(positionId, since)
      const nakedMs = now - Math.max(since, this.#scene.undisturbedSince(positionId))
      if (nakedMs > PROTECTED_WITHIN_MS)
        this.fail(
          'no position stays naked',
          `${positionId} has had no stop or exit for ${shown(bare)} for ${now - since} ms, ${nakedMs} of them undisturbed`,
        )
    }
    if (this.#broken !== null) throw this.#broken
  }

  /** Paused or halted, what rests and would add risk is taken back. */
  #checkWithdrawn(): void {
    const { truth } = this.#scene
    if (this.#gate.isStopped !== this.#isStopped) {
      this.#isStopped = this.#gate.isStopped
      this.#stoppedSince = this.#scene.now()
    }
    if (!this.#isStopped) return
    for (const order of truth.live) {
      if (!adds(order.request)) continue
      const { positionId, key } = order.request
      const since = Math.max(this.#stoppedSince, this.#scene.undisturbedSince(positionId ?? order.clientOrderId))
      if (this.#scene.now() - since > WITHDRAWN_WITHIN_MS)
        this.fail('nothing that adds risk rests while trading is stopped', `${key} still does`)
    }
  }

  /** What the books say adds up by itself, once nothing is on its way. */
  #checkBooks(system: RunningSystem): void {
    const { books } = system.house
    if (!system.isQuiet()) return
    for (const positionId of this.#scene.truth.active) {
      const view = books.position(positionId)
      if (view === null) continue
      let held = (this.#dust.get(positionId) ?? ZERO).negated()
      for (const { request, filled } of books.ordersOf(positionId))
        held = request.purpose === 'entry' ? held.plus(amount(filled)) : held.minus(amount(filled))
      if (view.phase !== 'opening' && view.phase !== 'closed' && !held.eq(amount(view.quantity)))
        this.fail('fills add up to the position', `${positionId} has ${view.quantity}, its fills ${shown(held)}`)
    }
  }

  /** A halt holds until it is taken back, whatever restarts meanwhile. */
  #checkHalt(system: RunningSystem): void {
    const { state } = system.desk.coordinator()
    if (this.isHaltTold && state !== 'HALTED')
      this.fail('a halt holds until it is reset', `the coordinator is ${state}`)
  }

  /** Once everything is over. @throws Broken */
  conclude(system: RunningSystem): void {
    const { truth } = this.#scene
    const balances = this.#scene.balances()
    const foreign = this.#scene.foreign()
    const { books } = system.house
    for (const order of books.liveOrders())
      if (order.request.purpose !== 'stop' || (order.phase !== 'open' && order.phase !== 'partiallyFilled'))
        this.fail('every order reaches an end', `${order.request.key} is ${order.status} (${order.phase})`)
    for (const order of truth.orders.values()) {
      const ours = books.order(order.clientOrderId)
      if (order.isLive && (ours === null || !isLive(ours)))
        this.fail(
          'no order is forgotten',
          `${order.request.key} rests at the venue, and is ${ours?.status ?? 'unknown'} here`,
        )
      if (ours !== null && ours.fills.length !== order.fills.size)
        this.fail(
          'every fill once',
          `${order.request.key}: ${ours.fills.length} fills here, ${order.fills.size} at the venue`,
        )
    }
    for (const { asset, total } of balances) {
      const counted = (truth.totals.get(asset) ?? ZERO).plus(foreign.get(asset) ?? ZERO)
      if (!amount(total).eq(counted))
        this.fail('the walk counts as the venue does', `${asset}: ${total} there, ${shown(counted)} here`)
      const known = books.totals()?.[asset] ?? '0'
      if (!amount(total).eq(amount(known)))
        this.fail('the books end as the venue does', `${asset}: ${total}, ${known} here`)
    }
    const ledger = system.figures().ledger(balances)
    if (ledger === null) this.fail('the ledger closes', 'there is no statement')
    else if (!ledgerGap(ledger).isZero()) this.fail('the ledger closes', `a gap of ${shown(ledgerGap(ledger))}`)
    if (this.#broken !== null) throw this.#broken
  }
}

const JOURNALED = ['order.', 'position.', 'rebalance.planned', 'rebalance.trade', 'rebalance.comp', 'rebalance.canc']
const CONTROL = ['signal.', 'risk.approved', 'risk.denied', 'trading.', 'degradation.', 'command.', 'task.toggled']

/** Alarms and refusals, told by whoever notices: nothing is rebuilt from them. */
const UNWRITTEN: readonly string[] = ['position.unprotected', 'order.denied', 'order.invariantBroken']

/** Facts that a stream of the journal states. */
const isJournaled = ({ type }: Fact): boolean =>
  !UNWRITTEN.includes(type) && [...JOURNALED, ...CONTROL, 'account.'].some((prefix) => type.startsWith(prefix))
