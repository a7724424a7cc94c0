/** Facts of the account itself, which no machine states. */
import type { Fact, FactDraft } from '../src/domain/facts.ts'
import type { House } from './house.ts'

/**
 * Writes a fact of the account down: into the books at once, for nothing may happen to the account before it; onto the
 * bus once it is durable. `command` is what the journal says was heard.
 */
export function record({ books, bus, clock, ids, journal }: House, command: string, draft: FactDraft): void {
  const at = clock.now()
  const heardId = ids.next()
  const meta = { id: ids.next(), at, seenAt: at, causedBy: heardId, correlationId: heardId, origin: 'live' as const }
  const fact: Fact = Object.freeze({ ...draft, ...meta })
  const heard = { id: heardId, type: command, body: { seenAt: at }, correlationId: heardId, causationId: null, at }
  books.apply(fact)
  journal.append({ stream: 'account', heard, facts: [fact] }, () => bus.publish('portfolio', fact))
}
