/**
 * One position and a venue in miniature: orders live their own lives, reports come late or get lost with a crash, an
 * amendment happens only when it was directed. After any such walk the venue turns fair, and the position must come to rest.
 */
import type { SnapshotFrom } from 'xstate'
import { type PositionHears, positionMachine } from '../../../machines/position.machine.ts'
import { type Step, start, step } from '../../../machines/step.ts'
import { stampApproved } from '../../../src/domain/approved.ts'
import { isFinal, type OrderView } from '../../../src/domain/order.ts'
import { heldBy, liveStop, type OrderDirective } from '../../../src/domain/position-story.ts'
import { amount } from '../../../src/domain/units.ts'
import { checkPosition, positionInput } from './position.paths.ts'
import { next, unheard } from './position-events.ts'

type State = SnapshotFrom<typeof positionMachine>
/** What is heard, before it has its time. */
type Untimed = PositionHears extends infer Heard ? (Heard extends PositionHears ? Omit<Heard, 'seenAt'> : never) : never
type Change = Pick<OrderView, 'quantity' | 'triggerPrice'>

const TRIGGERS = ['stopLoss', 'takeProfit', 'trail'] as const

export class Venue {
  state: State
  #now: number
  readonly #orders = new Map<string, OrderView>()
  readonly #amendments = new Map<string, Change>()
  readonly #cancels = new Set<string>()

  constructor() {
    const born = start(positionMachine, positionInput)
    this.state = born.state
    this.#now = positionInput.seenAt
    this.#carryOut(born)
  }

  get isClosed(): boolean {
    return this.state.status === 'done'
  }

