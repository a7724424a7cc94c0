/**
 * Stops and targets by price. A tick looks at the nearest trigger on either side of the market and no further; a crossing
 * becomes one message to its position, once, until the position registers its triggers again.
 */
import type { TriggerKind } from '../src/domain/commands.ts'
import type { Pair, PositionId } from '../src/domain/ids.ts'
import type { PositionSide } from '../src/domain/position.ts'
import { type Amount, amount, type Numeric } from '../src/domain/units.ts'

export interface Watch {
  readonly symbol: Pair
  readonly side: PositionSide
  readonly stopLoss: Numeric | null
  readonly takeProfit: Numeric | null
  /** Beyond the market on the target's side: told like the others, once. Null where no stop follows the price. */
  readonly trail: Numeric | null
}

interface Trigger {
  readonly positionId: PositionId
  readonly kind: TriggerKind
  readonly price: Amount
}

/** Nearest to the market last, so that a crossing is taken off the end. */
interface Ladder {
  /** Crossed by a price at or below. */
  readonly falling: Trigger[]
  /** Crossed by a price at or above. */
  readonly rising: Trigger[]
}

export interface TriggerIndex {
  /** Replaces all that the position had registered; all prices null removes it. */
  watch(positionId: PositionId, watch: Watch): void
  /** The last traded price of a pair, in quote units. */
  tick(symbol: Pair, price: Numeric): void
  readonly size: number
}

export function createTriggerIndex(
  onCrossed: (positionId: PositionId, trigger: TriggerKind, price: Numeric) => void,
): TriggerIndex {
  const ladders = new Map<Pair, Ladder>()
  let size = 0

  function insert(rungs: Trigger[], trigger: Trigger, isNearer: (a: Amount, b: Amount) => boolean): void {
    let low = 0
    let high = rungs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const rung = rungs[middle]
      if (rung !== undefined && isNearer(trigger.price, rung.price)) low = middle + 1
      else high = middle
    }
    rungs.splice(low, 0, trigger)
    size += 1
  }
  const remove = (rungs: Trigger[], positionId: PositionId): void => {
    for (let index = rungs.length - 1; index >= 0; index -= 1) {
      if (rungs[index]?.positionId !== positionId) continue
      rungs.splice(index, 1)
      size -= 1
    }
  }
  const fire = (rungs: Trigger[], isCrossed: (trigger: Amount) => boolean, price: Numeric): void => {
    const crossed: Trigger[] = []
    for (let last = rungs.at(-1); last !== undefined && isCrossed(last.price); last = rungs.at(-1)) {
      rungs.pop()
      size -= 1
      crossed.push(last)
    }
    for (const trigger of crossed) onCrossed(trigger.positionId, trigger.kind, price)
  }

  return {
    watch: (positionId, { symbol, side, stopLoss, takeProfit, trail }) => {
      const ladder = ladders.get(symbol) ?? { falling: [], rising: [] }
      ladders.set(symbol, ladder)
      remove(ladder.falling, positionId)
      remove(ladder.rising, positionId)
      const put = (kind: TriggerKind, price: Numeric | null, isRising: boolean): void => {
        if (price === null) return
        const trigger = { positionId, kind, price: amount(price) }
        if (isRising) insert(ladder.rising, trigger, (a, b) => a.lte(b))
        else insert(ladder.falling, trigger, (a, b) => a.gte(b))
      }
      put('stopLoss', stopLoss, side === 'short')
      put('takeProfit', takeProfit, side === 'long')
      put('trail', trail, side === 'long')
    },
    tick: (symbol, price) => {
      const ladder = ladders.get(symbol)
      if (ladder === undefined || (ladder.falling.length === 0 && ladder.rising.length === 0)) return
      const now = amount(price)
      fire(ladder.falling, (trigger) => now.lte(trigger), price)
      fire(ladder.rising, (trigger) => now.gte(trigger), price)
    },
    get size() {
      return size
    },
  }
}
