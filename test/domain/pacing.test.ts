import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pair } from '../../src/domain/ids.ts'
import {
  afterRateRefusal,
  type Bucket,
  type BucketRate,
  type CallCost,
  freshPacing,
  fullBucket,
  type PacingRules,
  readyAt,
  spent,
  taken,
  tokenAt,
  tokensAt,
} from '../../src/domain/pacing.ts'
import { changePoints, counterAt, TIER_LIMITS } from '../../src/domain/venue-limits.ts'

const AT = 1_800_000_000_000
const BTC = pair('BTC/USDT')
const XRP = pair('XRP/USDT')
const RULES: PacingRules = {
  ...{ calls: { perMinute: 60, burst: 10 }, orders: { perMinute: 30, burst: 5 }, reserve: 0.2 },
  venue: TIER_LIMITS.starter,
}
const call = (over: Partial<CallCost> = {}): CallCost => ({
  ...{ priority: 'entry', changesOrders: true, symbol: BTC, enginePoints: 1, restPoints: 0, ...over },
})
const exit = call({ priority: 'exit' })
const cancel = call({ priority: 'cancel', enginePoints: changePoints('cancel', 0) })
const amend = call({ priority: 'amend', enginePoints: changePoints('amend', 0) })
const lookUp = call({ priority: 'cancel', changesOrders: false, symbol: null, enginePoints: 0, restPoints: 1 })
const read = call({ priority: 'read', changesOrders: false, symbol: null, enginePoints: 0, restPoints: 1 })

/** Sends `count` of them as soon as each may go; answers when each went, after `AT`. */
function sendAll(count: number, one: CallCost, rules = RULES): readonly number[] {
  let state = freshPacing(rules, AT)
  let now = AT
  return Array.from({ length: count }, () => {
    now = readyAt(state, rules, one, now) ?? Number.NaN
    state = spent(state, rules, one, now)
    return now - AT
  })
}

describe('a bucket', () => {
  const rate: BucketRate = { perMinute: 600, burst: 10 }

  it('of twenty acquires at ten a second with a burst of ten takes between 1.0 and 1.2 s', () => {
    let bucket = fullBucket(rate, AT)
    let now = AT
    for (let index = 0; index < 20; index += 1) {
      now = tokenAt(bucket, rate, 0, now)
      bucket = taken(bucket, rate, now)
    }
    expect(now - AT).toBeGreaterThanOrEqual(1_000)
    expect(now - AT).toBeLessThanOrEqual(1_200)
  })

  it('never lets more go in any time than its rate times that time and one burst', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 600 }),
        fc.integer({ min: 1, max: 12 }),
        (pauses, perMinute, burst) => {
          const given = { perMinute, burst }
          let bucket: Bucket = fullBucket(given, AT)
          let now = AT
          const went: number[] = []
          for (const pause of pauses) {
            now = tokenAt(bucket, given, 0, now + pause)
            bucket = taken(bucket, given, now)
            went.push(now)
          }
          for (const [first, from] of went.entries())
            for (let last = first; last < went.length; last += 1) {
              const allowed = (((went[last] ?? from) - from) * perMinute) / 60_000 + burst
              expect(last - first + 1).toBeLessThanOrEqual(allowed + 1e-6)
            }
        },
      ),
    )
  })

  it('grants at most its rate times the time that passed, however often it is looked at, and no more than its burst', () => {
    fc.assert(
      fc.property(fc.double({ min: -10, max: 10, noNaN: true }), fc.integer({ min: 0, max: 100_000 }), (tokens, ms) => {
        const before: Bucket = { tokens, at: AT }
        const half = AT + Math.floor(ms / 2)
        const inTwo = tokensAt({ tokens: tokensAt(before, rate, half), at: half }, rate, AT + ms)
        const inOne = tokensAt(before, rate, AT + ms)
        expect(inTwo).toBeCloseTo(inOne, 6)
        expect(inOne).toBeLessThanOrEqual(Math.min(10, tokens + ms / 100) + 1e-9)
      }),
    )
  })

  it('gives nothing for a moment before its own', () => {
    expect(tokensAt({ tokens: 3, at: AT }, rate, AT - 60_000)).toBe(3)
  })
})

