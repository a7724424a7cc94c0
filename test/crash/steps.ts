/** The steps of the code itself: every journal entry, named by who heard what and what it stated. */
import type { Journal, JournalEntry, JournalHealth, JournalRow } from '../../src/ports/journal.ts'

/** Fewer than these are never found: a run that does has stopped looking somewhere. */
export const STEPS_CHECKED_IN = 140

/** A moment in a step: nothing on the disk yet, the rows on the disk, or what they ask for on its way as well. */
export const MOMENTS = ['before', 'after', 'sent'] as const
export type Moment = (typeof MOMENTS)[number]

/** Names steps, e.g. `order/stop venue.opened > order.opened`; a stream is known by its birth. */
export class StepNames {
  readonly #kinds = new Map<string, string>()

  /** A row of an earlier life: it may be a birth. */
  learn({ stream, kind, type, body }: Pick<JournalRow, 'stream' | 'kind' | 'type' | 'body'>): void {
    if (kind === 'heard' && !this.#kinds.has(stream)) this.#kinds.set(stream, kindOf(stream, type, body))
  }

  of({ stream, heard, facts }: JournalEntry): string {
    const kind = this.#kinds.get(stream) ?? kindOf(stream, heard.type, heard.body)
    this.#kinds.set(stream, kind)
    // Several fills at once are one kind of step.
    const stated = [...new Set(facts.map((fact) => named(fact.type, { ...fact })))]
    const told = `${kind} ${named(heard.type, heard.body)}`
    return stated.length === 0 ? told : `${told} > ${stated.join(' ')}`
  }
}

/** With what it is about, where one type stands for several things. */
function named(type: string, { breaker, trigger }: Readonly<Record<string, unknown>>): string {
  const about = breaker ?? trigger
  return typeof about === 'string' ? `${type}:${about}` : type
}

/** Orders are of several kinds, by what they are for. */
function kindOf(stream: string, type: string, body: Readonly<Record<string, unknown>>): string {
  const kind = stream.split(':', 1)[0] ?? stream
  const { purpose } = (body.request ?? {}) as { readonly purpose?: unknown }
  return type === 'place-order' && typeof purpose === 'string' ? `${kind}/${purpose}` : kind
}

export interface Watched {
  /** Called at each moment of each step, in order. */
  readonly at: (step: string, moment: Moment) => void
}

/** A journal that tells of its steps as they happen. */
export function watchedJournal(journal: Journal, { at }: Watched): Journal {
  const names = new StepNames()
  return {
    append: (entry, onDurable) => {
      const step = names.of(entry)
      at(step, 'before')
      journal.append(entry, () => {
        at(step, 'after')
        onDurable()
        at(step, 'sent')
      })
    },
    get pending() {
      return journal.pending
    },
    settled: () => journal.settled(),
    health: (): JournalHealth => journal.health(),
    onHealth: (listener) => journal.onHealth(listener),
    read: async function* () {
      for await (const row of journal.read()) {
        names.learn(row)
        yield row
      }
    },
  }
}