  /** One move of the world, chosen by two numbers. */
  move(which: number, pick: number): void {
    const keys = [...this.#orders.keys()]
    const key = keys[pick % keys.length] ?? ''
    const moves = [
      () => this.#advance(key, pick),
      () => this.#advance(key, pick),
      () => this.#advance(key, pick),
      () => this.#ring(pick),
      () => this.#amend(key),
      () =>
        this.#hear({
          type: 'trigger.crossed',
          trigger: TRIGGERS[pick % 3] ?? 'trail',
          price: pick % 2 === 0 ? '101' : '110',
        }),
      () => this.#hear({ type: 'close-position', reason: 'api' }),
      () => this.#hear({ type: 'modify-position', stopLoss: pick % 2 === 0 ? '96' : '94' }),
      () => this.#crash(key, pick),
      () => this.#refuseAmendment(key),
    ] as const
    moves[which % moves.length]?.()
  }

  /** The venue does what was asked and tells of it, then time passes: what a position may count on in the end. */
  settleFairly(): void {
    for (let turn = 0; turn < 60 && !this.isAtRest(); turn += 1) {
      for (const key of [...this.#orders.keys()]) this.#serve(key)
      this.#ring(0)
    }
  }

  /** Closed, or protected by one stop for all that is held, at the price that the position says. */
  isAtRest(): boolean {
    if (this.isClosed) return true
    const stop = liveStop(this.state.context)?.view
    const isEntryOver = [...this.#orders.values()].every(
      (order) => order.request.purpose !== 'entry' || order.phase === 'done',
    )
    if (this.state.value !== 'protected' || !isEntryOver || stop === undefined || stop === null) return false
    const rest = amount(stop.quantity).minus(amount(stop.filled))
    return rest.eq(heldBy(this.state.context)) && stop.triggerPrice === this.state.context.stopLoss
  }

  #hear(event: Untimed): void {
    this.#passUntil(this.#now + 100)
    if (!this.isClosed) this.#step(event)
  }

  #step(event: Untimed): void {
    const before = this.state
    const heard = { ...event, seenAt: this.#now } as PositionHears
    const after = step(positionMachine, before, heard)
    this.state = after.state
    checkPosition({ before, event: heard, after })
    this.#carryOut(after)
  }

  #carryOut({ effects }: Step<typeof positionMachine>): void {
    const directives = effects.flatMap(({ type, params }) =>
      type === 'direct-orders' ? (params as { directives: readonly OrderDirective[] }).directives : [],
    )
    for (const directive of directives) {
      if (directive.kind === 'place') this.#orders.set(directive.request.key, unheard(directive.request, this.#now))
      else if (directive.kind === 'cancel') this.#cancels.add(directive.key)
      else this.#noteAmendment(directive)
    }
  }

  #noteAmendment({ key, quantity, triggerPrice }: Extract<OrderDirective, { kind: 'amend' }>): void {
    const order = this.#orders.get(key)
    if (order === undefined) return
    const asked = this.#amendments.get(key) ?? order
    this.#amendments.set(key, {
      quantity: quantity ?? asked.quantity,
      triggerPrice: triggerPrice ?? asked.triggerPrice,
    })
  }

  #report(order: OrderView): void {
    this.#orders.set(order.request.key, order)
    this.#hear({ type: 'order.reported', order })
  }

  /** What may follow of this order by itself; an end only where it was asked for, or the venue refuses. */
  #followsOf(key: string): OrderView[] {
    const order = this.#orders.get(key)
    if (order === undefined) return []
    if (isFinal(order.status)) return order.phase === 'settling' ? [{ ...order, phase: 'done' }] : []
    const follows = next({ request: stampApproved(order.request), view: order, dropped: false }, this.state.context)
    return follows.filter((one) => one.quantity === order.quantity && one.triggerPrice === order.triggerPrice)
  }

  #advance(key: string, pick: number): void {
    const follows = this.#followsOf(key)
    const follow = follows[(pick >> 4) % follows.length]
    if (follow !== undefined) this.#report(follow)
  }

  #amend(key: string): void {
    const order = this.#orders.get(key)
    const change = this.#amendments.get(key)
    this.#amendments.delete(key)
    const isResting = order?.status === 'OPEN' || order?.status === 'PARTIALLY_FILLED'
    if (order === undefined || change === undefined || !isResting) return
    if (amount(change.quantity).gt(amount(order.filled))) this.#report({ ...order, ...change })
  }

  #refuseAmendment(key: string): void {
    const order = this.#orders.get(key)
    if (!this.#amendments.delete(key) || order === undefined || isFinal(order.status)) return
    this.#hear({ type: 'order.reported', order, amendRefused: 'no' })
  }

  /** Time goes on to a deadline. */
  #ring(pick: number): void {
    const armed = this.#armed()
    this.#passUntil(armed[pick % Math.max(1, armed.length)]?.dueAt ?? this.#now)
  }

  /** What falls due on the way rings, in its order. */
  #passUntil(at: number): void {
    for (let first = this.#armed()[0]; first !== undefined && first.dueAt <= at; first = this.#armed()[0]) {
      this.#now = Math.max(this.#now, first.dueAt)
      this.#step({ type: 'deadline.reached', ...first })
    }
    this.#now = Math.max(this.#now, at)
  }

  /** The next one first. */
  #armed(): { readonly name: string; readonly dueAt: number }[] {
    return Object.entries(this.state.context.deadlines)
      .flatMap(([name, dueAt]) => (typeof dueAt === 'number' ? [{ name, dueAt }] : []))
      .sort((one, other) => one.dueAt - other.dueAt)
  }

  /** The process dies: what was directed and not done is lost, what happened at the venue is found on return. */
  #crash(key: string, pick: number): void {
    this.#amendments.clear()
    this.#cancels.clear()
    const follows = this.#followsOf(key)
    const missed = follows[(pick >> 4) % follows.length]
    if (missed !== undefined && pick % 3 > 0) this.#orders.set(key, missed)
    this.#hear({ type: 'orders.recovered', orders: [...this.#orders.values()] })
  }

  #serve(key: string): void {
    this.#amend(key)
    const order = this.#orders.get(key)
    if (order === undefined || order.phase === 'done') return
    if (isFinal(order.status)) return this.#report({ ...order, phase: 'done' })
    if (order.request.purpose === 'exit') {
      const follows = this.#followsOf(key).filter(({ status }) => status === 'FILLED')
      return this.#report(follows[0] ?? order)
    }
    if (this.#cancels.has(key)) return this.#report({ ...order, status: 'CANCELLED', phase: 'settling' })
    const isPending = order.status === 'PENDING' || order.phase === 'cancelling'
    if (isPending) {
      const status = order.filled === '0' ? 'OPEN' : 'PARTIALLY_FILLED'
      return this.#report({ ...order, status, phase: status === 'OPEN' ? 'open' : 'partiallyFilled' })
    }
    if (order.request.purpose === 'entry') this.#report({ ...order, status: 'EXPIRED', phase: 'settling' })
  }
}
