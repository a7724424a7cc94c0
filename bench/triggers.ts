/** A tick against the stops, targets and trailing prices of so many positions, beside a loop over all of them. */
import { createTriggerIndex, type TriggerIndex, type Watch } from '../actors/trigger-index.ts'
import { type PositionId, positionId } from '../src/domain/ids.ts'
import { type Amount, amount, type Numeric, text } from '../src/domain/units.ts'
import type { Bench } from './measure.ts'
import { BTC } from './orders.ts'

const TICKS = 20_000
const WATCHES = 10_000

/** A walk that stays between all triggers: what nearly every tick is. */
export const walk = (): readonly Numeric[] =>
  Array.from({ length: TICKS }, (_, tick) => text(amount(40_000 + (tick % 100)).plus(amount(tick % 7).div(10))))

const watchOf = (number: number, isTrailing: boolean): Watch => ({
  ...{ symbol: BTC, side: 'long' },
  stopLoss: text(amount(39_900).minus(amount(number).div(10))),
  takeProfit: text(amount(40_200).plus(amount(number).div(10))),
  trail: isTrailing ? text(amount(40_150).plus(amount(number).div(100))) : null,
})
const idOf = (number: number): PositionId => positionId(`p${number}`)

/** Everybody watches a stop and a target; the first `trailing` of them a trailing price too. */
export function watchedBy(positions: number, trailing: number): { index: TriggerIndex; watches: readonly Watch[] } {
  const index = createTriggerIndex((id, kind) => {
    throw new Error(`nothing was to be crossed, but ${id} ${kind} was`)
  })
  const watches = Array.from({ length: positions }, (_, number) => watchOf(number, number < trailing))
  for (const [number, watch] of watches.entries()) index.watch(idOf(number), watch)
  return { index, watches }
}

const isBeyond = (now: Amount, { stop, above }: { readonly stop: Amount; readonly above: readonly Amount[] }) =>
  now.lte(stop) || above.some((price) => now.gte(price))

export const tickOver =
  (positions: number, trailing = 0): Bench =>
  async () => {
    const prices = walk()
    const { index, watches } = watchedBy(positions, trailing)
    const plain = watches.map(({ stopLoss, takeProfit, trail }) => ({
      stop: amount(stopLoss ?? 0),
      above: [takeProfit, trail].flatMap((price) => (price === null ? [] : [amount(price)])),
    }))
    const bareOperations = Math.min(TICKS, Math.max(1, Math.floor(250_000 / Math.max(1, positions))))
    const bare = (): void => {
      for (const price of prices.slice(0, bareOperations)) {
        const now = amount(price)
        if (plain.some((position) => isBeyond(now, position))) throw new Error('nothing was to be crossed')
      }
    }
    const measured = (): void => {
      for (const price of prices) index.tick(BTC, price)
    }
    const name = `tick, ${positions.toLocaleString('en')} positions${trailing > 0 ? `, ${trailing} trailing` : ''}`
    return { name, unit: 'tick', baseline: 'loop over all', measured, bare, operations: TICKS, bareOperations }
  }

/** A position of so many registers anew, each time with another stop; beside looking for it among all prices watched. */
export const watchAnew =
  (positions: number): Bench =>
  async () => {
    const { index, watches } = watchedBy(positions, 0)
    const turns = Array.from({ length: WATCHES }, (_, turn) => (turn * 7_919) % positions)
    const moved = turns.map((number, turn) => watchOf((number + turn) % positions, false))
    const plain = watches.flatMap((_, number) => [idOf(number), idOf(number)])
    const measured = (): void => {
      for (const [turn, number] of turns.entries()) index.watch(idOf(number), moved[turn] ?? watchOf(number, false))
    }
    const bareOperations = 500
    const bare = (): void => {
      let found = 0
      for (const number of turns.slice(0, bareOperations)) {
        const id = idOf(number)
        for (const one of plain) if (one === id) found += 1
      }
      if (found !== 2 * bareOperations) throw new Error('somebody was not found')
    }
    const name = `watch anew, ${positions.toLocaleString('en')} positions`
    return { name, unit: 'watch', baseline: 'scan for it', measured, bare, operations: WATCHES, bareOperations }
  }
