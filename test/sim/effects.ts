/** What is checked as it happens: what the process writes down, what it sends to the venue and what it tells. */
import type { Fact } from '../../src/domain/facts.ts'
import type { PositionId } from '../../src/domain/ids.ts'
import type { OrderView } from '../../src/domain/order.ts'
import { type Amount, amount, ZERO } from '../../src/domain/units.ts'
import type { JournalEntry } from '../../src/ports/journal.ts'
import { adds, type Gate, HALT_BY_HAND } from './gate.ts'
import type { Latches } from './latches.ts'
import { type Attempt, isBeforeEngine } from './line.ts'
import type { Fail, Scene } from './scene.ts'
import { shown } from './truth.ts'

export class Effects {
  readonly #scene: Scene
  readonly #gate: Gate
  readonly #latches: Latches
  readonly #fail: Fail
  readonly #attempts = new Map<string, Attempt[]>()
  readonly #durable = new Set<string>()
  readonly #counted = new Set<string>()
  readonly #dust = new Map<PositionId, Amount>()
  /** Facts published over all lives, by what they say happened. */
  readonly told = new Map<string, number>()
  #published = 0

  constructor(scene: Scene, gate: Gate, latches: Latches, fail: Fail) {
    this.#scene = scene
    this.#gate = gate
    this.#latches = latches
    this.#fail = fail
  }

  /** Facts published, over all lives. */
  get published(): number {
    return this.#published
  }

  /** What a position gave to core as dust. */
  dustOf(positionId: PositionId): Amount {
    return this.#dust.get(positionId) ?? ZERO
  }

  /** A placement leaves the process. */
  onPlace(attempt: Attempt): void {
    const { order, life } = attempt
    const { clientOrderId: id, request } = order
    for (const name of [id, request.key]) {
      const earlier = this.#attempts.get(name) ?? []
      const open = earlier.find(({ answer }) => answer === null || !isBeforeEngine(answer))
      if (open !== undefined)
        this.#fail(
          'one placement per intention',
          `${request.key} left as ${id} in life ${life}, and had left as ${open.order.clientOrderId} in life ${open.life}`,
        )
      this.#attempts.set(name, [...earlier, attempt])
    }
    if (!this.#durable.has(`order:${id}`))
      this.#fail('journal before effect', `${request.key} left before it was on the disk`)
    if (!adds(request)) return
    const away = this.#scene.isDatabaseAway() ? 'while the database is away' : null
    const problem = this.#gate.problem(request.symbol) ?? away
    if (problem !== null) this.#fail('no risk without permission', `${request.key} left ${problem}`)
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
    if (this.#counted.has(name)) this.#fail('every fill once', `${order.request.key} counted ${fill.tradeId} twice`)
    this.#counted.add(name)
    if (real === undefined)
      this.#fail('every fill once', `${order.request.key} counted ${fill.tradeId}, which the venue knows nothing of`)
    else if (real.quantity !== fill.quantity || real.price !== fill.price || real.fee !== fill.fee)
      this.#fail('every fill once', `${order.request.key} counted ${fill.tradeId} with other figures`)
  }

  /** A fact is heard on the bus. `isJournaled`: it belongs to a stream. */
  onPublish(fact: Fact): void {
    this.#published += 1
    const kind = kindOf(fact)
    this.told.set(kind, (this.told.get(kind) ?? 0) + 1)
    if (isJournaled(fact) && !this.#durable.has(fact.id))
      this.#fail('journal before effect', `${fact.type} was published before it was on the disk`)
    switch (fact.type) {
      case 'actor.crashed':
        return this.#fail('no actor crashes', `${fact.actor}: ${fact.problem}`)
      case 'actor.unhandled':
        return this.#fail('every event is answered', `${fact.actor} has no answer to ${fact.event} in ${fact.state}`)
      case 'order.invariantBroken':
        return this.#fail('no order is overfilled', `${fact.order.request.key}: ${fact.problem}`)
      case 'trading.halted':
      case 'trading.symbolHalted':
        if (!fact.reason.startsWith(HALT_BY_HAND) && !(fact.reason === 'drawdown' && this.#latches.isHalting))
          this.#fail('no halt without a cause', fact.reason)
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
      this.#fail('an order that has ended is not at the venue', `${request.key} is ${status} and rests there`)
    if (real.fills.size !== fills.length)
      this.#fail('every fill once', `${request.key} settled with ${fills.length} fills of ${real.fills.size}`)
  }

  #closed(positionId: PositionId): void {
    const { truth } = this.#scene
    const position = truth.positions.get(positionId)
    if (position === undefined) return
    const left = truth.held(position).minus(this.dustOf(positionId))
    if (!left.isZero()) this.#fail('a closed position holds nothing', `${positionId} still holds ${shown(left)}`)
    const live = position.orders.find((order) => order.isLive)
    if (live !== undefined)
      this.#fail('a closed position holds nothing', `${live.request.key} still rests at the venue`)
  }
}

/** A fact's type, with the reason or the name that tells it from others of its kind. */
function kindOf(fact: Fact): string {
  switch (fact.type) {
    case 'position.opening':
      return `${fact.type} ${fact.position.side} at ${fact.position.leverage}`
    case 'position.reducing':
      return `${fact.type} ${fact.reason}`
    case 'position.closed':
      return `${fact.type} ${fact.position.closeReason}`
    case 'risk.breakerTripped':
      return `${fact.type} ${fact.breaker}`
    case 'rebalance.checked':
      return `${fact.type} ${fact.action}${fact.by === undefined ? '' : ' by hand'}`
    default:
      return fact.type
  }
}

const JOURNALED = [
  'order.',
  'position.',
  'rebalance.planned',
  'rebalance.batch',
  'rebalance.trade',
  'rebalance.comp',
  'rebalance.canc',
  ...['hodl.accrued', 'hodl.bought', 'hodl.postponed'],
]
const CONTROL = ['signal.', 'risk.approved', 'risk.denied', 'trading.', 'degradation.', 'command.', 'task.toggled']

/** Alarms and refusals, told by whoever notices: nothing is rebuilt from them. */
const UNWRITTEN: readonly string[] = ['position.unprotected', 'order.denied', 'order.invariantBroken']

/** Facts that a stream of the journal states. */
const isJournaled = ({ type }: Fact): boolean =>
  !UNWRITTEN.includes(type) && [...JOURNALED, ...CONTROL, 'account.'].some((prefix) => type.startsWith(prefix))
