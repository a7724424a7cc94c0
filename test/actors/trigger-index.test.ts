import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTriggerIndex, type Watch } from '../../actors/trigger-index.ts'
import { type PositionId, positionId } from '../../src/domain/ids.ts'
import { BTC, XRP } from './trading-house.ts'

const A = positionId('a')
const B = positionId('b')

function watched() {
  const crossed: string[] = []
  const index = createTriggerIndex((id, kind, price) => void crossed.push(`${id} ${kind} at ${price}`))
  const watch = (id: PositionId, over: Partial<Watch> = {}): void =>
    index.watch(id, { symbol: BTC, side: 'long', stopLoss: '97', takeProfit: '106', trail: null, ...over })
  return { index, crossed, watch, since: () => crossed.splice(0) }
}

describe('a long position', () => {
  it('is stopped at or below its stop and takes its profit at or above its target', () => {
    const { index, watch, since } = watched()
    watch(A)
    index.tick(BTC, '97.01')
    index.tick(BTC, '105.99')
    expect(since()).toEqual([])
    index.tick(BTC, '97')
    expect(since()).toEqual(['a stopLoss at 97'])
    index.tick(BTC, '106')
    expect(since()).toEqual(['a takeProfit at 106'])
  })
})

describe('a short position', () => {
  it('is stopped at or above its stop and takes its profit at or below its target', () => {
    const { index, watch, since } = watched()
    watch(A, { side: 'short', stopLoss: '103', takeProfit: '94' })
    index.tick(BTC, '102.99')
    index.tick(BTC, '94.01')
    expect(since()).toEqual([])
    index.tick(BTC, '103')
    expect(since()).toEqual(['a stopLoss at 103'])
    index.tick(BTC, '90')
    expect(since()).toEqual(['a takeProfit at 90'])
  })
})

describe('a stop that follows the price', () => {
  it('is looked at when the market reaches the price that a long watches above it', () => {
    const { index, watch, since } = watched()
    watch(A, { trail: '101' })
    expect(index.size).toBe(3)
    index.tick(BTC, '100.99')
    expect(since()).toEqual([])
    index.tick(BTC, '101')
    expect(since()).toEqual(['a trail at 101'])
  })

  it('is looked at when the market reaches the price that a short watches below it', () => {
    const { index, watch, since } = watched()
    watch(A, { side: 'short', stopLoss: '103', takeProfit: '94', trail: '99' })
    index.tick(BTC, '99.01')
    expect(since()).toEqual([])
    index.tick(BTC, '98')
    expect(since()).toEqual(['a trail at 98'])
  })

  it('is told once, until its next price is watched', () => {
    const { index, watch, since } = watched()
    watch(A, { trail: '101' })
    for (const price of ['102', '103', '100', '102']) index.tick(BTC, price)
    expect(since()).toEqual(['a trail at 102'])
    watch(A, { trail: '102.5' })
    for (const price of ['102.4', '102.5']) index.tick(BTC, price)
    expect(since()).toEqual(['a trail at 102.5'])
  })

  it('leaves stop and target where they are', () => {
    const { index, watch, since } = watched()
    watch(A, { trail: '101' })
    index.tick(BTC, '101')
    expect(index.size).toBe(2)
    index.tick(BTC, '97')
    index.tick(BTC, '106')
    expect(since()).toEqual(['a trail at 101', 'a stopLoss at 97', 'a takeProfit at 106'])
  })
})

