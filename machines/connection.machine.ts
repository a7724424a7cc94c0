/**
 * The line to a venue's public stream: connecting → live → reconnecting, and refused when the venue turns us away.
 *
 * 1. A dropped line is a state, not a crash: back at once a few times, then ever more slowly, never faster than the
 *    venue allows in ten minutes.
 * 2. Silence is asked about once (ping); silence after that is a dead line.
 * 3. Every line subscribes to everything anew, so a book always begins with a snapshot; a book that does not match the
 *    venue's is subscribed again, and a line that keeps breaking books is dropped.
 */
import { assign, setup } from 'xstate'
import {
  type ConnectionDeadline,
  type ConnectionHears,
  type ConnectionPolicy,
  connectsWithin,
  dropOf,
  type LineStamp,
  lineRemarks,
  MARKET_CHANNELS,
  type MarketChannel,
  type VenueMode,
} from '../src/domain/connection.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import type { Pair } from '../src/domain/ids.ts'
import { effect } from './step.ts'

export interface ConnectionBirth {
  readonly symbols: readonly Pair[]
  readonly policy: ConnectionPolicy
  readonly seenAt: number
}

export interface ConnectionContext extends ConnectionBirth {
  /** Last known; kept across lines. */
  readonly mode: VenueMode
  /** Deadlines of the present line, absolute; another that still rings is ignored. */
  readonly deadlines: Readonly<Partial<Record<ConnectionDeadline, number>>>
  /** Subscriptions without an answer yet, as `channel symbol`. */
  readonly awaiting: readonly string[]
  /** Symbols the venue refused on this line, with its words. */
  readonly refusals: Readonly<Record<string, string>>
  /** The venue's last complaint about our message rate on this line. */
  readonly complaint: string | null
  readonly liveSinceAt: number | null
  /** Drops in a row without a line that held. */
  readonly drops: number
  /** Opens that still count against the allowance; broken books of the last minute. */
  readonly connects: readonly number[]
  readonly mismatches: readonly number[]
  /** Why the line is not what it should be. */
  readonly reason: string | null
}

const MINUTE_MS = 60_000
const key = (channel: MarketChannel, symbol: Pair): string => `${channel} ${symbol}`

