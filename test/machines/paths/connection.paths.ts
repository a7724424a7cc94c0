/** The connection machine: two symbols, answers one by one, every deadline in force and one of a line that is gone. */
import { connectionMachine } from '../../../machines/connection.machine.ts'
import {
  CONNECTION_POLICY,
  type ConnectionHears,
  type ConnectionSignal,
  MARKET_CHANNELS,
} from '../../../src/domain/connection.ts'
import { pair } from '../../../src/domain/ids.ts'
import type { PathModel } from './explore.ts'

type Connection = typeof connectionMachine

const NOON = Date.UTC(2026, 0, 5, 12)
const SYMBOLS = [pair('BTC/USDT'), pair('XRP/USDT')]

const ALWAYS: readonly ConnectionSignal[] = [
  { type: 'socket.opened' },
  { type: 'venue.modeChanged', mode: 'online' },
  { type: 'venue.modeChanged', mode: 'maintenance' },
  { type: 'socket.throttled', problem: 'Exceeded msg rate' },
  { type: 'line.heard' },
  ...SYMBOLS.map((symbol) => ({ type: 'book.mismatched', symbol }) as const),
  { type: 'socket.closed', reason: 'gone', banned: false },
  { type: 'socket.closed', reason: 'banned', banned: true },
  { type: 'stop-connection' },
  { type: 'deadline.reached', name: 'open', dueAt: 1 },
]

/** Answers come in the order of asking: which of two is first does not matter to what follows. */
function answers(awaiting: readonly string[]): ConnectionSignal[] {
  const waiting = awaiting[0]?.split(' ')
  const channel = MARKET_CHANNELS.find((one) => one === waiting?.[0]) ?? 'book'
  const symbol = pair(waiting?.[1] ?? 'BTC/USDT')
  return [
    { type: 'channel.subscribed', channel, symbol },
    ...SYMBOLS.map((one) => ({ type: 'channel.refused', channel, symbol: one, problem: 'not supported' }) as const),
  ]
}

export const connectionPaths: PathModel<Connection> = {
  machine: connectionMachine,
  input: { symbols: SYMBOLS, policy: CONNECTION_POLICY, seenAt: NOON },
  required: ['connecting', 'live', 'reconnecting', 'refused', 'stopped'],
  events: ({ context: { connects, deadlines, awaiting } }): readonly ConnectionHears[] => {
    const seenAt = (connects.at(-1) ?? NOON) + 1_000
    const heard = [...ALWAYS, ...answers(awaiting)].map((signal) => ({ ...signal, seenAt, chance: 0.5 }))
    const rings = Object.entries(deadlines).map(
      ([name, dueAt]) => ({ type: 'deadline.reached', name, dueAt, seenAt: dueAt, chance: 0.5 }) as const,
    )
    return [...heard, ...rings]
  },
  abstract: ({ mode, deadlines, awaiting, refusals, complaint, liveSinceAt, mismatches }) => ({
    ...{ mode, deadlines: Object.keys(deadlines).sort(), awaiting: awaiting.length, next: awaiting[0] ?? null },
    ...{ refused: Object.keys(refusals).sort(), complains: complaint !== null, wasLive: liveSinceAt !== null },
    broken: mismatches.length,
  }),
  check: ({ before, after: { state, effects } }) => {
    const names = effects.map((effect) => effect.type)
    const { value, context, status } = state
    const isWaiting = value === 'reconnecting' || value === 'refused'
    if (isWaiting && context.deadlines.retry === undefined) throw new Error('a line that is gone has no next attempt')
    if (status === 'active' && Object.keys(context.deadlines).length === 0 && value !== 'stopped')
      throw new Error('nothing is waited for: silence would last for ever')
    if (names.includes('open-socket') && typeof before.value === 'object' && 'live' in before.value)
      throw new Error('a second line is opened beside a live one')
    if (typeof value === 'object' && 'live' in value !== (context.liveSinceAt !== null))
      throw new Error('live since when?')
    if (context.connects.length > context.policy.connectsPerWindow) throw new Error('opened more often than allowed')
  },
}
