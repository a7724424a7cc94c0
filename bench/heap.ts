/**
 * What a tick leaves on the heap. Grown: used heap after a full collection, over a million ticks; what is kept. Made: all that was
 * allocated in the same time, beside a loop over the same events that does nothing; what the collector has to clear away.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { tradesHeard } from './market-actor.ts'
import { median } from './measure.ts'
import { BTC } from './orders.ts'
import { walk, watchedBy } from './triggers.ts'

const TICKS = 1_000_000
const ROUNDS = 5

export interface HeapFigures {
  readonly name: string
  /** Bytes a tick, medians over the rounds. */
  readonly grown: number
  readonly made: number
  readonly madeByLoop: number
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** A running total that never falls. */
const allocated = (): number => getHeapStatistics().total_allocated_bytes

function madeBy(work: () => void): number {
  const before = allocated()
  work()
  return (allocated() - before) / TICKS
}

function heapOver<Event>(name: string, events: readonly Event[], hear: (event: Event) => void): HeapFigures {
  const over = (serve: (event: Event) => void) => (): void => {
    for (let turn = 0; turn < TICKS / events.length; turn += 1) for (const event of events) serve(event)
  }
  let heard = 0
  const nothing = over(() => {
    heard += 1
  })
  const ticks = over(hear)
  const seen: { readonly grown: number; readonly made: number; readonly madeByLoop: number }[] = []
  for (let round = -1; round < ROUNDS; round += 1) {
    const madeByLoop = madeBy(nothing)
    collect()
    const before = getHeapStatistics().used_heap_size
    const made = madeBy(ticks)
    collect()
    const grown = (getHeapStatistics().used_heap_size - before) / TICKS
    if (round >= 0) seen.push({ grown, made, madeByLoop })
  }
  if (heard !== TICKS * (ROUNDS + 1)) throw new Error('the loop did not run')
  return {
    name,
    grown: median(seen.map((one) => one.grown)),
    made: median(seen.map((one) => one.made)),
    madeByLoop: median(seen.map((one) => one.madeByLoop)),
  }
}

export function heapFigures(): readonly HeapFigures[] {
  const prices = walk()
  const alone = ([positions, trailing]: readonly [number, number]): HeapFigures => {
    const { index } = watchedBy(positions, trailing)
    const name = `tick, ${positions.toLocaleString('en')} positions, ${trailing} trailing`
    return heapOver(name, prices, (price) => index.tick(BTC, price))
  }
  const { market, trades, quotes, tell } = tradesHeard(1_000, 100)
  return [
    ...(
      [
        [0, 0],
        [1_000, 100],
        [10_000, 0],
      ] as const
    ).map(alone),
    heapOver('trade heard by the market', trades, market.hear),
    heapOver('quote heard by the market', quotes, market.hear),
    heapOver('trade told to its actor', trades, tell),
  ]
}
