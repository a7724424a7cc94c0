/** A till: a small journaled actor with facts, effects, an end and a bug, over a journal that can be held. */
import { type AnyActorRef, assign, createActor, setup } from 'xstate'
import {
  type JournaledInput,
  type JournaledSnapshot,
  journaled,
  type Message,
} from '../../../actors/supervision/journaled.ts'
import { effect } from '../../../machines/step.ts'
import { seededIds, seededRandom } from '../../../src/adapters/chance/seeded.ts'
import type { Fact, FactDraft } from '../../../src/domain/facts.ts'
import { MemoryJournal } from '../../support/memory-journal.ts'

type TillHears = Message &
  (
    | { readonly type: 'sell'; readonly cents: number; readonly at?: number }
    | { readonly type: 'break' }
    | { readonly type: 'shut' }
    | { readonly type: 'start-till' }
  )

const stated = (reason: string, at?: number): FactDraft => ({
  type: 'system.draining',
  reason,
  ...(at === undefined ? {} : { at }),
})

export const tillMachine = setup({
  types: { context: {} as { total: number }, events: {} as TillHears, input: {} as Message },
  actions: {
    'publish-facts': effect<{ facts: readonly FactDraft[] }>(),
    'ring-bell': effect<{ total: number }>(),
    'open-drawer': effect<{ total: number }>(),
    take: assign(({ context }, p: { cents: number }) => ({ total: context.total + p.cents })),
    explode: assign(() => {
      throw new Error('the till is broken')
    }),
  },
}).createMachine({
  id: 'till',
  context: { total: 0 },
  initial: 'open',
  states: {
    open: {
      entry: { type: 'publish-facts', params: { facts: [stated('opened')] } },
      on: {
        sell: {
          actions: [
            { type: 'take', params: ({ event }) => ({ cents: event.cents }) },
            { type: 'ring-bell', params: ({ context }) => ({ total: context.total }) },
            {
              type: 'publish-facts',
              params: ({ context, event }) => ({
                facts: [stated(`sold ${event.cents}`, event.at), stated(`total ${context.total}`)],
              }),
            },
            { type: 'open-drawer', params: ({ context }) => ({ total: context.total }) },
          ],
        },
        break: { actions: 'explode' },
        shut: 'closed',
      },
    },
    closed: { type: 'final', entry: { type: 'publish-facts', params: { facts: [stated('closed')] } } },
  },
})

export const STREAM = 'till:1'
const BIRTH: Message = { type: 'start-till', seenAt: 1 }

export const inputOf = (changes: Partial<JournaledInput> = {}): JournaledInput => ({
  birth: BIRTH,
  correlationId: 'story',
  history: [],
  isNew: true,
  ...changes,
})

/** A journal, and everything that left: facts, effects and unhandled events in the order of leaving. */
export function tillHouse({ refuses }: { readonly refuses?: string } = {}) {
  const journal = new MemoryJournal()
  const left: string[] = []
  const facts: Fact[] = []
  const unhandled: string[] = []
  const correlations: string[] = []
  const leave = (what: string): void => {
    if (refuses !== undefined && what.startsWith(refuses)) throw new Error(`${refuses} cannot leave`)
    left.push(what)
  }
  const logic = journaled(tillMachine, {
    journal,
    ids: seededIds(seededRandom('till')),
    publish: (fact) => {
      facts.push(fact)
      leave(fact.type === 'system.draining' ? `fact ${fact.reason}` : fact.type)
    },
    perform: (stream, given, correlationId) => {
      correlations.push(correlationId)
      leave(`${stream} ${given.type} ${JSON.stringify(given.params)}`)
    },
    unhandled: (stream, event, state) => void unhandled.push(`${stream} ${event} in ${state}`),
  })
  return {
    ...{ journal, logic, left, facts, unhandled, correlations },
    start: (input = inputOf()): AnyActorRef => {
      const actor = createActor(logic, { id: STREAM, input })
      actor.subscribe({ error: () => null })
      return actor.start()
    },
    rows: async () => {
      const rows = []
      for await (const row of journal.read()) rows.push(row)
      return rows
    },
  }
}

export const stateOf = (actor: AnyActorRef): JournaledSnapshot => actor.getSnapshot() as JournaledSnapshot
export const totalOf = (actor: AnyActorRef): number => stateOf(actor).machine.context.total
