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
import * as line from '../src/domain/connection.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import type { Pair } from '../src/domain/ids.ts'
import { phrases, when } from './phrases.ts'
import { effect } from './step.ts'

type Hears = line.ConnectionHears
type Deadline = line.ConnectionDeadline

export interface ConnectionContext extends line.ConnectionBirth {
  /** Last known; kept across lines. */
  readonly mode: line.VenueMode
  /** Deadlines of the present line, absolute; another that still rings is ignored. */
  readonly deadlines: Readonly<Partial<Record<Deadline, number>>>
  readonly awaiting: line.Awaiting
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
type Nothing = Record<never, never>
type Subscriptions = { channels: readonly line.MarketChannel[]; symbols: readonly Pair[] }

const parts = setup({
  types: { context: {} as ConnectionContext, events: {} as Hears, input: {} as line.ConnectionBirth },
  guards: {
    isDue: ({ context }, p: { name: Deadline; dueAt: number; rang: string }) =>
      p.rang === p.name && context.deadlines[p.name] === p.dueAt,
    isUnanswered: ({ context }, p: { name: string; dueAt: number }) =>
      p.name === 'subscribe' && context.deadlines.subscribe === p.dueAt && context.awaiting.length > 0,
    isLastAnswer: ({ context }, p: line.Subscription) => line.answered(context.awaiting, p).length === 0,
    isLastHope: ({ context }, p: { symbol: Pair }) =>
      context.symbols.every((symbol) => symbol === p.symbol || context.refusals[symbol] !== undefined),
    isBanned: (_, p: { banned: boolean }) => p.banned,
    isOneTooMany: ({ context }, p: { seenAt: number }) =>
      line.connectsWithin(context.mismatches, MINUTE_MS, p.seenAt).length >= context.policy.mismatchesPerMinute,
  },
  actions: {
    'open-socket': effect<Nothing>(),
    'close-socket': effect<Nothing>(),
    'subscribe-channels': effect<Subscriptions>(),
    'unsubscribe-channels': effect<Subscriptions>(),
    'ping-venue': effect<Nothing>(),
    'set-deadline': effect<{ name: Deadline; at: number }>(),
    'publish-fact': effect<{ fact: FactDraft }>(),
    beginLine: assign(({ context }, p: { seenAt: number }) => ({
      connects: [...line.connectsWithin(context.connects, context.policy.windowMs, p.seenAt), p.seenAt],
      ...{ deadlines: {}, refusals: {}, complaint: null, mismatches: [] },
    })),
    arm: assign(({ context }, p: { name: Deadline; at: number }) => ({
      deadlines: { ...context.deadlines, [p.name]: p.at },
    })),
    knowMode: assign((_, p: { mode: line.VenueMode }) => ({ mode: p.mode })),
    awaitAll: assign(({ context }) => ({ awaiting: line.awaitingAll(context.symbols) })),
    awaitBook: assign(({ context }, { symbol, seenAt }: { symbol: Pair; seenAt: number }) => ({
      awaiting: line.askedAnew(context.awaiting, { channel: 'book', symbol }),
      mismatches: [...line.connectsWithin(context.mismatches, MINUTE_MS, seenAt), seenAt],
    })),
    takeAnswer: assign(({ context }, p: line.Subscription) => ({ awaiting: line.answered(context.awaiting, p) })),
    takeRefusal: assign(({ context }, p: line.Subscription & { problem: string }) => ({
      awaiting: line.answered(context.awaiting, p),
      refusals: { ...context.refusals, [p.symbol]: p.problem },
    })),
    noteComplaint: assign((_, p: { problem: string }) => ({ complaint: p.problem })),
    rejoice: assign((_, p: { seenAt: number }) => ({ liveSinceAt: p.seenAt, deadlines: {}, reason: null })),
    drop: assign(({ context }, p: line.LineStamp & { reason: string; refused: boolean }) => {
      const { drops, retryAt } = line.dropOf(context, p)
      return { deadlines: { retry: retryAt }, awaiting: [], liveSinceAt: null, drops, reason: p.reason }
    }),
  },
})

type On<T extends Hears['type']> = Extract<Hears, { type: T }>
const { call, arm, branches } = phrases<ConnectionContext, Hears, Deadline>()
const { to, stay, ignore, ignoring } = branches()

type Seen = { readonly seenAt?: number }
/** The initial entry has no message of ours: then the birth's time counts. */
const seenAt = ({ seenAt: bornAt }: ConnectionContext, message: Seen) => ({ seenAt: message.seenAt ?? bornAt })
const beginLine = call('beginLine', seenAt)
const rejoice = call('rejoice', seenAt)
const tell = (state: 'connecting' | 'live' | 'reconnecting' | 'refused') =>
  call('publish-fact', (context, message: Seen): { fact: FactDraft } => {
    const reason = state === 'live' ? line.lineRemarks(context) : context.reason
    return { fact: { type: 'connection.changed', state, reason, at: seenAt(context, message).seenAt } }
  })

const armFor = (name: Deadline, wait: 'openMs' | 'subscribeMs' | 'silenceMs' | 'pongMs') =>
  arm(name, (context, message: Seen) => seenAt(context, message).seenAt + context.policy[wait])
const setRetry = call('set-deadline', ({ deadlines, seenAt }) => ({ name: 'retry', at: deadlines.retry ?? seenAt }))
/** Deadlines of different names may ring at the same moment: the name counts too. */
const due = (name: Deadline) =>
  call('isDue', (_, { name: rang, dueAt }: On<'deadline.reached'>) => ({ name, dueAt, rang }))
const dueUnanswered = call('isUnanswered', (_, { name, dueAt }: On<'deadline.reached'>) => ({ name, dueAt }))
const stale = ignore('A deadline of a line or a wait that is over.')

type Why<Message> = (message: Message, context: ConnectionContext) => string
/** Leaves the line for a reason; a refusal waits long instead of trying again soon. */
const leave = <Message extends line.LineStamp>(refused: boolean, why: Why<Message>) =>
  call('drop', (context, message: Message) => ({
    ...{ seenAt: message.seenAt, chance: message.chance, reason: why(message, context), refused },
  }))
const drop = <Message extends line.LineStamp>(why: Why<Message>) => to('#connection.reconnecting', leave(false, why))
const dropFor = (reason: string) => drop(() => reason)
const dropUnanswered = drop((_, { complaint }) => complaint ?? 'a subscription was not answered')

const knowMode = call('knowMode', (_, message: On<'venue.modeChanged'>) => message)
const complain = call('noteComplaint', (_, message: On<'socket.throttled'>) => message)
type Answer = On<'channel.subscribed'> | On<'channel.refused'>
const isLastAnswer = call('isLastAnswer', (_, message: Answer) => message)
const answer = call('takeAnswer', (_, message: On<'channel.subscribed'>) => message)
const refusal = call('takeRefusal', (_, message: On<'channel.refused'>) => message)
const isLastHope = call('isLastHope', (_, message: Answer) => message)
const turnedAway = leave(true, ({ problem }: On<'channel.refused'>) => problem)
const allRefused = when(isLastHope, to('#connection.refused', refusal, turnedAway))

const bookOnly = (_: ConnectionContext, { symbol }: On<'book.mismatched'>) => ({
  ...{ channels: ['book'] as const, symbols: [symbol] },
})
const freshBook = stay(
  call('awaitBook', (_, message: On<'book.mismatched'>) => message),
  call('unsubscribe-channels', bookOnly),
  call('subscribe-channels', bookOnly),
  ...armFor('subscribe', 'subscribeMs'),
)
const isOneTooMany = call('isOneTooMany', (_, message: On<'book.mismatched'>) => message)
/** What a line with subscriptions answers, whether or not all of them are confirmed. */
const subscribedLine = {
  'book.mismatched': [
    when(isOneTooMany, dropFor('the books keep breaking')),
    { ...freshBook, description: 'A broken book is subscribed anew.' },
  ],
  'socket.throttled': { ...stay(complain), description: 'What it cost us shows as a missing answer.' },
}
const isBanned = call('isBanned', (_, message: On<'socket.closed'>) => message)
const whyClosed = ({ reason }: On<'socket.closed'>) => reason
const closed = [when(isBanned, to('#connection.refused', leave(true, whyClosed))), drop(whyClosed)]
const stop = to('#connection.stopped')
/** What is answered while there is no line: only the time of the next attempt counts. */
const noLine = {
  ...ignoring(
    'Late word of a line that was dropped.',
    ...(['socket.opened', 'venue.modeChanged', 'channel.subscribed', 'channel.refused', 'socket.throttled'] as const),
    ...(['line.heard', 'book.mismatched', 'socket.closed'] as const),
  ),
  'deadline.reached': [when(due('retry'), to('#connection.connecting')), stale],
  'stop-connection': stop,
}

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
      entry: [beginLine, tell('connecting'), { type: 'open-socket', params: {} }, ...armFor('open', 'openMs')],
      initial: 'opening',
      on: {
        'socket.opened': ignore('Told once a line.'),
        'venue.modeChanged': stay(knowMode),
        ...ignoring('Nothing has been asked for yet.', 'channel.subscribed', 'channel.refused', 'book.mismatched'),
        'socket.throttled': stay(complain),
        'line.heard': ignore('A line that is being opened has deadlines of its own.'),
        'socket.closed': closed,
        'deadline.reached': [when(due('open'), dropFor('the line did not open in time')), stale],
        'stop-connection': stop,
      },
      states: {
        opening: {
          description: 'The socket is on its way.',
          on: { 'socket.opened': to('greeting') },
        },
        greeting: {
          description: 'The venue tells its mode first.',
          on: { 'venue.modeChanged': to('subscribing', knowMode) },
        },
        subscribing: {
          description: 'Everything is asked for; the answers come one by one.',
          entry: [
            'awaitAll',
            call('subscribe-channels', ({ symbols }) => ({ channels: line.MARKET_CHANNELS, symbols })),
            ...armFor('subscribe', 'subscribeMs'),
          ],
          on: {
            ...subscribedLine,
            'channel.subscribed': [when(isLastAnswer, to('#connection.live', answer)), stay(answer)],
            'channel.refused': [allRefused, when(isLastAnswer, to('#connection.live', refusal)), stay(refusal)],
            'deadline.reached': [when(due('subscribe'), dropUnanswered), stale],
          },
        },
      },
    },
    live: {
      description: 'Prices flow; silence is watched.',
      entry: [rejoice, tell('live')],
      initial: 'listening',
      on: {
        ...subscribedLine,
        'socket.opened': ignore('Told once a line.'),
        'venue.modeChanged': stay(knowMode, tell('live')),
        'channel.subscribed': stay(answer),
        'channel.refused': [allRefused, stay(refusal, tell('live'))],
        'socket.closed': closed,
        'deadline.reached': [when(dueUnanswered, dropUnanswered), stale],
        'stop-connection': stop,
      },
      states: {
        listening: {
          description: 'The line was heard a moment ago.',
          entry: armFor('silence', 'silenceMs'),
          on: {
            'line.heard': { ...to('listening'), reenter: true },
            'deadline.reached': when(due('silence'), to('doubting')),
          },
        },
        doubting: {
          description: 'Silent for too long: the venue is asked for a sign of life.',
          entry: [{ type: 'ping-venue', params: {} }, ...armFor('pong', 'pongMs')],
          on: {
            'line.heard': to('listening'),
            'deadline.reached': when(due('pong'), dropFor('the line fell silent')),
          },
        },
      },
    },
    reconnecting: {
      description: 'The line is gone; the next attempt has its time.',
      entry: [{ type: 'close-socket', params: {} }, tell('reconnecting'), setRetry],
      on: noLine,
    },
    refused: {
      description: 'The venue turned us away, for our address or for every symbol: a long wait, then once more.',
      entry: [{ type: 'close-socket', params: {} }, tell('refused'), setRetry],
      on: noLine,
    },
    stopped: {
      description: 'Closed on request, for good.',
      type: 'final',
      entry: { type: 'close-socket', params: {} },
    },
  },
})
