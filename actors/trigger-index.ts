/**
 * Stops, targets and trailing prices. A tick looks at the nearest trigger on either side of the market and no further; a
 * crossing becomes one message to its position, once, until the position registers its triggers again.
 */
import type { TriggerKind } from '../src/domain/commands.ts'
import type { Pair, PositionId } from '../src/domain/ids.ts'
import type { PositionSide } from '../src/domain/position.ts'
import { type Numeric, text } from '../src/domain/units.ts'
import { Ladder, type Trigger } from './trigger-ladder.ts'

export interface Watch {
  readonly symbol: Pair
  readonly side: PositionSide
  readonly stopLoss: Numeric | null
  readonly takeProfit: Numeric | null
  /** Beyond the market on the target's side: told like the others, once. Null where no stop follows the price. */
  readonly trail: Numeric | null
}

interface Ladders {
  readonly falling: Ladder
  readonly rising: Ladder
}

export interface TriggerIndex {
  /** Replaces all that the position had registered; all prices null removes it. What is crossed already is told by the next tick. */
  watch(positionId: PositionId, watch: Watch): void
  /** The last traded price of a pair, in quote units. */
  tick(symbol: Pair, price: Numeric): void
  readonly size: number
}

const KINDS = ['stopLoss', 'takeProfit', 'trail'] as const satisfies readonly TriggerKind[]

/** A long's stop lies below the market and the rest above; a short's the other way round. */
const isAbove = (kind: TriggerKind, side: PositionSide): boolean => (kind === 'stopLoss') === (side === 'short')

/** `onCrossed` says whether somebody was there to hear it: what nobody heard is told again by the next tick beyond it. */
export function createTriggerIndex(
  onCrossed: (positionId: PositionId, trigger: TriggerKind, price: Numeric) => boolean,
): TriggerIndex {
  const bySymbol = new Map<Pair, Ladders>()
  const watched = new Map<PositionId, Set<Trigger>>()
  let registered = 0

  function laddersOf(symbol: Pair): Ladders {
    const known = bySymbol.get(symbol)
    if (known !== undefined) return known
    const made = { falling: new Ladder(false), rising: new Ladder(true) }
    bySymbol.set(symbol, made)
    return made
  }
  const isWatched = (trigger: Trigger): boolean => watched.get(trigger.positionId)?.has(trigger) === true
  /** All of them are out before the first is told: whoever hears one may watch anew, or let go of another, at once. */
  function tell({ falling, rising }: Ladders, price: Numeric): void {
    const crossed = [...falling.take(price), ...rising.take(price)]
    try {
      for (const trigger of crossed)
        if (isWatched(trigger) && onCrossed(trigger.positionId, trigger.kind, price))
          watched.get(trigger.positionId)?.delete(trigger)
    } finally {
      for (const trigger of crossed) if (isWatched(trigger)) trigger.ladder.add(trigger)
    }
  }

  return {
    watch: (positionId, watch) => {
      const triggers = KINDS.flatMap((kind): Trigger[] => {
        const given = watch[kind]
        if (given === null) return []
        const ladder = laddersOf(watch.symbol)[isAbove(kind, watch.side) ? 'rising' : 'falling']
        registered += 1
        return [{ positionId, kind, price: text(given), ladder, number: registered, place: -1 }]
      })
      for (const trigger of watched.get(positionId) ?? []) trigger.ladder.remove(trigger)
      watched.delete(positionId)
      if (triggers.length > 0) watched.set(positionId, new Set(triggers))
      for (const trigger of triggers) trigger.ladder.add(trigger)
    },
    tick: (symbol, price) => {
      const ladders = bySymbol.get(symbol)
      if (ladders === undefined) return
      if (ladders.falling.isCrossedBy(price) || ladders.rising.isCrossedBy(price)) tell(ladders, price)
    },
    get size() {
      let size = 0
      for (const { falling, rising } of bySymbol.values()) size += falling.size + rising.size
      return size
    },
  }
}
