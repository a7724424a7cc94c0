/** Breakers that stand, in words. */
import { z } from 'zod'
import { shortTime } from './table.ts'

export const breakersShape = z.array(
  z.looseObject({
    ...{ name: z.string(), trippedAt: z.string(), until: z.string().nullable(), acknowledged: z.boolean() },
  }),
)
type Breaker = z.output<typeof breakersShape>[number]

/** When it ends: at a time, by a person, or (the weekly one) not before both. */
export function endOf({ name, until, acknowledged }: Breaker): string {
  if (until === null) return 'a person resets it'
  const waits = name === 'weekly_loss' && !acknowledged ? ' and a person has reset it' : ''
  return `${shortTime(until)}${waits}`
}

/** Since when and until when. */
export const standing = (breaker: Breaker): string =>
  `since ${shortTime(breaker.trippedAt)}, until ${endOf(breaker)}${breaker.acknowledged ? ', acknowledged' : ''}`
