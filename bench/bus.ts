/** A closed candle published to five subscribers, beside a bare EventEmitter with as many listeners. */
import { EventEmitter } from 'node:events'
import { inMemoryBus } from '../src/adapters/bus/in-memory-bus.ts'
import { simulatedClock } from '../src/adapters/clock/simulated.ts'
import type { Fact } from '../src/domain/facts.ts'
import type { Bench } from './measure.ts'
import { BTC } from './orders.ts'

const PUBLISHES = 20_000
const SUBSCRIBERS = 5

const candleClosed = (number: number): Fact<'candle.closed'> => ({
  ...{ type: 'candle.closed', symbol: BTC, id: `fact-${number}`, at: 0, seenAt: 0, causedBy: null },
  ...{ correlationId: 'story', origin: 'live' },
  candle: { symbol: BTC, timeframe: '1m', openAt: 0, open: '1', high: '2', low: '1', close: '2', volume: '10' },
})

export const busPublish: Bench = async () => {
  let heard = 0
  const hear = (): void => {
    heard += 1
  }
  const bus = inMemoryBus({ clock: simulatedClock(0) })
  const emitter = new EventEmitter()
  for (let index = 0; index < SUBSCRIBERS; index += 1) {
    bus.subscribe(`subscriber ${index}`, 'MARKET_DATA', hear)
    emitter.on('MARKET_DATA', hear)
  }
  const counted = (publish: (fact: Fact) => void) => (): void => {
    heard = 0
    for (let number = 0; number < PUBLISHES; number += 1) publish(candleClosed(number))
    if (heard !== PUBLISHES * SUBSCRIBERS) throw new Error(`${heard} deliveries`)
  }
  return {
    ...{ name: 'bus publish, 5 hear', unit: 'message', baseline: 'EventEmitter', operations: PUBLISHES },
    measured: counted((fact) => bus.publish('market', fact)),
    bare: counted((fact) => emitter.emit('MARKET_DATA', fact)),
  }
}
