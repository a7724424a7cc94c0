/** Facts of the account itself, which no machine states. */
import type { Fact, FactDraft } from '../src/domain/facts.ts'
import type { House, Source } from './house.ts'

/**
 * Writes a fact of the account down: into the books at once, for nothing may happen to the account before it; onto the
 * bus once it is durable. `command` is what the journal says was heard.
 */
export function record(
  { books, bus, clock, ids, journal }: House,
  command: string,
  draft: FactDraft,
  source: Source = 'portfolio',
): void {
  const now = clock.now()
  const heardId = ids.next()
  const at = draft.at ?? now
  const origin = draft.origin ?? ('live' as const)
  const meta = { id: ids.next(), at, seenAt: now, causedBy: heardId, correlationId: heardId, origin }
  const fact: Fact = Object.freeze({ ...draft, ...meta })
  const heard = {
    id: heardId,
    type: command,
    body: { seenAt: now },
    correlationId: heardId,
    causationId: null,
    at: now,
  }
  books.apply(fact)
  journal.append({ stream: 'account', heard, facts: [fact] }, () => bus.publish(source, fact))
}
