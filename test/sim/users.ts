/** Agents and people: signals, commands to the coordinator, changes of positions and orders by hand. */
import { orderAddress, positionAddress } from '../../actors/addresses.ts'
import type { RunningSystem } from '../../actors/start.ts'
import type { OrderId, Pair } from '../../src/domain/ids.ts'
import { isLive } from '../../src/domain/order.ts'
import type { PositionView } from '../../src/domain/position.ts'
import { amount } from '../../src/domain/units.ts'
import type { RandomSource } from '../../src/ports/clock.ts'
import { speak } from '../support/speak.ts'
import { between, chance, pick } from './draw.ts'
import { HALT_BY_HAND } from './gate.ts'
import type { Invariants } from './invariants.ts'
import { BTC, priceText, type SeededMarket, SYMBOLS } from './market.ts'

export interface UserParts {
  readonly random: RandomSource
  readonly market: SeededMarket
  /** Trading on margin is on. */
  readonly isMarginOn: boolean
  readonly invariants: Invariants
  readonly note: (what: string) => void
}

/** Widest stops that risk lets pass, per cent. */
const WIDEST_STOP = (symbol: Pair): number => (symbol === BTC ? 2.9 : 4.8)
/** What both fees and the least reward against risk ask of a target, per cent. */
const targetPct = (stopPct: number): number => Math.max(1.5 * stopPct, 0.75 * (stopPct + 1.6) + 1.6) + 0.05

export class Users {
  readonly #parts: UserParts

  constructor(parts: UserParts) {
    this.#parts = parts
  }

