import { describe, expect, it } from 'vitest'
import { type PositionBirth, positionProblem } from '../../src/domain/position-birth.ts'
import { changeProblem, type ExitChange, type PositionRecord } from '../../src/domain/position-story.ts'
import { POSITION, requestOf } from './order-builders.ts'
import { instrument } from './risk-builders.ts'

type Plan = Omit<PositionBirth, 'policy' | 'seenAt'>
const LONG: Plan = {
  ...{ positionId: POSITION, proposalId: 'p', side: 'long', leverage: 1, instrument: instrument('BTC/USDT') },
  ...{ entry: requestOf(), stopLoss: '97', takeProfit: '106' },
}
const SHORT: Plan = { ...LONG, side: 'short', entry: requestOf({ side: 'sell' }), stopLoss: '103', takeProfit: '94' }

describe('a position is born', () => {
  it.each<[string, Partial<Plan>, string | null]>([
    ['with leverage 1', {}, null],
    ['with leverage 5', { leverage: 5 }, null],
    ['not with leverage 6', { leverage: 6 }, 'leverage is a whole number from 1 to 5'],
    ['not with leverage 0', { leverage: 0 }, 'leverage is a whole number from 1 to 5'],
    ['not with leverage 1.5', { leverage: 1.5 }, 'leverage is a whole number from 1 to 5'],
    ['not of nothing', { entry: requestOf({ quantity: '0' }) }, 'its size must be above zero'],
    ['of the least there is', { entry: requestOf({ quantity: '0.00000001' }) }, null],
    ['not of less than nothing', { entry: requestOf({ quantity: '-1' }) }, 'its size must be above zero'],
    ['not for less than nothing', { entry: requestOf({ limitPrice: '-1' }) }, 'its entry cannot be below zero'],
    ['for nothing, or at the market, where no price is known', { entry: requestOf({ limitPrice: '0' }) }, null],
    ['at the market', { entry: requestOf({ limitPrice: null }) }, null],
    ['with its stop just below its entry', { stopLoss: '99.9' }, null],
    ['not with its stop at its entry', { stopLoss: '100' }, 'its stop must be below its entry'],
    ['not with its stop above its entry', { stopLoss: '100.1' }, 'its stop must be below its entry'],
    ['not without a stop', { stopLoss: '0' }, 'the stop must be above zero'],
    ['without a target', { takeProfit: null }, null],
    ['not with its target at its stop', { takeProfit: '97' }, 'the target must be above the stop'],
    ['not with a stop that is no number', { stopLoss: 'low' }, 'its size and its prices are numbers'],
  ])('%s', (_, over, problem) => {
    expect(positionProblem({ ...LONG, ...over })).toBe(problem)
  })

  it.each<[string, Partial<Plan>, string | null]>([
    ['with its stop above its entry', {}, null],
    ['not with its stop at its entry', { stopLoss: '100' }, 'its stop must be above its entry'],
    ['not with its target above its stop', { takeProfit: '104' }, 'the target must be below the stop'],
  ])('short %s', (_, over, problem) => {
    expect(positionProblem({ ...SHORT, ...over })).toBe(problem)
  })
})

it.each<[ExitChange, string | null]>([
  [{ stopLoss: '98' }, null],
  [{ stopLoss: '90' }, null],
  [{ takeProfit: null }, null],
  [{ stopLoss: null }, 'a stop can be replaced, never cleared'],
  [{}, 'neither a stop nor a target is named'],
  [{ stopLoss: '106' }, 'the target must be above the stop'],
  [{ takeProfit: '97' }, 'the target must be above the stop'],
  [{ takeProfit: '0' }, 'the target must be above zero'],
  [{ stopLoss: 'high' }, 'a stop and a target are prices'],
])('a change to %j is refused: %s', (change, problem) => {
  const record = { ...LONG, stopWanted: null, stopGiven: '97', news: [] } as unknown as PositionRecord
  expect(changeProblem(record, change)).toBe(problem)
})
