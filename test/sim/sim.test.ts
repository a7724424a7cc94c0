/** A handful of the walks that `npm run test:sim` makes by the thousand, and each deliberate fault where it is caught. */
import { describe, expect, it } from 'vitest'
import { walkAll } from './pool.ts'
import { SABOTAGES, type Sabotage } from './sabotage.ts'
import { type WalkResult, walk } from './walk.ts'

const SEEDS = 20
/** The first seed that catches it, and the invariant that does: a walk is quick where it breaks early. */
const CAUGHT_BY: Readonly<Record<Sabotage, readonly [seed: number, invariant: RegExp]>> = {
  'blind-retry': [1, /one placement per intention/],
  'fill-twice': [1, /every fill once/],
  'drop-late-fill': [6, /every fill once|no halt without a cause/],
  'effect-before-journal': [1, /journal before effect/],
  'naked-entry': [1, /no position stays naked/],
  'double-exit': [3, /a closed position holds nothing|exits never exceed|no order is overfilled/],
  'ignore-halt': [1, /a halt holds until it is reset/],
  'lost-slot': [3, /slots are never above the limits/],
  'trail-loosens': [2, /a stop that follows never loosens/],
  'charge-twice': [1, /every charge once/],
  'bag-sold': [178, /a bag is never sold|bags add up/],
  'forget-liquidation': [1, /what the venue liquidates has ended/],
  'snapshot-stops-trading': [
    2,
    /no position stays naked|nothing is placed for what has closed|no risk without permission/,
  ],
  'breaker-twice': [1, /a breaker trips once/],
}
const WITHIN_SEEDS = 200
const PATIENCE_MS = 120_000

const told = ({ seed, failure }: WalkResult): string =>
  failure === null
    ? `seed ${seed} held`
    : `seed ${seed}: ${failure.invariant}: ${failure.detail}\n${failure.tail.join('\n')}`

describe('whatever goes wrong over simulated days', () => {
  it(
    'no invariant breaks, and a seed gives the same journal again, in another thread and after other seeds',
    async () => {
      const results: WalkResult[] = []
      const onResult = (result: WalkResult): void => void results.push(result)
      await walkAll({ from: 1, seeds: SEEDS, sabotage: null, workers: 2, onResult })
      expect(results.map(told)).toEqual(results.map((_, index) => `seed ${index + 1} held`))
      expect(results).toHaveLength(SEEDS)
      expect(await walk({ seed: SEEDS, sabotage: null })).toEqual(results.at(-1))
    },
    PATIENCE_MS,
  )
})

describe('a deliberate fault is caught', () => {
  it.each(Object.keys(SABOTAGES) as Sabotage[])(
    '%s',
    async (sabotage) => {
      const [first, invariant] = CAUGHT_BY[sabotage]
      let caught: WalkResult['failure'] = null
      for (let seed = first; caught === null && seed < first + WITHIN_SEEDS; seed += 1)
        caught = (await walk({ seed, sabotage })).failure
      expect(caught?.invariant).toMatch(invariant)
    },
    PATIENCE_MS,
  )
})
