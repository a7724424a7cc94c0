import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTriggerIndex, type Watch } from '../../actors/trigger-index.ts'
import { type PositionId, positionId } from '../../src/domain/ids.ts'
import { amount, type Numeric } from '../../src/domain/units.ts'
import { BTC, XRP } from './trading-house.ts'

const A = positionId('a')
const B = positionId('b')

function watched() {
  const crossed: string[] = []
  const index = createTriggerIndex((id, kind, price) => crossed.push(`${id} ${kind} at ${price}`) > 0)
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
      return true
    })
    index.watch(A, watch)
    index.tick(BTC, '96')
    expect(crossed).toEqual(['stopLoss'])
    index.tick(BTC, '96')
    expect(crossed).toEqual(['stopLoss', 'stopLoss'])
  })
})

describe('a crossing that nobody heard', () => {
  const unheard = () => {
    const crossed: string[] = []
    let isThere = false
    const index = createTriggerIndex((id, kind, price) => {
      if (isThere) crossed.push(`${id} ${kind} at ${price}`)
      return isThere
    })
    const watch = { symbol: BTC, side: 'long', stopLoss: '97', takeProfit: null, trail: null } as const
    index.watch(A, watch)
    return { index, crossed, watch, comeBack: () => (isThere = true) }
  }

  it('is told again, once, by the next price beyond it', () => {
    const { index, crossed, comeBack } = unheard()
    index.tick(BTC, '96')
    expect(index.size).toBe(1)
    comeBack()
    for (const price of ['97.5', '96.5', '96']) index.tick(BTC, price)
    expect(crossed).toEqual(['a stopLoss at 96.5'])
    expect(index.size).toBe(0)
  })

  it('is told once where its position registers again in between', () => {
    const { index, crossed, watch, comeBack } = unheard()
    index.tick(BTC, '96')
    comeBack()
    index.watch(A, watch)
    for (const price of ['96', '95']) index.tick(BTC, price)
    expect(crossed).toEqual(['a stopLoss at 96'])
  })

  it('nor any that was crossed with it is lost by an error in telling it', () => {
    const crossed: string[] = []
    let isBroken = true
    const index = createTriggerIndex((id) => {
      if (isBroken) throw new Error('a bug')
      return crossed.push(id) > 0
    })
    for (const id of [A, B])
      index.watch(id, { symbol: BTC, side: 'long', stopLoss: '97', takeProfit: null, trail: null })
    expect(() => index.tick(BTC, '96')).toThrow('a bug')
    isBroken = false
    index.tick(BTC, '96')
    expect(crossed).toEqual([A, B])
  })
})

describe('several crossings of one tick', () => {
  it('at one price are told in the order in which they were registered', () => {
    const { index, watch, since } = watched()
    for (const id of [B, A, positionId('c')]) watch(id, { takeProfit: null })
    index.tick(BTC, '97')
    expect(since()).toEqual(['b stopLoss at 97', 'a stopLoss at 97', 'c stopLoss at 97'])
  })

  it('leave out the one that was let go by hearing another', () => {
    const crossed: string[] = []
    const nothing = { symbol: BTC, side: 'long', stopLoss: null, takeProfit: null, trail: null } as const
    const index = createTriggerIndex((id) => {
      index.watch(B, nothing)
      return crossed.push(id) > 0
    })
    for (const id of [A, B]) index.watch(id, { ...nothing, stopLoss: '97' })
    index.tick(BTC, '96')
    expect(crossed).toEqual([A])
    expect(index.size).toBe(0)
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

  it('a price that is none is refused, and what was watched stays watched', () => {
    const { index, watch, since } = watched()
    watch(A)
    expect(() => watch(A, { stopLoss: '98', takeProfit: 'much' })).toThrow('much')
    index.tick(BTC, '98')
    index.tick(BTC, '97')
    expect(since()).toEqual(['a stopLoss at 97'])
  })
})

interface Naive extends Watch {
  readonly id: PositionId
}
type Step =
  | (Watch & { readonly kind: 'watch'; readonly id: PositionId })
  | { readonly kind: 'tick'; readonly price: Numeric; readonly isHeard: boolean }

const KINDS = ['stopLoss', 'takeProfit', 'trail'] as const

/** A scan of every trigger at every tick, by Decimals: slow, and plain to read. Told ones are gone where they were heard. */
function scan(state: Map<PositionId, Naive>, price: Numeric, isHeard: boolean): string[] {
  const crossed: string[] = []
  for (const [id, watch] of state) {
    let left = watch
    for (const kind of KINDS) {
      const trigger = watch[kind]
      if (trigger === null) continue
      const isAbove = (kind === 'stopLoss') === (watch.side === 'short')
      if (isAbove ? amount(price).lt(amount(trigger)) : amount(price).gt(amount(trigger))) continue
      crossed.push(`${id} ${kind}`)
      if (isHeard) left = { ...left, [kind]: null }
    }
    state.set(id, left)
  }
  return crossed
}

/** Prices that meet: few, or apart in the last of many digits alone, and written in more ways than one. */
const near = fc
  .tuple(fc.constantFrom('', '40000.1', '0.00000000000000000000000000000000000000001'), fc.integer({ min: 1, max: 40 }))
  .map(([first, last]): Numeric => (first === '' ? String(last) : `${first}${String(last).padStart(20, '0')}`))
const price = fc.oneof(
  { weight: 6, arbitrary: near },
  { weight: 1, arbitrary: near.map((written) => `${written}${written.includes('.') ? '0' : '.00'}`) },
  { weight: 1, arbitrary: near.map((written) => `0${written}`) },
  { weight: 1, arbitrary: fc.constantFrom('4e1', '1.5e+1', '2E-1', '+7', '0', '40000') },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('watch' as const),
    id: fc.nat(7).map((number) => positionId(`p${number}`)),
    symbol: fc.constant(BTC),
    side: fc.constantFrom('long' as const, 'short' as const),
    stopLoss: fc.option(price),
    takeProfit: fc.option(price),
    trail: fc.option(price),
  }),
  fc.record({ kind: fc.constant('tick' as const), price, isHeard: fc.boolean() }),
)

it('tells exactly what a scan of all triggers by Decimals would, whatever is watched and however the price walks', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const crossed: string[] = []
      let isHeard = true
      const index = createTriggerIndex((id, kind) => crossed.push(`${id} ${kind}`) > 0 && isHeard)
      const naive = new Map<PositionId, Naive>()
      for (const one of steps) {
        if (one.kind === 'watch') {
          index.watch(one.id, one)
          naive.set(one.id, one)
        } else {
          isHeard = one.isHeard
          index.tick(BTC, one.price)
          expect(crossed.splice(0).sort()).toEqual(scan(naive, one.price, isHeard).sort())
        }
        const left = [...naive.values()].flatMap((each) => KINDS.map((kind) => each[kind]))
        expect(index.size).toBe(left.filter((each) => each !== null).length)
      }
    }),
    { numRuns: 500, seed: 20_251_103 },
  )
})
