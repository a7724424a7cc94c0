import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { realIds, realRandom } from '../../../src/adapters/chance/real.ts'
import { seededIds, seededRandom } from '../../../src/adapters/chance/seeded.ts'
import type { RandomSource } from '../../../src/ports/clock.ts'

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const take = (random: RandomSource, count: number): number[] => Array.from({ length: count }, () => random.next())

describe.each([
  ['seeded', () => seededRandom('market')],
  ['real', () => realRandom()],
])('%s chance', (_name, make) => {
  it('stays in [0, 1) and is spread evenly', () => {
    const draws = 100_000
    const tenths = new Array<number>(10).fill(0)
    const random = make()
    for (let draw = 0; draw < draws; draw += 1) {
      const value = random.next()
      if (!(value >= 0 && value < 1)) throw new Error(`${value} is out of [0, 1)`)
      const tenth = Math.floor(value * 10)
      tenths[tenth] = (tenths[tenth] ?? 0) + 1
    }
    // One tenth of 100,000 draws has a standard deviation of 95: six of them happen by chance once in 10^8 runs.
    for (const count of tenths) expect(Math.abs(count - draws / 10)).toBeLessThan(570)
  })

  it('gives streams that differ from each other', () => {
    const random = make()
    expect(take(random.stream('fills'), 5)).not.toEqual(take(random.stream('prices'), 5))
  })
})

describe('seeded chance', () => {
  it('gives the same draws for the same seed, today and tomorrow', () => {
    expect(take(seededRandom('market'), 3)).toEqual([0.6600505006859283, 0.790710672114063, 0.925810331690165])
    expect(take(seededRandom(7), 10)).toEqual(take(seededRandom('7'), 10))
  })

  it('gives other draws for another seed', () => {
    const firstDraws = new Set(Array.from({ length: 10_000 }, (_, seed) => seededRandom(seed).next()))
    expect(firstDraws.size).toBe(10_000)
  })

  it('gives a stream that does not depend on what was drawn before', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(20), (seed, name, drawn) => {
        const used = seededRandom(seed)
        take(used, drawn)
        take(used.stream(`${name}?`), drawn)
        expect(take(used.stream(name), 5)).toEqual(take(seededRandom(seed).stream(name), 5))
      }),
    )
  })

  it('does not mistake a stream of a stream for a stream with a longer name', () => {
    const random = seededRandom('seed')
    const nested = take(random.stream('a').stream('b'), 3)
    for (const name of ['ab', 'a/b', 'a>b', 'a>1:b']) expect(take(random.stream(name), 3)).not.toEqual(nested)
  })
})

describe.each([
  ['seeded', () => seededIds(seededRandom('ids'))],
  ['real', () => realIds()],
])('%s ids', (_name, make) => {
  it('have the form of UUID v4 and do not repeat', () => {
    const ids = make()
    const seen = new Set<string>()
    for (let index = 0; index < 20_000; index += 1) {
      const id = ids.next()
      if (!UUID_V4.test(id)) throw new Error(`${id} is no UUID v4`)
      seen.add(id)
    }
    expect(seen.size).toBe(20_000)
  })
})

describe('seeded ids', () => {
  it('are the same for the same seed', () => {
    const first = seededIds(seededRandom('replay'))
    const second = seededIds(seededRandom('replay'))
    for (let index = 0; index < 100; index += 1) expect(first.next()).toBe(second.next())
  })
})
