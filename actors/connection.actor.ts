/**
 * Keeps one market line: the connection machine decides, the socket carries, the clock rings.
 *
 * Prices pass from the socket straight to the listener and never through the machine; the machine hears of changes of
 * the line, and at most once a second that it was heard.
 */
import {
  type ActorLogic,
  type ActorRefFromLogic,
  type ActorScope,
  createActor,
  type Snapshot,
  type SnapshotFrom,
} from 'xstate'
import { connectionMachine } from '../machines/connection.machine.ts'
import { type Effect, type EffectOf, start, step } from '../machines/step.ts'
import { assertNever } from '../src/domain/assert.ts'
import type { Candle } from '../src/domain/candle.ts'
import { CONNECTION_POLICY, type ConnectionPolicy, type ConnectionSignal } from '../src/domain/connection.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import type { Pair } from '../src/domain/ids.ts'
import type { Clock, RandomSource, Timer } from '../src/ports/clock.ts'
import type { Log } from '../src/ports/log.ts'
import type { HistoryQuery, MarketEvent, MarketFeed } from '../src/ports/market-feed.ts'
import type { MarketSocket, SocketEvent } from '../src/ports/market-socket.ts'

/** What a line is kept with. */
export interface ConnectionParts {
  readonly socket: MarketSocket
  readonly clock: Clock
  readonly chance: RandomSource
  readonly log: Log
  /** `connection.changed`, as it happens. */
  readonly onFact: (fact: FactDraft) => void
  readonly policy?: ConnectionPolicy
}

export interface ConnectionInput extends ConnectionParts {
  readonly symbols: readonly Pair[]
  /** Prices, and `line` whenever they begin or cease to flow. */
  readonly listener: (event: MarketEvent) => void
}

type MachineState = SnapshotFrom<typeof connectionMachine>
type ConnectionEffect = EffectOf<typeof connectionMachine>
/** A bug in somebody who was called from the socket: thrown inside the actor, where a supervisor sees it. */
type Crash = { readonly type: 'connection.crashed'; readonly error: unknown }
export type ConnectionMessage = ConnectionSignal | Crash | { readonly type: 'xstate.stop' }

/** `state` is for looking at; the rest belongs to the running actor. */
export type ConnectionSnapshot = Snapshot<undefined> & { readonly state: MachineState; readonly keeper: Keeper }
type Scope = ActorScope<ConnectionSnapshot, ConnectionMessage>

const HEARD_EVERY_MS = 1_000

/** The actor's hands: performs effects, translates what the socket says, owns the timers. */
class Keeper {
  readonly input: ConnectionInput
  /** Of entering the first state: performed when the actor starts, not when it is made. */
  readonly firstEffects: readonly Effect[]
  readonly #timers = new Map<string, Timer>()
  #up = false
  #toldHeardAt = Number.NEGATIVE_INFINITY
  #unreadable = 0

  constructor(input: ConnectionInput, firstEffects: readonly Effect[]) {
    this.input = input
    this.firstEffects = firstEffects
  }

  perform(effect: ConnectionEffect, send: (message: ConnectionMessage) => void): void {
    const { socket } = this.input
    switch (effect.type) {
      case 'open-socket':
        socket.open((event) => this.#hear(event, send))
        break
      case 'close-socket':
        socket.close()
        break
      case 'ping-venue':
        socket.ping()
        break
      case 'subscribe-channels':
        for (const channel of effect.params.channels) socket.subscribe(channel, effect.params.symbols)
        break
      case 'unsubscribe-channels':
        for (const channel of effect.params.channels) socket.unsubscribe(channel, effect.params.symbols)
        break
      case 'set-deadline':
        this.#setDeadline(effect.params.name, effect.params.at, send)
        break
      case 'publish-fact':
        this.#publish(effect.params.fact)
        break
      default:
        assertNever(effect)
    }
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
    this.input.socket.close()
    this.#setLine(false, 'stopped')
  }

  #setDeadline(name: string, at: number, send: (message: ConnectionMessage) => void): void {
    this.#timers.get(name)?.cancel()
    const timer = this.input.clock.at(at, () => {
      this.#timers.delete(name)
      send({ type: 'deadline.reached', name, dueAt: at })
    })
    this.#timers.set(name, timer)
  }