describe('what may leave', () => {
  it('is four entries at once, and one every two seconds then: a fifth of the burst is kept', () => {
    expect(sendAll(7, call())).toEqual([0, 0, 0, 0, 2_000, 4_000, 6_000])
  })

  it('is eight reads at once, and one a second then', () => {
    expect(sendAll(10, call({ ...read, restPoints: 0 }))).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1_000, 2_000])
  })

  it('is ten look-ups at once: they may use what is kept', () => {
    expect(sendAll(12, { ...lookUp, restPoints: 0 })).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1_000, 2_000])
  })

  it.each([
    ['exits', exit],
    ['cancels', cancel],
    ['amendments of what protects', amend],
  ])('is any number of %s by our own buckets', (_, one) => {
    expect(sendAll(30, { ...one, enginePoints: 1 })).toEqual(Array.from({ length: 30 }, () => 0))
  })

  it('is nothing else until what they overdrew has come in again', () => {
    let state = freshPacing(RULES, AT)
    for (let index = 0; index < 30; index += 1) state = spent(state, RULES, exit, AT)
    // A debt of one burst, a token for itself, and the fifth that is kept: 5 + 1 + 1 at one every two seconds.
    expect(readyAt(state, RULES, call(), AT)).toBe(AT + 14_000)
  })

  it("is no exit past the venue's counter of its pair: the 61st waits a second", () => {
    expect(sendAll(62, exit).slice(58)).toEqual([0, 0, 1_000, 2_000])
  })

  it("is an entry only within four fifths of the venue's counter, so that exits and cancels find room", () => {
    let state = freshPacing(RULES, AT)
    for (let index = 0; index < 48; index += 1) state = spent(state, RULES, exit, AT)
    expect(readyAt(state, RULES, exit, AT)).toBe(AT)
    const later = { ...state, calls: fullBucket(RULES.calls, AT), orders: fullBucket(RULES.orders, AT) }
    expect(readyAt(later, RULES, call(), AT)).toBe(AT + 1_000)
    expect(readyAt(later, RULES, call({ symbol: XRP }), AT)).toBe(AT)
  })

  it("is an amendment only within four fifths of the venue's counter, so that a cancel of an entry finds room", () => {
    let state = freshPacing(RULES, AT)
    for (let index = 0; index < 12; index += 1) state = spent(state, RULES, amend, AT)
    expect(readyAt(state, RULES, amend, AT)).toBe(AT + 4_000)
    expect(readyAt(state, RULES, cancel, AT)).toBe(AT)
  })

  it("is charged to the venue's counter by the age of what it changes", () => {
    let state = freshPacing(RULES, AT)
    state = spent(state, RULES, call(), AT)
    state = spent(state, RULES, call({ enginePoints: changePoints('amend', 7_000) }), AT + 7_000)
    state = spent(state, RULES, call({ enginePoints: changePoints('cancel', 36_000) }), AT + 7_000)
    // Kraken's own example, 1 + 1 + 2 + 4, less what seven seconds took.
    const counter = state.engine[BTC] ?? { value: 0, at: 0 }
    expect(counterAt(counter, RULES.venue.engine, AT + 7_000)).toBe(7)
  })

  it('never goes past any counter of the venue, whatever is asked for and when', () => {
    const kinds = [call(), exit, cancel, amend, lookUp, read, call({ symbol: XRP }), call({ ...exit, enginePoints: 4 })]
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(kinds.length - 1), fc.nat(2_000)), { minLength: 1, maxLength: 150 }),
        (asked) => {
          let state = freshPacing(RULES, AT)
          let now = AT
          for (const [kind, pause] of asked) {
            const one = kinds[kind] ?? exit
            now = readyAt(state, RULES, one, now + pause) ?? now
            state = spent(state, RULES, one, now)
            for (const counter of Object.values(state.engine))
              expect(counterAt(counter, RULES.venue.engine, now)).toBeLessThanOrEqual(60 + 1e-6)
            expect(counterAt(state.rest, RULES.venue.rest, now)).toBeLessThanOrEqual(15 + 1e-6)
          }
        },
      ),
    )
  })

  it('is never a call that costs more than the whole counter', () => {
    expect(readyAt(freshPacing(RULES, AT), RULES, { ...read, restPoints: 16 }, AT)).toBeNull()
  })

  it('is nothing at all until there is room, after the venue refused what may use all of its counter', () => {
    const refusedFor = (one: CallCost) => afterRateRefusal(freshPacing(RULES, AT), RULES, one, AT)
    expect(readyAt(refusedFor(exit), RULES, exit, AT)).toBe(AT + 1_000)
    const asked = readyAt(refusedFor(lookUp), RULES, lookUp, AT) ?? 0
    expect(asked).toBe(AT + Math.ceil(1_000 / RULES.venue.rest.decay))
    expect(readyAt(refusedFor(exit), RULES, call({ ...exit, symbol: XRP }), AT)).toBe(AT)
  })

  it('is no entry for a while after the venue said that its counter is full, and exits all the same', () => {
    const state = afterRateRefusal(freshPacing(RULES, AT), RULES, call(), AT)
    expect(readyAt(state, RULES, call(), AT)).toBe(AT + 1_000)
    expect(readyAt(state, RULES, exit, AT)).toBe(AT)
    const readers = afterRateRefusal(freshPacing(RULES, AT), RULES, read, AT)
    expect(readyAt(readers, RULES, read, AT)).toBeGreaterThan(AT)
  })
})
