/** A trade on its whole way through the market: the message, the actor, the mark and the index; beside the index alone. */
import { createActor } from 'xstate'
import { createAddresses } from '../actors/addresses.ts'
import { createMarket, type MarketHouse, marketLogic } from '../actors/market.actor.ts'
import { simulatedClock } from '../src/adapters/clock/simulated.ts'
import { DEFAULT_RISK_LIMITS } from '../src/domain/risk-limits.ts'
import type { MarketEvent } from '../src/ports/market-feed.ts'
import type { Bench } from './measure.ts'
import { BTC } from './orders.ts'
import { walk, watchedBy } from './triggers.ts'

const AT = Date.UTC(2025, 10, 3)
const nothing = (): void => {}
const done = (): Promise<void> => Promise.resolve()
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing }

function standingHouse(): MarketHouse {
  const [candles, feed] = [
    { save: done, load: async () => [] },
    { name: 'bench', start: done, stop: done, history: async () => [] },
  ]
  const settings = { watched: [BTC], staleAfterMs: 60_000, candleWriteMs: 1_000, limits: DEFAULT_RISK_LIMITS }
  return { addresses: createAddresses(), clock: simulatedClock(AT), candles, feed, log, state: nothing, settings }
}
/** A market over a house that stands still. The events are there before: what a feed makes of them is not measured. */
export function tradesHeard(positions: number, trailing: number) {
  const house = standingHouse()
  const { index } = watchedBy(positions, trailing)
  const market = createMarket(house, index, nothing)
  const actor = createActor(marketLogic(market)).start()
  house.addresses.bind((name) => (name === 'market' ? actor : undefined))
  const trades = walk().map((price, tick): MarketEvent & { kind: 'trade' } => ({
    ...{ kind: 'trade', symbol: BTC, price, quantity: '0.01', side: 'buy', at: AT + tick },
  }))
  const quotes = trades.map(({ price, at }): MarketEvent => {
    const sizes = { bidQuantity: '1', askQuantity: '1' }
    return { kind: 'quote', symbol: BTC, bid: price, ask: price, ...sizes, at }
  })
  const tell = (event: MarketEvent): boolean => house.addresses.tell('market', { type: 'market.told', event })
  return { index, market, trades, quotes, tell }
}

export const tradeTold: Bench = async () => {
  const { index, market, trades, tell } = tradesHeard(1_000, 100)
  const measured = (): void => {
    for (const trade of trades) tell(trade)
    if (market.marks()[BTC]?.price !== trades.at(-1)?.price) throw new Error('the market did not hear')
  }
  const bare = (): void => {
    for (const { symbol, price } of trades) index.tick(symbol, price)
  }
  const name = 'trade told to the market, 1,000 positions'
  return { name, unit: 'trade', baseline: 'the index alone', measured, bare, operations: trades.length }
}
