/**
 * The words that machines are written in: how one names an action with its params, publishes facts, keeps a deadline,
 * and branches. Vocabulary alone: what a machine hears, keeps and does is said in its own file.
 */
import type { FactDraft } from '../src/domain/facts.ts'

/** Keeps when the message was seen: what most machines do first, whatever they hear. */
export const hear = {
  type: 'hear' as const,
  params: ({ event }: { event: { readonly seenAt: number } }) => ({ seenAt: event.seenAt }),
}

/** A branch that is taken only while the guard holds. */
export const when = <const G, B extends object>(guard: G, branch: B): { readonly guard: G } & B => ({
  guard,
  ...branch,
})

/**
 * The words for one machine, typed by what it keeps, what it hears and the names of its deadlines. The names and params
 * that come out are checked by XState's `setup` where they are used.
 */
export function phrases<Context, Hears extends { readonly type: string }, Deadline extends string = never>() {
  /** An action or a guard of `setup` by name; its params come from what is kept and, where it is named, the message. */
  const call = <const Name extends string, const Params, Message = unknown>(
    type: Name,
    params: (context: Context, message: Message) => Params,
  ) => ({
    type,
    params: ({ context, event }: { context: Context; event: Message }) => params(context, event),
  })

  /** The same, given the whole message of that type. */
  const given = <const Name extends string, const Type extends Hears['type']>(type: Name, _heard: Type) => ({
    type,
    params: ({ event }: { event: Extract<Hears, { readonly type: Type }> }) => event,
  })

  const publish = <Message = unknown>(facts: (context: Context, message: Message) => readonly FactDraft[]) =>
    call('publish-facts', (context, message: Message) => ({ facts: facts(context, message) }))

  /** Keeps a deadline in the context and asks the timer service for it: the two always go together. */
  const arm = <At extends number | null, Message = unknown>(
    name: Deadline,
    at: (context: Context, message: Message) => At,
  ) => {
    const params = (context: Context, message: Message) => ({ name, at: at(context, message) })
    return [call('arm', params), call('set-deadline', params)] as const
  }

  /** The guard that the deadline which rings is the one in force. */
  const due = (name: Deadline) => ({
    type: 'isDue' as const,
    params: ({ event }: { event: { readonly name: string; readonly dueAt: number } }) => ({
      ...{ name, rang: event.name, dueAt: event.dueAt },
    }),
  })

  /** Branches of this machine; each begins with `first`. */
  const branches = <const First extends readonly unknown[]>(...first: First) => {
    const stay = <const Then extends readonly unknown[]>(...then: Then) => ({
      actions: [...first, ...then] as (First[number] | Then[number])[],
    })
    const to = <const Then extends readonly unknown[]>(target: string, ...then: Then) => ({ target, ...stay(...then) })
    /** An answer on purpose: the reason becomes the branch's description. */
    const ignore = (description: string) => ({ ...stay(), description })
    const ignoring = <const Type extends Hears['type']>(description: string, ...types: readonly Type[]) =>
      Object.fromEntries(types.map((type) => [type, ignore(description)])) as Record<Type, ReturnType<typeof ignore>>
    return { stay, to, ignore, ignoring }
  }

  return { call, given, publish, arm, due, branches }
}
