/**
 * The dead-man switch: the venue cancels every open order unless it is asked again in time. It takes stops as well as
 * entries, so it is armed only while nothing at the venue protects anything. Pure; decision record 0021 says why.
 */

export interface DeadManRules {
  /** From an arming until it fires. */
  readonly timeoutMs: number
  /** From one arming to the next. */
  readonly rearmMs: number
  /** After an answer that was lost or a refusal. */
  readonly askAgainMs: number
}

/** What lies at the venue, counted. */
export interface AtVenue {
  /** Orders that add risk and may rest there. */
  readonly entries: number
  /** Stops, targets and exits, whatever is known of them. */
  readonly protective: number
  /** Positions that hold something without either, and stops that wait to be placed. */
  readonly bare: number
  /** Orders that are not ours, and not ours to take away. */
  readonly external: number
}

/** Whether it should be armed: for entries alone. */
export const isWanted = ({ entries, protective, bare, external }: AtVenue): boolean =>
  entries > 0 && protective === 0 && bare === 0 && external === 0

/** What is known of the switch at the venue. Milliseconds UTC. */
export interface DeadManSwitch {
  /** Up to when an arming that we know of, or must reckon with, may fire; null once it is certainly off. */
  readonly mayFireUntil: number | null
  /** What was asked and is not answered. */
  readonly asking: 'arm' | 'disarm' | null
  /** When it was last armed for certain; null while it is not. */
  readonly armedAt: number | null
  /** Nothing is asked before, because the last answer failed. */
  readonly notBefore: number
}

/** An arming that was on its way may have reached the venue so much later than we gave it up. */
const LATE_MS = 30_000

/** At the start of a process: an earlier one may have armed it with its last breath. */
export const bornSwitch = (now: number, { timeoutMs }: DeadManRules): DeadManSwitch => ({
  ...{ mayFireUntil: now + timeoutMs + LATE_MS, asking: null, armedAt: null, notBefore: now },
})

/** Off beyond doubt: disarmed and acknowledged, or its time is over; and no arming is on its way. */
export const isCertainlyOff = ({ mayFireUntil, asking }: DeadManSwitch, now: number): boolean =>
  asking !== 'arm' && (mayFireUntil === null || now >= mayFireUntil)

/** What to ask the venue for now; null for nothing. One question at a time: the order of two could be reversed. */
export function nextQuestion(
  known: DeadManSwitch,
  wanted: boolean,
  now: number,
  { rearmMs }: DeadManRules,
): 'arm' | 'disarm' | null {
  if (known.asking !== null || now < known.notBefore) return null
  if (!wanted) return isCertainlyOff(known, now) ? null : 'disarm'
  return known.armedAt === null || now >= known.armedAt + rearmMs ? 'arm' : null
}

/** When to look again if nothing happens before; null for never. */
export function nextLookAt(
  known: DeadManSwitch,
  wanted: boolean,
  now: number,
  { rearmMs }: DeadManRules,
): number | null {
  if (known.asking !== null) return null
  if (now < known.notBefore) return known.notBefore
  if (wanted) return known.armedAt === null ? null : known.armedAt + rearmMs
  return isCertainlyOff(known, now) ? null : known.mayFireUntil
}

export const asked = (known: DeadManSwitch, question: 'arm' | 'disarm'): DeadManSwitch => ({
  ...known,
  asking: question,
})

/**
 * The answer to what was asked. A lost answer says nothing: an arming may fire all the same, a disarming is asked again.
 * An acknowledged disarming is the last word: what was sent before it cannot be taken after it (the venue refuses an
 * older nonce).
 */
export function answered(
  known: DeadManSwitch,
  answer: 'done' | 'refused' | 'lost',
  now: number,
  { timeoutMs, askAgainMs }: DeadManRules,
): DeadManSwitch {
  const { asking } = known
  if (asking === null) return known
  if (answer === 'done')
    return asking === 'disarm'
      ? { mayFireUntil: null, asking: null, armedAt: null, notBefore: now }
      : { mayFireUntil: now + timeoutMs, asking: null, armedAt: now, notBefore: now }
  const latest = Math.max(known.mayFireUntil ?? 0, now + timeoutMs + LATE_MS)
  const mayFireUntil = asking === 'arm' && answer === 'lost' ? latest : known.mayFireUntil
  // A disarming whose answer was lost may have worked: it is not armed for certain any more.
  const armedAt = asking === 'disarm' && answer === 'lost' ? null : known.armedAt
  return { mayFireUntil, asking: null, armedAt, notBefore: now + askAgainMs }
}
