import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Fifo } from '../../../src/adapters/bus/fifo.ts'

describe('the circular queue', () => {
  it('behaves as a plain list, whatever is added, taken, replaced and removed', () => {
    const step = fc.record({ what: fc.constantFrom('push', 'push', 'shift', 'replace', 'remove'), place: fc.nat(30) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new Fifo<{ readonly step: number }>()
        const list: { readonly step: number }[] = []
        steps.forEach(({ what, place }, index) => {
          const item = { step: index }
          if (what === 'push') {
            queue.push(item)
            list.push(item)
          } else if (what === 'shift') expect(queue.shift()).toBe(list.shift())
          else if (place < list.length && what === 'replace') {
            queue.replaceAt(place, item)
            list[place] = item
          } else if (place < list.length) {
            queue.removeAt(place)
            list.splice(place, 1)
          }
          expect(queue.size).toBe(list.length)
          expect(queue.at(place)).toBe(list[place])
        })
        expect(queue.toArray()).toEqual(list)
      }),
    )
  })
})
