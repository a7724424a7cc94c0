/** Plays what the market did while the paper venue was down, to the orders that were resting. */
import type { Candle } from '../../../domain/candle.ts'
import { printsOf } from '../../../domain/prints.ts'
import type { MatchingEngine } from './engine.ts'
import type { EngineEvent, Print } from './engine-options.ts'
import { isStop } from './order-rules.ts'
import type { OrderRow } from './venue-order.ts'

/** High first only where nothing but buy stops rests (a short); low first while long or flat. */
function isShort(orders: readonly OrderRow[], candle: Candle): boolean {
  const stops = orders.filter((order) => order.symbol === candle.symbol && isStop(order.type))
  return stops.length > 0 && stops.every((order) => order.side === 'buy')
}

interface Played extends Print {
  readonly opens: boolean
}

function printsAfter(presentAt: number, candle: Candle, orders: readonly OrderRow[]): readonly Played[] {
  return printsOf(candle, isShort(orders, candle) ? 'high-first' : 'low-first').map((print, index) => {
    // A bar that began before we went down may have reached its extremes after it: prints from before the present set
    // stops off, but bring no volume that could fill a resting order.
    const isPast = print.at < presentAt
    const at = isPast ? presentAt : print.at
    return {
      ...print,
      at,
      quantity: isPast ? '0' : print.quantity,
      symbol: candle.symbol,
      side: null,
      opens: index === 0,
    }
  })
}

/**
 * Closed candles of one timeframe and any number of pairs, in any order, each as four prints at their own times. Candles
 * that ended before the engine's present are left out: they were seen.
 */
export function playCandles(
  engine: MatchingEngine,
  candles: readonly Candle[],
  timeframeMs: number,
): readonly EngineEvent[] {
  const byOpening = new Map<number, Candle[]>()
  for (const candle of candles) {
    if (candle.openAt + timeframeMs <= engine.now) continue
    byOpening.set(candle.openAt, [...(byOpening.get(candle.openAt) ?? []), candle])
  }
  const events: EngineEvent[] = []
  for (const openAt of [...byOpening.keys()].sort((a, b) => a - b)) {
    const orders = engine.openOrders()
    const bars = byOpening.get(openAt) ?? []
    const prints = bars.flatMap((candle) => printsAfter(engine.now, candle, orders)).sort((a, b) => a.at - b.at)
    for (const { opens, ...print } of prints) events.push(...engine.onPrint(print, opens))
  }
  return events
}
