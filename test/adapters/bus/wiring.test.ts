import { describe, expect, it } from 'vitest'
import { TOPICS } from '../../../src/domain/topics.ts'
import { ACTOR_NAMES, topicsHeardBy, WIRING } from '../../../src/domain/wiring.ts'

describe("the owner's wiring", () => {
  it('lets only the trading agent signal and only orders and positions tell of executions', () => {
    const exclusive = TOPICS.filter((topic) => WIRING[topic].exclusive)
    expect(exclusive).toEqual(['TRADING_SIGNALS', 'EXECUTION_EVENTS'])
    expect(WIRING.TRADING_SIGNALS.publishers).toEqual(['trading_decision'])
    expect(WIRING.EXECUTION_EVENTS.publishers).toEqual(['orders', 'positions'])
  })

  it('gives every topic a publisher and a subscriber', () => {
    for (const topic of TOPICS) {
      expect(WIRING[topic].publishers).not.toEqual([])
      expect(WIRING[topic].subscribers).not.toEqual([])
    }
  })

  it('has everybody hear of the system, all agents hear the market, and the coordinator all but the market', () => {
    expect(WIRING.SYSTEM_EVENTS.subscribers).toEqual(ACTOR_NAMES)
    expect(topicsHeardBy('coordinator')).toEqual(TOPICS.filter((topic) => topic !== 'MARKET_DATA'))
    expect(topicsHeardBy('trading_decision')).toEqual([
      'MARKET_DATA',
      'TA_SIGNALS',
      'REGIME_UPDATES',
      'SENTIMENT_UPDATES',
      'SYSTEM_EVENTS',
    ])
    expect(topicsHeardBy('risk')).toEqual(['TRADING_SIGNALS', 'SYSTEM_EVENTS'])
    expect(topicsHeardBy('portfolio')).toEqual(['MARKET_DATA', 'EXECUTION_EVENTS', 'SYSTEM_EVENTS'])
  })
})
