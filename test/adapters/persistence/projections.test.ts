import { expect, it } from 'vitest'
import { PROJECTIONS, partsName, partsOf } from '../../../src/adapters/persistence/projections.ts'

const PARTS = PROJECTIONS.flatMap(({ parts }) => Object.keys(parts))

it('gives every form of the append a name of its own, which a server takes whole', () => {
  const forms = Array.from({ length: 2 ** PARTS.length }, (_, bits) => PARTS.filter((_part, at) => (bits >> at) & 1))
  const names = forms.map((form) => `append ${partsName(form)}`)
  expect(new Set(names).size).toBe(forms.length)
  expect(Math.max(...names.map((name) => name.length))).toBeLessThan(64)
})

it('names no part twice, and leaves out those without rows', () => {
  expect(new Set(PARTS).size).toBe(PARTS.length)
  const some = Object.fromEntries(PARTS.map((part, at) => [part, at % 2 === 0 ? [{}] : []]))
  expect(partsOf(some)).toEqual(PARTS.filter((_, at) => at % 2 === 0))
  expect(partsOf({})).toEqual([])
})
