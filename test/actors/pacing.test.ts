import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPacing, type PacedCall, type Pacing } from '../../actors/pacing.ts'
import { simulatedClock } from '../../src/adapters/clock/simulated.ts'
import { pair } from '../../src/domain/ids.ts'
import { type PacingRules, PRIORITIES, type Priority } from '../../src/domain/pacing.ts'
import { TIER_LIMITS } from '../../src/domain/venue-limits.ts'
import type { VenueAnswer } from '../../src/ports/exchange.ts'
import { settle } from './trading-house.ts'

const AT = 1_800_000_000_000
const BTC = pair('BTC/USDT')
const XRP = pair('XRP/USDT')
const RULES: PacingRules = {
  ...{ calls: { perMinute: 60, burst: 10 }, orders: { perMinute: 30, burst: 5 }, reserve: 0.2 },
  venue: TIER_LIMITS.pro,
}

const callOf = (priority: Priority, over: Partial<PacedCall> = {}): PacedCall => ({
  ...{ priority, changesOrders: priority !== 'read', symbol: priority === 'read' ? null : BTC },
  ...{ enginePoints: priority === 'read' ? 0 : 1, restPoints: 0, ...over },
})

interface Gone {
  readonly name: string
  readonly at: number
  answer(given: VenueAnswer<null>): void
}

function queue(rules = RULES, callsAtOnce: number | null = null) {
  const clock = simulatedClock(AT)
  const pacing: Pacing = createPacing({ clock, rules, callsAtOnce })
  const gone: Gone[] = []
  const answers: Record<string, VenueAnswer<null>> = {}
  const ask = (name: string, call: PacedCall): void => {
    const send = () =>
      new Promise<VenueAnswer<null>>((resolve) => {
        gone.push({ name, at: clock.now() - AT, answer: resolve })
      })
    void pacing.ask(call, send).then((given) => {
      answers[name] = given
    })
  }
  const names = () => gone.map(({ name }) => name)
  /** Lets time go by, and everything that was promised happen on the way. */
  const pass = async (ms: number): Promise<void> => {
    const until = clock.now() + ms
    await settle()
    for (let due = clock.nextDueAt(); due !== null && due <= until; due = clock.nextDueAt()) {
      clock.fireNext()
      await settle()
    }
    clock.advanceTo(until)
  }
  return { clock, pacing, gone, answers, ask, names, pass }
}
const DONE: VenueAnswer<null> = { kind: 'done', value: null }
const numbered = (count: number) => Array.from({ length: count }, (_, index) => index)

it('lets twenty calls at ten a second with a burst of ten go within 1.0 to 1.2 s', async () => {
  const rate = { perMinute: 600, burst: 10 }
  const { ask, gone, pass } = queue({ ...RULES, calls: rate, orders: rate, reserve: 0 })
  for (const index of numbered(20)) ask(`${index}`, callOf('entry'))
  expect(gone).toHaveLength(10)
  await pass(5_000)
  const last = gone.at(-1)?.at ?? 0
  expect(gone).toHaveLength(20)
  expect(last).toBeGreaterThanOrEqual(1_000)
  expect(last).toBeLessThanOrEqual(1_200)
})