const parts = setup({
  types: {
    context: {} as ConnectionContext,
    events: {} as ConnectionHears,
    input: {} as ConnectionBirth,
  },
  guards: {
    isDue: ({ context }, p: { name: string; dueAt: number; expected: ConnectionDeadline }) =>
      p.name === p.expected && context.deadlines[p.expected] === p.dueAt,
    isUnanswered: ({ context }, p: { name: string; dueAt: number }) =>
      p.name === 'subscribe' && context.deadlines.subscribe === p.dueAt && context.awaiting.length > 0,
    isLastAnswer: ({ context }, p: { channel: MarketChannel; symbol: Pair }) =>
      context.awaiting.every((waiting) => waiting === key(p.channel, p.symbol)),
    isLastHope: ({ context }, p: { symbol: Pair }) =>
      context.symbols.every((symbol) => symbol === p.symbol || context.refusals[symbol] !== undefined),
    isBanned: (_, p: { banned: boolean }) => p.banned,
    isOneTooMany: ({ context }, p: { seenAt: number }) =>
      connectsWithin(context.mismatches, MINUTE_MS, p.seenAt).length >= context.policy.mismatchesPerMinute,
  },
  actions: {
    'open-socket': effect<Record<never, never>>(),
    'close-socket': effect<Record<never, never>>(),
    'subscribe-channels': effect<{ channels: readonly MarketChannel[]; symbols: readonly Pair[] }>(),
    'unsubscribe-channels': effect<{ channels: readonly MarketChannel[]; symbols: readonly Pair[] }>(),
    'ping-venue': effect<Record<never, never>>(),
    'set-deadline': effect<{ name: ConnectionDeadline; at: number }>(),
    'publish-fact': effect<{ fact: FactDraft }>(),
    beginLine: assign(({ context }, p: { seenAt: number }) => ({
      connects: [...connectsWithin(context.connects, context.policy.windowMs, p.seenAt), p.seenAt],
      deadlines: {},
      refusals: {},
      complaint: null,
      mismatches: [],
    })),
    arm: assign(({ context }, p: { name: ConnectionDeadline; at: number }) => ({
      deadlines: { ...context.deadlines, [p.name]: p.at },
    })),
    knowMode: assign((_, p: { mode: VenueMode }) => ({ mode: p.mode })),
    awaitAll: assign(({ context }) => ({
      awaiting: MARKET_CHANNELS.flatMap((channel) => context.symbols.map((symbol) => key(channel, symbol))),
    })),
    awaitBook: assign(({ context }, p: { symbol: Pair; seenAt: number }) => ({
      awaiting: [...context.awaiting.filter((waiting) => waiting !== key('book', p.symbol)), key('book', p.symbol)],
      mismatches: [...connectsWithin(context.mismatches, MINUTE_MS, p.seenAt), p.seenAt],
    })),
    takeAnswer: assign(({ context }, p: { channel: MarketChannel; symbol: Pair }) => ({
      awaiting: context.awaiting.filter((waiting) => waiting !== key(p.channel, p.symbol)),
    })),
    takeRefusal: assign(({ context }, p: { channel: MarketChannel; symbol: Pair; problem: string }) => ({
      awaiting: context.awaiting.filter((waiting) => waiting !== key(p.channel, p.symbol)),
      refusals: { ...context.refusals, [p.symbol]: p.problem },
    })),
    noteComplaint: assign((_, p: { problem: string }) => ({ complaint: p.problem })),
    rejoice: assign((_, p: { seenAt: number }) => ({ liveSinceAt: p.seenAt, deadlines: {}, reason: null })),
    drop: assign(({ context }, p: LineStamp & { reason: string; refused: boolean }) => {
      const { drops, retryAt } = dropOf(context, p)
      return { deadlines: { retry: retryAt }, awaiting: [], liveSinceAt: null, drops, reason: p.reason }
    }),
  },
})

type State = 'connecting' | 'live' | 'reconnecting' | 'refused'
interface Args {
  readonly context: ConnectionContext
  readonly event: { readonly type: string; readonly seenAt?: number }
}
/** The initial entry has no event of ours: then the birth's time counts. */
const seen = ({ context, event }: Args): number => event.seenAt ?? context.seenAt

const stated = (state: State) => ({
  type: 'publish-fact' as const,
  params: (args: Args): { fact: FactDraft } => ({
    fact: {
      type: 'connection.changed',
      state,
      reason: state === 'live' ? lineRemarks(args.context) : args.context.reason,
      at: seen(args),
    },
  }),
})

type Wait = 'openMs' | 'subscribeMs' | 'silenceMs' | 'pongMs'
/** Registers a deadline and keeps it: the two always go together. */
const deadline = (name: ConnectionDeadline, wait: Wait) => {
  const params = (args: Args) => ({ name, at: seen(args) + args.context.policy[wait] })
  return [
    { type: 'arm' as const, params },
    { type: 'set-deadline' as const, params },
  ] as const
}
const retryDeadline = {
  type: 'set-deadline' as const,
  params: ({ context }: Args) => ({ name: 'retry' as const, at: context.deadlines.retry ?? context.seenAt }),
}

type On<T extends ConnectionHears['type']> = {
  context: ConnectionContext
  event: Extract<ConnectionHears, { type: T }>
}
type ChannelAnswer = On<'channel.subscribed'>['event'] | On<'channel.refused'>['event']
const ignore = (why: string) => ({ description: `Ignored: ${why}` })

/** Leaves the line for a reason; `refused` waits long instead of trying again soon. */
const leave =
  (refused: boolean) =>
  <A extends { event: LineStamp }>(why: (args: A) => string) => ({
    type: 'drop' as const,
    params: (args: A) => ({ seenAt: args.event.seenAt, chance: args.event.chance, reason: why(args), refused }),
  })
