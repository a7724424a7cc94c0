import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AtVenue,
  answered,
  asked,
  bornSwitch,
  type DeadManSwitch,
  isCertainlyOff,
  isWanted,
  nextLookAt,
  nextQuestion,
} from '../../src/domain/dead-man.ts'

const RULES = { timeoutMs: 60_000, rearmMs: 20_000, askAgainMs: 1_000 }
const QUIET: AtVenue = { entries: 0, protective: 0, bare: 0, external: 0 }

describe('the dead-man switch', () => {
  it('is wanted while entries rest, and nothing that it must not take', () => {
    expect(isWanted(QUIET)).toBe(false)
    expect(isWanted({ ...QUIET, entries: 1 })).toBe(true)
    expect(isWanted({ ...QUIET, entries: 1, protective: 1 })).toBe(false)
    expect(isWanted({ ...QUIET, entries: 1, bare: 1 })).toBe(false)
    expect(isWanted({ ...QUIET, entries: 1, external: 1 })).toBe(false)
  })

  it('is never believed off at the start of a process: an earlier one may have armed it', () => {
    const born = bornSwitch(0, RULES)
    expect(isCertainlyOff(born, 60_000)).toBe(false)
    expect(nextQuestion(born, false, 0, RULES)).toBe('disarm')
    expect(nextQuestion(born, true, 0, RULES)).toBe('arm')
    expect(isCertainlyOff(born, 90_000)).toBe(true)
    expect(nextQuestion(born, false, 90_000, RULES)).toBeNull()
  })

  it('is armed anew every 20 seconds, asked one thing at a time, and off only once that is acknowledged', () => {
    const off = answered(asked(bornSwitch(0, RULES), 'disarm'), 'done', 0, RULES)
    expect(isCertainlyOff(off, 0)).toBe(true)
    const arming = asked(off, 'arm')
    expect(isCertainlyOff(arming, 0)).toBe(false)
    expect(nextQuestion(arming, false, 0, RULES)).toBeNull()
    const armed = answered(arming, 'done', 100, RULES)
    expect(nextQuestion(armed, true, 20_099, RULES)).toBeNull()
    expect(nextLookAt(armed, true, 100, RULES)).toBe(20_100)
    expect(nextQuestion(armed, true, 20_100, RULES)).toBe('arm')
    expect(nextQuestion(armed, false, 200, RULES)).toBe('disarm')
    const disarming = asked(armed, 'disarm')
    expect(isCertainlyOff(disarming, 200)).toBe(false)
    const lost = answered(disarming, 'lost', 5_000, RULES)
    expect(isCertainlyOff(lost, 5_000)).toBe(false)
    expect(nextQuestion(lost, false, 5_999, RULES)).toBeNull()
    expect(nextLookAt(lost, false, 5_000, RULES)).toBe(6_000)
    expect(nextQuestion(lost, false, 6_000, RULES)).toBe('disarm')
    expect(isCertainlyOff(answered(asked(lost, 'disarm'), 'done', 6_000, RULES), 6_000)).toBe(true)
  })

  it('may fire after an arming whose answer was lost, and not after one that was refused', () => {
    const off = answered(asked(bornSwitch(0, RULES), 'disarm'), 'done', 0, RULES)
    expect(isCertainlyOff(answered(asked(off, 'arm'), 'lost', 10, RULES), 10)).toBe(false)
    expect(isCertainlyOff(answered(asked(off, 'arm'), 'refused', 10, RULES), 10)).toBe(true)
  })

  it('is off once its time is over, fired or not', () => {
    const armed = answered(asked(bornSwitch(0, RULES), 'arm'), 'done', 100, RULES)
    expect(isCertainlyOff(armed, 60_099)).toBe(false)
    expect(isCertainlyOff(armed, 60_100)).toBe(true)
  })
})

/** What may happen: time goes by, what lies at the venue changes, a question arrives there, its answer comes or is lost. */
const anyStep = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 30_000 }) }),
  fc.record({ kind: fc.constant('change' as const), wanted: fc.boolean() }),
  fc.record({ kind: fc.constant('arrive' as const) }),
  fc.record({ kind: fc.constant('answer' as const), isLost: fc.boolean() }),
)
interface Play {
  now: number
  wanted: boolean
  known: DeadManSwitch
  /** When the venue's own switch fires; null while it is off. */
  firesAt: number | null
  question: 'arm' | 'disarm' | null
  hasArrived: boolean
}
/** The venue does what reached it; its clock is ours. */
function arrive(play: Play): void {
  if (play.question === null || play.hasArrived) return
  play.hasArrived = true
  play.firesAt = play.question === 'arm' ? play.now + RULES.timeoutMs : null
}
function look(play: Play): void {
  const question = nextQuestion(play.known, play.wanted, play.now, RULES)
  if (question === null) return
  play.known = asked(play.known, question)
  play.question = question
  play.hasArrived = false
}
function answer(play: Play, isLost: boolean): void {
  if (play.question === null) return
  // Answered is what arrived; what is given up may never have.
  if (!isLost) arrive(play)
  play.known = answered(play.known, isLost ? 'lost' : 'done', play.now, RULES)
  play.question = null
}
function passTime(play: Play, ms: number): void {
  play.now += ms
  if (play.firesAt !== null && play.now >= play.firesAt) play.firesAt = null
}

describe('for every order of events, also with answers that are lost', () => {
  const anyPlay = fc.record({ armedBefore: fc.boolean(), steps: fc.array(anyStep, { maxLength: 60 }) })
  const begin = (armedBefore: boolean): Play => ({
    ...{ now: 0, wanted: false, known: bornSwitch(0, RULES), question: null, hasArrived: false },
    firesAt: armedBefore ? RULES.timeoutMs : null,
  })
  const take = (play: Play, step: typeof anyStep extends fc.Arbitrary<infer T> ? T : never): void => {
    if (step.kind === 'pass') passTime(play, step.ms)
    else if (step.kind === 'change') play.wanted = step.wanted
    else if (step.kind === 'arrive') arrive(play)
    else answer(play, step.isLost)
    look(play)
  }

  it('it is never believed off while it can still fire', () => {
    fc.assert(
      fc.property(anyPlay, ({ armedBefore, steps }) => {
        const play = begin(armedBefore)
        for (const step of steps) {
          take(play, step)
          if (isCertainlyOff(play.known, play.now)) expect(play.firesAt).toBeNull()
        }
      }),
      { seed: 4, numRuns: 3_000 },
    )
  })

  it('it gets off as soon as the venue answers, or when its time is over; it stays on while it is wanted and answered', () => {
    fc.assert(
      fc.property(anyPlay, fc.boolean(), ({ armedBefore, steps }, wanted) => {
        const play = begin(armedBefore)
        for (const step of steps) take(play, step)
        play.wanted = wanted
        for (let second = 0; second < 5; second += 1) {
          answer(play, false)
          passTime(play, 1_000)
          look(play)
        }
        answer(play, false)
        if (!wanted) expect(isCertainlyOff(play.known, play.now)).toBe(true)
        else expect(play.firesAt).not.toBeNull()
      }),
      { seed: 4, numRuns: 3_000 },
    )
  })
})