describe('the one queue', () => {
  it('sends at once where nothing is in the way', () => {
    const { ask, names, pacing } = queue()
    ask('exit', callOf('exit'))
    ask('entry', callOf('entry'))
    expect([names(), pacing.waiting]).toEqual([['exit', 'entry'], 0])
  })

  it('lets what waits go by rank, and first in first out within one', async () => {
    const { ask, names, pass } = queue()
    for (const index of numbered(4)) ask(`first ${index}`, callOf('entry'))
    ask('entry 1', callOf('entry'))
    ask('entry 2', callOf('entry'))
    const lookUp = { changesOrders: false, symbol: null, enginePoints: 0 }
    for (const index of numbered(6)) ask(`first look-up ${index}`, callOf('cancel', lookUp))
    ask('look-up 1', callOf('cancel', lookUp))
    ask('look-up 2', callOf('cancel', lookUp))
    ask('exit', callOf('exit'))
    ask('cancel', callOf('cancel'))
    await pass(60_000)
    expect(names().slice(10)).toEqual(['exit', 'cancel', 'look-up 1', 'look-up 2', 'entry 1', 'entry 2'])
  })

  it('never keeps an exit waiting behind an entry, whatever came before it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...PRIORITIES), fc.boolean(), fc.nat(1_500)), {
          minLength: 1,
          maxLength: 40,
        }),
        async (asked) => {
          const { ask, gone, pass, clock } = queue({ ...RULES, venue: TIER_LIMITS.starter })
          const askedAt = new Map<string, number>()
          for (const [index, [priority, isBtc, pause]] of asked.entries()) {
            const name = `${priority} ${isBtc ? 'BTC' : 'XRP'} ${index}`
            askedAt.set(name, clock.now() - AT)
            ask(name, callOf(priority, priority === 'read' ? {} : { symbol: isBtc ? BTC : XRP }))
            await pass(pause)
          }
          await pass(600_000)
          expect(gone).toHaveLength(asked.length)
          for (const [place, { name }] of gone.entries()) {
            const [priority, symbol, index] = name.split(' ')
            for (const { name: later, at } of gone.slice(place + 1)) {
              const [laterPriority, laterSymbol, laterIndex] = later.split(' ')
              const wasThere = (askedAt.get(later) ?? 0) < (gone[place]?.at ?? 0)
              if (priority === 'entry' && laterPriority === 'exit') expect(wasThere && at > 0).toBe(false)
              if (priority === laterPriority && symbol === laterSymbol)
                expect(Number(index)).toBeLessThan(Number(laterIndex))
            }
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('does not starve a read under a stream of entries that would take every call', async () => {
    const { ask, gone, pass } = queue({ ...RULES, orders: { perMinute: 600, burst: 20 } })
    for (const index of numbered(100)) {
      ask(`entry ${index}`, callOf('entry'))
      if (index === 40) ask('read', callOf('read'))
      await pass(500)
    }
    const read = gone.find(({ name }) => name === 'read')
    expect(read?.at).toBeGreaterThan(20_000 + 5_000)
    expect(read?.at).toBeLessThanOrEqual(20_000 + 12_000)
  })

  it('does not starve the cancel of an entry under the amendments that its crumbs ask for', async () => {
    const { ask, gone, pass } = queue({ ...RULES, venue: TIER_LIMITS.starter })
    for (const index of numbered(40)) {
      ask(`amend ${index}`, callOf('amend', { enginePoints: 4 }))
      if (index === 20) ask('cancel', callOf('cancel', { enginePoints: 8 }))
      await pass(250)
    }
    expect(gone.find(({ name }) => name === 'cancel')?.at).toBe(5_000)
  })

  it('lets an amendment that has waited five seconds use what is kept for exits', async () => {
    const { ask, gone, pass } = queue(BY_VENUE)
    for (const index of numbered(59)) ask(`fill ${index}`, callOf('exit'))
    ask('amend', callOf('amend', { enginePoints: 4 }))
    await pass(60_000)
    expect(gone.at(-1)).toMatchObject({ name: 'amend', at: 5_000 })
  })

  it('lets no exit wait behind such an amendment, which costs more', async () => {
    const { ask, names, pass } = queue(BY_VENUE)
    for (const index of numbered(60)) ask(`fill ${index}`, callOf('exit'))
    ask('amend', callOf('amend', { enginePoints: 4 }))
    for (const index of numbered(6)) {
      ask(`more ${index}`, callOf('exit'))
      await pass(1_000)
    }
    ask('exit', callOf('exit'))
    await pass(60_000)
    expect(names().slice(-2)).toEqual(['exit', 'amend'])
  })

  const WIDE = { perMinute: 60_000, burst: 1_000 }
  const BY_VENUE: PacingRules = { ...RULES, calls: WIDE, orders: WIDE, venue: TIER_LIMITS.starter }

  it("lets nothing but cancels pass an exit that waits for the venue's counter", async () => {
    const { ask, names, pass } = queue(BY_VENUE)
    for (const index of numbered(60)) ask(`fill ${index}`, callOf('exit'))
    ask('exit', callOf('exit'))
    ask('entry', callOf('entry', { symbol: XRP }))
    ask('read', callOf('read'))
    ask('cancel', callOf('cancel', { symbol: XRP }))
    expect(names().slice(60)).toEqual(['cancel'])
    await pass(1_000)
    expect(names().slice(61)).toEqual(['exit', 'entry', 'read'])
  })

  it('keeps the order within a pair also where a later call would cost less', async () => {
    const { ask, names, pass } = queue(BY_VENUE)
    for (const index of numbered(56)) ask(`fill ${index}`, callOf('exit'))
    ask('dear', callOf('cancel', { enginePoints: 8 }))
    ask('cheap', callOf('cancel', { enginePoints: 1 }))
    expect(names().slice(56)).toEqual([])
    await pass(10_000)
    expect(names().slice(56)).toEqual(['dear', 'cheap'])
  })

  it('does not let the counter of one pair hold up another', async () => {
    const { ask, names, gone, pass } = queue({ ...RULES, venue: TIER_LIMITS.starter })
    for (const index of numbered(60)) ask(`fill ${index}`, callOf('exit'))
    ask('BTC', callOf('exit'))
    ask('XRP', callOf('exit', { symbol: XRP }))
    expect(names().slice(60)).toEqual(['XRP'])
    await pass(1_000)
    expect(gone.at(-1)).toMatchObject({ name: 'BTC', at: 1_000 })
  })
})

describe('a serial line', () => {
  it('has one order call on its way at a time, exits first, and reads beside it', async () => {
    const { ask, gone, names, pass } = queue(RULES, 1)
    for (const name of ['entry 1', 'entry 2']) ask(name, callOf('entry'))
    ask('exit', callOf('exit'))
    expect(names()).toEqual(['entry 1'])
    gone[0]?.answer(DONE)
    await pass(0)
    expect(names()).toEqual(['entry 1', 'exit'])
    ask('read', callOf('read'))
    gone[1]?.answer(DONE)
    await pass(0)
    expect(names()).toEqual(['entry 1', 'exit', 'read', 'entry 2'])
  })

  it('goes on after a call that broke its promise never to throw', async () => {
    const { ask, pacing, names, pass } = queue(RULES, 1)
    const broken = pacing.ask(callOf('exit'), () => {
      throw new Error('broken')
    })
    await expect(broken).rejects.toThrow('broken')
    ask('exit', callOf('exit'))
    await pass(0)
    expect(names()).toEqual(['exit'])
  })
})

describe('a call that waits', () => {
  it('past its deadline is refused here, by type, and not sent', async () => {
    const { ask, answers, names, pass } = queue()
    for (const index of numbered(4)) ask(`first ${index}`, callOf('entry'))
    ask('late', callOf('entry', { deadlineAt: AT + 1_500 }))
    await pass(1_499)
    expect(answers.late).toBeUndefined()
    await pass(1)
    expect(answers.late).toMatchObject({ kind: 'refused', code: 'deadline' })
    await pass(60_000)
    expect(names()).toHaveLength(4)
  })

  it('is asked once more when its turn has come, and what it is refused for is its answer', async () => {
    const { ask, answers, names, pass } = queue()
    for (const index of numbered(4)) ask(`first ${index}`, callOf('entry'))
    let isHalted = false
    const forbidden = () => (isHalted ? ({ kind: 'refused', code: 'mode', message: 'halted' } as const) : null)
    ask('entry', callOf('entry', { forbidden }))
    isHalted = true
    await pass(5_000)
    expect(answers.entry).toEqual({ kind: 'refused', code: 'mode', message: 'halted' })
    expect(names()).toHaveLength(4)
  })

  it('is refused when the process stops, and so is all that comes later', async () => {
    const { ask, answers, clock, pacing, pass } = queue()
    for (const index of numbered(5)) ask(`${index}`, callOf('entry'))
    pacing.stop()
    ask('later', callOf('exit'))
    await pass(0)
    expect([answers[4], answers.later]).toMatchObject([{ kind: 'refused' }, { kind: 'refused' }])
    expect(clock.nextDueAt()).toBeNull()
  })
})