describe('a crossing', () => {
  it('is told once, however long the price stays beyond it, and again only when it is watched anew', () => {
    const { index, watch, since } = watched()
    watch(A, { takeProfit: null })
    for (const price of ['96', '95', '98', '96']) index.tick(BTC, price)
    expect(since()).toEqual(['a stopLoss at 96'])
    watch(A, { takeProfit: null })
    index.tick(BTC, '96')
    expect(since()).toEqual(['a stopLoss at 96'])
  })

  it('that jumps over several triggers tells each, the nearest first', () => {
    const { index, watch, since } = watched()
    watch(A, { stopLoss: '95', takeProfit: null })
    watch(B, { stopLoss: '97', takeProfit: null })
    watch(positionId('c'), { stopLoss: '80', takeProfit: null })
    index.tick(BTC, '90')
    expect(since()).toEqual(['b stopLoss at 90', 'a stopLoss at 90'])
    expect(index.size).toBe(1)
  })

  it('of one pair says nothing about another', () => {
    const { index, watch, since } = watched()
    watch(A)
    index.tick(XRP, '1')
    expect(since()).toEqual([])
  })

  it('lets whoever hears it watch anew at once, without being told twice by the same tick', () => {
    const crossed: string[] = []
    const watch = { symbol: BTC, side: 'long', stopLoss: '97', takeProfit: null, trail: null } as const
    const index = createTriggerIndex((id, kind) => {
      crossed.push(kind)
      index.watch(id, watch)
    })
    index.watch(A, watch)
    index.tick(BTC, '96')
    expect(crossed).toEqual(['stopLoss'])
    index.tick(BTC, '96')
    expect(crossed).toEqual(['stopLoss', 'stopLoss'])
  })
})

describe('watching', () => {
  it('anew replaces what was watched: an old stop never fires', () => {
    const { index, watch, since } = watched()
    watch(A)
    watch(A, { stopLoss: '99' })
    expect(index.size).toBe(2)
    index.tick(BTC, '98')
    index.tick(BTC, '96')
    expect(since()).toEqual(['a stopLoss at 98'])
  })

  it('ends when all prices are null', () => {
    const { index, watch, since } = watched()
    watch(A)
    watch(A, { stopLoss: null, takeProfit: null })
    expect(index.size).toBe(0)
    index.tick(BTC, '1')
    expect(since()).toEqual([])
  })

  it('compares numbers, not texts', () => {
    const { index, watch, since } = watched()
    watch(A, { stopLoss: '9.5', takeProfit: '10.50' })
    index.tick(BTC, '10.5')
    expect(since()).toEqual(['a takeProfit at 10.5'])
  })
})

interface Naive extends Watch {
  readonly id: PositionId
}
type Step =
  | {
      readonly kind: 'watch'
      readonly id: number
      readonly side: 'long' | 'short'
      readonly stop: number | null
      readonly target: number | null
      readonly trail: number | null
    }
  | { readonly kind: 'tick'; readonly price: number }

const KINDS = ['stopLoss', 'takeProfit', 'trail'] as const

/** A scan of every trigger at every tick: slow, and plain to read. */
function scan(state: Map<string, Naive>, price: number): string[] {
  const crossed: string[] = []
  for (const [key, watch] of state) {
    let left = watch
    for (const kind of KINDS) {
      const trigger = watch[kind]
      const isAbove = (kind === 'stopLoss') === (watch.side === 'short')
      if (trigger === null || (isAbove ? price < Number(trigger) : price > Number(trigger))) continue
      crossed.push(`${watch.id} ${kind}`)
      left = { ...left, [kind]: null }
    }
    state.set(key, left)
  }
  return crossed
}

const given = (price: number | null): string | null => (price === null ? null : String(price))

it('tells exactly what a scan of all triggers would, whatever is watched and however the price walks', () => {
  const price = fc.integer({ min: 1, max: 40 })
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({
      kind: fc.constant('watch' as const),
      id: fc.nat(7),
      side: fc.constantFrom('long' as const, 'short' as const),
      stop: fc.option(price),
      target: fc.option(price),
      trail: fc.option(price),
    }),
    fc.record({ kind: fc.constant('tick' as const), price }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const crossed: string[] = []
      const index = createTriggerIndex((id, kind) => void crossed.push(`${id} ${kind}`))
      const naive = new Map<string, Naive>()
      for (const one of steps) {
        if (one.kind === 'watch') {
          const id = positionId(`p${one.id}`)
          const prices = { stopLoss: given(one.stop), takeProfit: given(one.target), trail: given(one.trail) }
          const watch = { symbol: BTC, side: one.side, ...prices }
          index.watch(id, watch)
          naive.set(id, { id, ...watch })
        } else {
          index.tick(BTC, String(one.price))
          expect(crossed.splice(0).sort()).toEqual(scan(naive, one.price).sort())
        }
        const left = [...naive.values()].flatMap((each) => KINDS.map((kind) => each[kind]))
        expect(index.size).toBe(left.filter((each) => each !== null).length)
      }
    }),
    { numRuns: 300, seed: 20_251_103 },
  )
})