const drop = leave(false)
const turnedAway = leave(true)
const unanswered = ({ context }: { context: ConnectionContext; event: LineStamp }): string =>
  context.complaint ?? 'a subscription was not answered'

/** The deadline of this name that is now in force. */
const due = (expected: ConnectionDeadline) => ({
  type: 'isDue' as const,
  params: ({ event: { name, dueAt } }: On<'deadline.reached'>) => ({ name, dueAt, expected }),
})
const dueUnanswered = {
  type: 'isUnanswered' as const,
  params: ({ event: { name, dueAt } }: On<'deadline.reached'>) => ({ name, dueAt }),
}

const late = ignore('Late word of a line that was dropped.')
/** What is answered while there is no line: only the time of the next attempt counts. */
const noLine = {
  'socket.opened': late,
  'venue.modeChanged': late,
  'channel.subscribed': late,
  'channel.refused': late,
  'socket.throttled': late,
  'line.heard': late,
  'book.mismatched': late,
  'socket.closed': late,
  'deadline.reached': [
    { guard: due('retry'), target: '#connection.connecting' },
    ignore('A deadline of a line or a wait that is over.'),
  ],
  'stop-connection': { target: '#connection.stopped' },
}

const answer = { type: 'takeAnswer' as const, params: ({ event }: On<'channel.subscribed'>) => event }
const refusal = { type: 'takeRefusal' as const, params: ({ event }: On<'channel.refused'>) => event }
const lastAnswer = { type: 'isLastAnswer' as const, params: ({ event }: { event: ChannelAnswer }) => event }
const lastHope = { type: 'isLastHope' as const, params: ({ event }: { event: ChannelAnswer }) => event }
const knowMode = { type: 'knowMode' as const, params: ({ event }: On<'venue.modeChanged'>) => event }
const complain = { type: 'noteComplaint' as const, params: ({ event }: On<'socket.throttled'>) => event }

const bookOnly = ({ event }: On<'book.mismatched'>) => ({ channels: ['book'] as const, symbols: [event.symbol] })
const freshBook = [
  { type: 'awaitBook' as const, params: ({ event }: On<'book.mismatched'>) => event },
  { type: 'unsubscribe-channels' as const, params: bookOnly },
  { type: 'subscribe-channels' as const, params: bookOnly },
  ...deadline('subscribe', 'subscribeMs'),
] as const

/** What a line with subscriptions answers, whether or not all of them are confirmed. */
const subscribedLine = {
  'book.mismatched': [
    {
      guard: { type: 'isOneTooMany' as const, params: ({ event }: On<'book.mismatched'>) => event },
      target: '#connection.reconnecting',
      actions: drop(() => 'the books keep breaking'),
    },
    { actions: freshBook, description: 'A broken book is subscribed anew.' },
  ],
  'socket.throttled': { actions: complain, description: 'What it cost us shows as a missing answer.' },
}
const allRefused = {
  guard: lastHope,
  target: '#connection.refused',
  actions: [refusal, turnedAway(({ event }: On<'channel.refused'>) => event.problem)],
}
const closed = [
  {
    guard: { type: 'isBanned' as const, params: ({ event }: On<'socket.closed'>) => event },
    target: '#connection.refused',
    actions: turnedAway(({ event }: On<'socket.closed'>) => event.reason),
  },
  { target: '#connection.reconnecting', actions: drop(({ event }: On<'socket.closed'>) => event.reason) },
]
const stop = { target: '#connection.stopped' }