  /** One thing that somebody wants. */
  act(system: RunningSystem): void {
    const { random } = this.#parts
    const { state } = system.desk.coordinator()
    if (state === 'PAUSED' && chance(random, 0.35)) return this.#resume(system)
    if (state === 'HALTED' && chance(random, 0.25)) return this.#reset(system)
    const deed = random.next()
    if (deed < 0.62) return this.#parts.isMarginOn && chance(random, 0.6) ? this.#lever(system) : this.#signal(system)
    if (deed < 0.66)
      return this.#speak(system, {
        symbol: pick(random, SYMBOLS),
        action: pick(random, ['CLOSE_LONG', 'CLOSE_SHORT', 'SELL', 'HOLD']),
      })
    if (deed < 0.69) return this.#pause(system)
    if (deed < 0.705) return this.#halt(system)
    if (deed < 0.75) return this.#closePosition(system)
    if (deed < 0.82) return this.#modify(system)
    if (deed < 0.85) return this.#trail(system)
    if (deed < 0.91) return this.#cancelOrder(system)
    if (deed < 0.97) return this.#checkPortfolio(system)
    if (deed < 0.975) return this.#stop(system)
    return this.#resume(system)
  }

  /** Before the end: out of every halt and pause, and then a pause of its own, so that nothing new begins. */
  putRight(system: RunningSystem): void {
    this.#reset(system)
    this.#resume(system)
    this.#pause(system)
  }

  #signal(system: RunningSystem): void {
    const { market, random } = this.#parts
    const symbol = pick(random, SYMBOLS)
    const last = market.price(symbol)
    const entry = last * (1 - between(random, -0.0005, 0.006))
    const stopPct = between(random, 0.6, WIDEST_STOP(symbol))
    const target = entry * (1 + (targetPct(stopPct) * between(random, 1, 1.5)) / 100)
    this.#speak(system, {
      ...{ symbol, action: 'BUY', sizePct: pick(random, [1, 3, 6, 12, 20]) },
      entryPrice: priceText(symbol, entry),
      stopLoss: priceText(symbol, entry * (1 - stopPct / 100)),
      takeProfit: priceText(symbol, target),
    })
  }

  /** Long or short with borrowed money, past the consensus; in a trend, else nothing is levered. */
  #lever(system: RunningSystem): void {
    const { market, random } = this.#parts
    const symbol = pick(random, SYMBOLS)
    const action = pick(random, ['BUY', 'SELL', 'SELL'] as const)
    const sign = action === 'BUY' ? 1 : -1
    const entry = market.price(symbol) * (1 - sign * between(random, -0.0005, 0.004))
    const stopPct = between(random, 0.6, WIDEST_STOP(symbol))
    const targetAt = targetPct(stopPct) * between(random, 1, 1.5)
    this.#speak(system, { symbol, action: 'HOLD' })
    this.#parts.note(`${action} ${symbol} at ${priceText(symbol, entry)} with leverage`)
    void system.execution.executeTrade({
      ...{ symbol, action, confidence: 0.9, entryPrice: priceText(symbol, entry), reasoning: 'by hand' },
      stopLoss: priceText(symbol, entry * (1 - (sign * stopPct) / 100)),
      takeProfit: priceText(symbol, entry * (1 + (sign * targetAt) / 100)),
      ...{ sizePct: pick(random, [1, 3, 6, 12, 20]), leverage: pick(random, [1, 2, 2, 3]) },
    })
  }

  #speak(system: RunningSystem, over: Parameters<typeof speak>[1]): void {
    this.#parts.note(`${over.action ?? 'BUY'} ${over.symbol} at ${over.entryPrice ?? 'market'}`)
    speak(system.house, over)
  }

  #command(system: RunningSystem, type: 'pause-trading' | 'resume-trading' | 'halt-trading', reason: string): void {
    const { addresses, clock } = system.house
    this.#parts.note(`${type}: ${reason}`)
    addresses.tell('coordinator', { type, reason, by: 'trader', seenAt: clock.now() })
  }

  #pause(system: RunningSystem): void {
    this.#command(system, 'pause-trading', 'user')
  }

  #resume(system: RunningSystem): void {
    this.#command(system, 'resume-trading', 'user')
  }

  #halt(system: RunningSystem): void {
    this.#parts.invariants.isHaltTold = true
    this.#command(system, 'halt-trading', HALT_BY_HAND)
  }

  #reset(system: RunningSystem): void {
    this.#parts.invariants.isHaltTold = false
    this.#parts.note('reset-trading')
    system.reset('admin')
  }

  #position(system: RunningSystem): PositionView | null {
    const open = system.house.books.openPositions()
    return open.length === 0 ? null : pick(this.#parts.random, open)
  }

  #closePosition(system: RunningSystem): void {
    const position = this.#position(system)
    if (position === null) return
    const { market, random } = this.#parts
    if (chance(random, 0.2)) return this.#closeAll(system)
    const { positionId, symbol } = position
    // Every fourth names a price that is too far from the market to be believed.
    const exitPrice = chance(random, 0.5) ? null : market.text(symbol, pick(random, [0.96, 1, 1.04, 1.07]))
    const { accepted, code } = system.positions.close(positionId, { exitPrice, reason: 'by hand', by: 'trader' })
    this.#parts.note(`close ${positionId} at ${exitPrice ?? 'market'}: ${accepted ? 'accepted' : code}`)
  }

  #closeAll(system: RunningSystem): void {
    const answers = system.positions.closeAll('by hand', 'trader')
    this.#parts.note(`close all: ${answers.length} positions`)
  }

  #modify(system: RunningSystem): void {
    const position = this.#position(system)
    if (position === null) return
    const { random } = this.#parts
    const { addresses, clock } = system.house
    const by = between(random, 0.99, 1.012)
    const change = chance(random, 0.75)
      ? { stopLoss: priceText(position.symbol, amount(position.stopLoss).toNumber() * by) }
      : {
          takeProfit: chance(random, 0.3)
            ? null
            : this.#parts.market.text(position.symbol, between(random, 1.001, 1.05)),
        }
    // Past the checks of the operations too: a position must be able to refuse by itself.
    if (chance(random, 0.5)) {
      this.#parts.note(`modify-position ${position.positionId} ${JSON.stringify(change)}`)
      addresses.tell(positionAddress(position.positionId), { type: 'modify-position', ...change, seenAt: clock.now() })
      return
    }
    const { accepted, code } = system.positions.modify(position.positionId, change, 'trader')
    this.#parts.note(`modify ${position.positionId} ${JSON.stringify(change)}: ${accepted ? 'accepted' : code}`)
  }

  #trail(system: RunningSystem): void {
    const position = this.#position(system)
    if (position === null) return
    const distance = pick(this.#parts.random, [null, '0.3', '0.8', '3', '0'])
    const { accepted, code } = system.positions.enableTrailingStop(position.positionId, distance ?? undefined, 'trader')
    this.#parts.note(`trail ${position.positionId} by ${distance ?? 'what is usual'}: ${accepted ? 'accepted' : code}`)
  }

  #cancelOrder(system: RunningSystem): void {
    const live = system.house.books.liveOrders().filter(isLive)
    if (live.length > 0) this.cancel(system, pick(this.#parts.random, live).orderId)
  }

  cancel(system: RunningSystem, orderId: OrderId): void {
    const { addresses, clock } = system.house
    this.#parts.note(`cancel-order ${orderId}`)
    addresses.tell(orderAddress(orderId), { type: 'cancel-order', reason: 'by hand', seenAt: clock.now() })
  }

  #checkPortfolio(system: RunningSystem): void {
    const { addresses, clock } = system.house
    if (chance(this.#parts.random, 0.3)) return this.#rebalance(system)
    const forced = chance(this.#parts.random, 0.5)
    this.#parts.note(`check-portfolio${forced ? ' at once' : ''}`)
    addresses.tell('portfolio', { type: 'check-portfolio', forced, seenAt: clock.now() })
  }

  #rebalance(system: RunningSystem): void {
    this.#parts.note(`rebalance: ${system.rebalance('trader')?.action ?? 'nobody is there'}`)
  }

  #stop(system: RunningSystem): void {
    this.#parts.note('drain-system')
    system.drain('SIGTERM')
  }
}
