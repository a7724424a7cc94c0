/**
 * Moments as text and back, UTC, ISO 8601: pure arithmetic on milliseconds since 1970, so that nobody needs a Date.
 * Calendar conversion after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (public domain), eras of 400
 * years that begin in March.
 */
const DAY_MS = 86_400_000
const DAYS_PER_ERA = 146_097
/** From 0000-03-01 to 1970-01-01. */
const EPOCH_OFFSET_DAYS = 719_468
const YEAR_10000 = 253_402_300_800_000

const padded = (value: number, width: number): string => String(value).padStart(width, '0')

/** Days since 1970-01-01 of a day in the proleptic Gregorian calendar; months from 1. */
function daysFromCivil(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1
  const era = Math.floor(marchYear / 400)
  const yearOfEra = marchYear - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * DAYS_PER_ERA + dayOfEra - EPOCH_OFFSET_DAYS
}

function civilFromDays(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = days + EPOCH_OFFSET_DAYS
  const era = Math.floor(shifted / DAYS_PER_ERA)
  const dayOfEra = shifted - era * DAYS_PER_ERA
  const leapDays = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096)
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365)
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return { year, month, day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1 }
}

/**
 * `2021-05-19T12:30:00.000Z` of milliseconds since 1970; parts of a millisecond are cut off.
 * @throws RangeError for a time that is no number or outside the years 0 to 9999.
 */
export function isoTime(at: number): string {
  const days = Math.floor(at / DAY_MS)
  const { year, month, day } = civilFromDays(days)
  if (!(year >= 0) || at >= YEAR_10000) throw new RangeError(`${at} is no time of the years 0 to 9999`)
  const inDay = Math.floor(at - days * DAY_MS)
  const date = `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`
  const hours = padded(Math.floor(inDay / 3_600_000), 2)
  const minutes = padded(Math.floor(inDay / 60_000) % 60, 2)
  const seconds = padded(Math.floor(inDay / 1_000) % 60, 2)
  return `${date}T${hours}:${minutes}:${seconds}.${padded(inDay % 1_000, 3)}Z`
}

const ISO =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)(?:[T ](?<hours>\d\d):(?<minutes>\d\d)(?::(?<seconds>\d\d)(?:\.(?<fraction>\d{1,3}))?)?(?<zone>Z|[+-]\d\d:\d\d)?)?$/i

/**
 * Milliseconds since 1970 of `YYYY-MM-DD` (midnight) or an ISO time; UTC where no offset is named. Null for anything
 * else, and for days and times that do not exist.
 */
export function parseTime(given: string): number | null {
  const parts = ISO.exec(given.trim())?.groups
  if (parts === undefined) return null
  const part = (name: string): number => Number(parts[name] ?? '0')
  const [year, month, day] = [part('year'), part('month'), part('day')]
  const days = daysFromCivil(year, month, day)
  const known = civilFromDays(days)
  if (known.year !== year || known.month !== month || known.day !== day) return null
  const [hours, minutes, seconds] = [part('hours'), part('minutes'), part('seconds')]
  if (hours > 23 || minutes > 59 || seconds > 59) return null
  const offsetMinutes = offsetOf(parts.zone ?? 'Z')
  if (offsetMinutes === null) return null
  const fraction = Number((parts.fraction ?? '').padEnd(3, '0'))
  return days * DAY_MS + ((hours * 60 + minutes - offsetMinutes) * 60 + seconds) * 1_000 + fraction
}

/** Minutes east of UTC; null for an offset that no clock has. */
function offsetOf(zone: string): number | null {
  if (zone.toUpperCase() === 'Z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(4, 6))
  if (hours > 14 || minutes > 59) return null
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

/** Days since 1970-01-01, UTC. */
export const dayNumber = (at: number): number => Math.floor(at / DAY_MS)
/** ISO weeks, Monday to Sunday UTC, since the one of 1970-01-01, which was a Thursday. */
export const weekNumber = (at: number): number => Math.floor((at / DAY_MS + 3) / 7)
/** When the next UTC day begins, milliseconds since 1970. */
export const nextDayAt = (at: number): number => (dayNumber(at) + 1) * DAY_MS
/** When the next ISO week begins: Monday, 00:00 UTC. */
export const nextWeekAt = (at: number): number => ((weekNumber(at) + 1) * 7 - 3) * DAY_MS
