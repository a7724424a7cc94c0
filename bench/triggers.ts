/** A tick against so many stops and targets, beside a loop over all of them. */
import { createTriggerIndex } from '../actors/trigger-index.ts'
import { positionId } from '../src/domain/ids.ts'
import { amount, type Numeric, text } from '../src/domain/units.ts'
import type { Bench } from './measure.ts'
import { BTC } from './orders.ts'

const TICKS = 20_000

/** A walk that stays between the stops and the targets: what nearly every tick is. */
const walk = (tick: number): Numeric => text(amount(40_000 + (tick % 100)).plus(amount(tick % 7).div(10)))

export const triggerTick =
  (count: number): Bench =>
  async () => {
    const prices = Array.from({ length: TICKS }, (_, tick) => walk(tick))
    let crossed = 0
    const index = createTriggerIndex(() => {
      crossed += 1
      return true
    })
    const plain = Array.from({ length: count / 2 }, (_, number) => {
      const stopLoss = text(amount(39_900).minus(amount(number).div(10)))
      const takeProfit = text(amount(40_200).plus(amount(number).div(10)))
      index.watch(positionId(`p${number}`), { symbol: BTC, side: 'long', stopLoss, takeProfit, trail: null })
      return { stop: amount(stopLoss), target: amount(takeProfit) }
    })
    const bareOperations = Math.max(1, 500_000 / count)
    const bare = (): void => {
      for (const price of prices.slice(0, bareOperations)) {
        const now = amount(price)
        for (const { stop, target } of plain) if (now.lte(stop) || now.gte(target)) crossed += 1
      }
      if (crossed !== 0) throw new Error('nothing was to be crossed')
    }
    const measured = (): void => {
      for (const price of prices) index.tick(BTC, price)
      if (crossed !== 0) throw new Error('nothing was to be crossed')
    }
    const name = `tick, ${count.toLocaleString('en')} triggers`
    return { name, unit: 'tick', baseline: 'loop over all', measured, bare, operations: TICKS, bareOperations }
  }