export const connectionMachine = parts.createMachine({
  id: 'connection',
  description: "The line to a venue's public stream.",
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    ...input,
    ...{ mode: 'online', deadlines: {}, awaiting: [], refusals: {}, complaint: null, liveSinceAt: null },
    ...{ drops: 0, connects: [], mismatches: [], reason: null },
  }),
  initial: 'connecting',
  states: {
    connecting: {
      description: 'A line is being opened and subscribed.',
      entry: [
        { type: 'beginLine', params: (args) => ({ seenAt: seen(args) }) },
        stated('connecting'),
        { type: 'open-socket', params: {} },
        ...deadline('open', 'openMs'),
      ],
      initial: 'opening',
      on: {
        'socket.opened': ignore('Told once a line.'),
        'venue.modeChanged': { actions: knowMode },
        'channel.subscribed': ignore('Nothing has been asked for yet.'),
        'channel.refused': ignore('Nothing has been asked for yet.'),
        'book.mismatched': ignore('Nothing has been asked for yet.'),
        'socket.throttled': { actions: complain },
        'line.heard': ignore('A line that is being opened has deadlines of its own.'),
        'socket.closed': closed,
        'deadline.reached': [
          { guard: due('open'), target: 'reconnecting', actions: drop(() => 'the line did not open in time') },
          ignore('A deadline of a line or a wait that is over.'),
        ],
        'stop-connection': stop,
      },
      states: {
        opening: {
          description: 'The socket is on its way.',
          on: { 'socket.opened': { target: 'greeting' } },
        },
        greeting: {
          description: 'The venue tells its mode first.',
          on: { 'venue.modeChanged': { target: 'subscribing', actions: knowMode } },
        },
        subscribing: {
          description: 'Everything is asked for; the answers come one by one.',
          entry: [
            'awaitAll',
            {
              type: 'subscribe-channels',
              params: ({ context }) => ({ channels: MARKET_CHANNELS, symbols: context.symbols }),
            },
            ...deadline('subscribe', 'subscribeMs'),
          ],
          on: {
            ...subscribedLine,
            'channel.subscribed': [
              { guard: lastAnswer, target: '#connection.live', actions: answer },
              { actions: answer },
            ],
            'channel.refused': [
              allRefused,
              { guard: lastAnswer, target: '#connection.live', actions: refusal },
              { actions: refusal },
            ],
            'deadline.reached': [
              { guard: due('subscribe'), target: '#connection.reconnecting', actions: drop(unanswered) },
              ignore('A deadline of a line or a wait that is over.'),
            ],
          },
        },
      },
    },
    live: {
      description: 'Prices flow; silence is watched.',
      entry: [{ type: 'rejoice', params: (args) => ({ seenAt: seen(args) }) }, stated('live')],
      initial: 'listening',
      on: {
        ...subscribedLine,
        'socket.opened': ignore('Told once a line.'),
        'venue.modeChanged': { actions: [knowMode, stated('live')] },
        'channel.subscribed': { actions: answer },
        'channel.refused': [allRefused, { actions: [refusal, stated('live')] }],
        'socket.closed': closed,
        'deadline.reached': [
          { guard: dueUnanswered, target: 'reconnecting', actions: drop(unanswered) },
          ignore('A deadline of a line or a wait that is over.'),
        ],
        'stop-connection': stop,
      },
      states: {
        listening: {
          description: 'The line was heard a moment ago.',
          entry: deadline('silence', 'silenceMs'),
          on: {
            'line.heard': { target: 'listening', reenter: true },
            'deadline.reached': { guard: due('silence'), target: 'doubting' },
          },
        },
        doubting: {
          description: 'Silent for too long: the venue is asked for a sign of life.',
          entry: [{ type: 'ping-venue', params: {} }, ...deadline('pong', 'pongMs')],
          on: {
            'line.heard': { target: 'listening' },
            'deadline.reached': {
              guard: due('pong'),
              target: '#connection.reconnecting',
              actions: drop(() => 'the line fell silent'),
            },
          },
        },
      },
    },
    reconnecting: {
      description: 'The line is gone; the next attempt has its time.',
      entry: [{ type: 'close-socket', params: {} }, stated('reconnecting'), retryDeadline],
      on: noLine,
    },
    refused: {
      description: 'The venue turned us away, for our address or for every symbol: a long wait, then once more.',
      entry: [{ type: 'close-socket', params: {} }, stated('refused'), retryDeadline],
      on: noLine,
    },
    stopped: {
      description: 'Closed on request, for good.',
      type: 'final',
      entry: { type: 'close-socket', params: {} },
    },
  },
})