  #publish(fact: FactDraft): void {
    this.input.onFact(fact)
    if (fact.type === 'connection.changed') this.#setLine(fact.state === 'live', fact.reason)
  }

  #setLine(up: boolean, reason: string | null): void {
    if (up === this.#up) return
    this.#up = up
    this.input.listener({ kind: 'line', up, reason, at: this.input.clock.now() })
  }

  /** What a listener throws must not reach the socket's own event loop. */
  #hear(event: SocketEvent, send: (message: ConnectionMessage) => void): void {
    try {
      if (event.kind === 'market') this.input.listener(event.event)
      else for (const signal of this.#signals(event)) send(signal)
    } catch (error) {
      send({ type: 'connection.crashed', error })
    }
  }

  #signals(event: Exclude<SocketEvent, { kind: 'market' }>): readonly ConnectionSignal[] {
    switch (event.kind) {
      case 'opened':
        return [{ type: 'socket.opened' }]
      case 'status':
        return [{ type: 'venue.modeChanged', mode: event.mode }]
      case 'subscribed':
        return [{ type: 'channel.subscribed', channel: event.channel, symbol: event.symbol }]
      case 'refused':
        return [{ type: 'channel.refused', channel: event.channel, symbol: event.symbol, problem: event.problem }]
      case 'throttled':
        return [{ type: 'socket.throttled', problem: event.problem }]
      case 'mismatch':
        return [{ type: 'book.mismatched', symbol: event.symbol }]
      case 'closed':
        return [{ type: 'socket.closed', reason: event.reason, banned: event.banned }]
      case 'traffic':
        return this.#isNewsThatHeard() ? [{ type: 'line.heard' }] : []
      case 'unreadable':
        this.#noteUnreadable(event.problem)
        return []
    }
  }

  #isNewsThatHeard(): boolean {
    const now = this.input.clock.now()
    // A clock set back must not silence the line until it has caught up.
    if (Math.abs(now - this.#toldHeardAt) < HEARD_EVERY_MS) return false
    this.#toldHeardAt = now
    return true
  }

  /** Logged at the 1st, 10th, 100th…: a venue that changes its format must not flood the log. */
  #noteUnreadable(problem: string): void {
    this.#unreadable += 1
    if (Number.isInteger(Math.log10(this.#unreadable))) {
      this.input.log.warn('market frame left out', { problem, count: this.#unreadable })
    }
  }
}

const active = (state: MachineState, keeper: Keeper): ConnectionSnapshot => ({
  status: 'active',
  output: undefined,
  error: undefined,
  state,
  keeper,
})

/** Lets go of the line before the supervisor hears of a crash. */
function orLetGo<T>(keeper: Keeper, work: () => T): T {
  try {
    return work()
  } catch (error) {
    keeper.stop()
    throw error
  }
}

const perform = (keeper: Keeper, effects: readonly Effect[], self: Scope['self']): void =>
  orLetGo(keeper, () => {
    for (const effect of effects) keeper.perform(effect as ConnectionEffect, (message) => self.send(message))
  })

function decide(snapshot: ConnectionSnapshot, signal: ConnectionSignal, scope: Scope): ConnectionSnapshot {
  const { keeper } = snapshot
  const { clock, chance, onFact } = keeper.input
  const heard = { ...signal, seenAt: clock.now(), chance: chance.next() }
  const { state, effects, handled } = step(connectionMachine, snapshot.state, heard)
  if (!handled) {
    const where = JSON.stringify(snapshot.state.value)
    onFact({ type: 'actor.unhandled', actor: 'connection', event: signal.type, state: where })
  }
  if (state.status === 'done') {
    keeper.stop()
    return { status: 'done', output: undefined, error: undefined, state, keeper }
  }
  scope.defer(() => perform(keeper, effects, scope.self))
  return active(state, keeper)
}

/**
 * A line as an actor for the supervisor: permanent, restored `fresh`, since a new life always opens a new line. Trouble on
 * the wire is a state of the machine; it crashes only on a bug: in the machine, an effect or the listener.
 */
export const connectionLogic: ActorLogic<ConnectionSnapshot, ConnectionMessage, ConnectionInput> = {
  getInitialSnapshot(_scope, input) {
    const { symbols, clock, policy = CONNECTION_POLICY } = input
    const { state, effects } = start(connectionMachine, { symbols, policy, seenAt: clock.now() })
    return active(state, new Keeper(input, effects))
  },
  start({ keeper }, scope) {
    perform(keeper, keeper.firstEffects, scope.self)
  },
  transition(snapshot, message, scope) {
    const { keeper } = snapshot
    switch (message.type) {
      case 'xstate.stop':
        keeper.stop()
        return { ...snapshot, status: 'stopped', output: undefined, error: undefined }
      case 'connection.crashed':
        keeper.stop()
        throw message.error
      default:
        return orLetGo(keeper, () => decide(snapshot, message, scope))
    }
  },
  getPersistedSnapshot: ({ state }) => ({ status: 'active', output: undefined, error: undefined, value: state.value }),
}

export interface ConnectedFeedParts extends ConnectionParts {
  /** The venue's candle history, by another door than the line. */
  readonly history: (query: HistoryQuery) => Promise<readonly Candle[]>
  /** A bug ended the line; its `line` event has been told. The feed may be started again. */
  readonly onCrash: (error: unknown) => void
}

/**
 * A venue's line as a `MarketFeed`. `start` resolves at once, since a line that is down is a state and is told as such;
 * it rejects for no symbols or a second start. Start before asking for history, so that no minute falls between.
 */
export function connectedFeed({ history, onCrash, ...parts }: ConnectedFeedParts): MarketFeed {
  let running: ActorRefFromLogic<typeof connectionLogic> | null = null
  return {
    name: parts.socket.name,
    history,
    async start(symbols, listener) {
      if (running !== null) throw new Error(`the ${parts.socket.name} feed has been started already`)
      if (symbols.length === 0) throw new Error(`the ${parts.socket.name} feed needs at least one symbol`)
      const line = createActor(connectionLogic, { id: 'connection', input: { ...parts, symbols, listener } })
      running = line
      line.subscribe({
        error(error) {
          running = null
          onCrash(error)
        },
      })
      line.start()
    },
    async stop() {
      running?.stop()
      running = null
    },
  }
}
