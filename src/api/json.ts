/** How answers are written: times as ISO text, money as the decimal text that it already is. */
import type { Context } from 'hono'
import { isoTime } from '../domain/utc.ts'

/** The project's naming rule: a moment is called `at`, `now`, `until` or something ending in `At`; lengths of time are not. */
const isTimeName = (name: string): boolean => ['at', 'now', 'until'].includes(name) || name.endsWith('At')

/** A copy in which every moment (milliseconds UTC) is ISO text. */
export function withIsoTimes(value: unknown, name = ''): unknown {
  if (typeof value === 'number') return isTimeName(name) ? isoTime(value) : value
  if (Array.isArray(value)) return value.map((item) => withIsoTimes(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withIsoTimes(item, key)]))
}

/** A 200 with this as JSON. */
export const answer = (context: Context, value: object): Response =>
  context.body(JSON.stringify(withIsoTimes(value)), 200, { 'content-type': 'application/json' })
