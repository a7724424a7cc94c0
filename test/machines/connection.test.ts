import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { connectionMachine } from '../../machines/connection.machine.ts'
import { type Effect, start, step } from '../../machines/step.ts'
import { CONNECTION_POLICY, type ConnectionSignal, dropOf, MARKET_CHANNELS } from '../../src/domain/connection.ts'
import { pair } from '../../src/domain/ids.ts'

const NOON = Date.UTC(2026, 0, 5, 12)
const BTC = pair('BTC/USDT')
const XRP = pair('XRP/USDT')
const POLICY = CONNECTION_POLICY

/** A line at a moment: signals go in, effects and the deadline to come are looked at. */
function line(symbols = [BTC, XRP], policy = POLICY) {
  let now = NOON
  let current = start(connectionMachine, { symbols, policy, seenAt: now })
  const effects: Effect[] = [...current.effects]
  const taken = new Set<string>()
  const say = (signal: ConnectionSignal, chance = 0): boolean => {
    current = step(connectionMachine, current.state, { ...signal, seenAt: now, chance })
    effects.push(...current.effects)
    for (const transition of current.taken) taken.add(transition)
    return current.handled
  }
  const self = {
    say,
    taken,
    after: (ms: number) => {
      now += ms
      return self
    },
    get now() {
      return now
    },
    get state() {
      return JSON.stringify(current.state.value).replaceAll('"', '')
    },
    get context() {
      return current.state.context
    },
    get status() {
      return current.state.status
    },
    /** Effects since last asked, by name. */
    effects: () => effects.splice(0),
    facts: () =>
      effects
        .splice(0)
        .flatMap(({ type, params }) => (type === 'publish-fact' ? [(params as { fact: unknown }).fact] : [])),
    /** Waits for a deadline in force and lets it ring. */
    ring: (name: keyof typeof current.state.context.deadlines) => {
      const dueAt = current.state.context.deadlines[name]
      if (dueAt === undefined) throw new Error(`no deadline ${name}`)
      now = Math.max(now, dueAt)
      return say({ type: 'deadline.reached', name, dueAt })
    },
    subscribing: () => {
      say({ type: 'socket.opened' })
      say({ type: 'venue.modeChanged', mode: 'online' })
      return self
    },
    live: () => {
      self.subscribing()
      for (const channel of MARKET_CHANNELS)
        for (const symbol of symbols) say({ type: 'channel.subscribed', channel, symbol })
      return self
    },
    drop: (chance = 0) => say({ type: 'socket.closed', reason: 'gone', banned: false }, chance),
  }
  return self
}

describe('a line on its way', () => {
  it('opens, waits for the greeting, then asks for everything', () => {
    const it = line()
    expect(it.effects().map((effect) => effect.type)).toEqual(['publish-fact', 'open-socket', 'set-deadline'])
    it.say({ type: 'socket.opened' })
    expect(it.state).toBe('{connecting:greeting}')
    expect(it.effects()).toEqual([])
    it.say({ type: 'venue.modeChanged', mode: 'online' })
    expect(it.effects()).toEqual([
      { type: 'subscribe-channels', params: { channels: MARKET_CHANNELS, symbols: [BTC, XRP] } },
      { type: 'set-deadline', params: { name: 'subscribe', at: NOON + POLICY.subscribeMs } },
    ])
  })

  it('is live only when every symbol of every channel was answered', () => {
    const it = line().subscribing()
    const answers = MARKET_CHANNELS.flatMap((channel) => [BTC, XRP].map((symbol) => ({ channel, symbol })))
    for (const answer of answers.slice(1)) it.say({ type: 'channel.subscribed', ...answer })
    expect(it.state).toBe('{connecting:subscribing}')
    it.effects()
    it.say({ type: 'channel.subscribed', channel: 'ticker', symbol: BTC })
    expect(it.state).toBe('{live:listening}')
    expect(it.facts()).toEqual([{ type: 'connection.changed', state: 'live', reason: null, at: NOON }])
  })

  it.each(['open', 'subscribe'] as const)('gives up when the %s deadline passes', (name) => {
    const it = name === 'open' ? line() : line().subscribing()
    it.ring(name)
    expect(it.state).toBe('reconnecting')
  })

  it('does not mind the deadline for opening once it has opened', () => {
    const it = line()
    const dueAt = it.context.deadlines.open ?? 0
    it.subscribing().after(POLICY.openMs)
    expect(it.say({ type: 'deadline.reached', name: 'open', dueAt })).toBe(true)
    expect(it.state).toBe('{connecting:subscribing}')
  })

  it('lives without a symbol the venue does not have, and says so', () => {
    const it = line().subscribing()
    for (const channel of MARKET_CHANNELS) {
      it.say({ type: 'channel.subscribed', channel, symbol: BTC })
      it.say({ type: 'channel.refused', channel, symbol: XRP, problem: 'not supported' })
    }
    expect(it.state).toBe('{live:listening}')
    expect(it.facts().at(-1)).toMatchObject({ state: 'live', reason: 'XRP/USDT refused: not supported' })
  })

  it('is refused when the venue has none of the symbols, and tries again after ten minutes', () => {
    const it = line([BTC]).subscribing()
    it.say({ type: 'channel.refused', channel: 'ticker', symbol: BTC, problem: 'not supported' })
    expect(it.state).toBe('refused')
    expect(it.facts().at(-1)).toMatchObject({ state: 'refused', reason: 'not supported' })
    expect(it.context.deadlines.retry).toBe(NOON + 600_000)
    it.ring('retry')
    expect(it.state).toBe('{connecting:opening}')
  })

  it('waits out a ban', () => {
    const it = line()
    it.say({ type: 'socket.closed', reason: 'HTTP 429', banned: true })
    expect([it.state, it.context.deadlines.retry]).toEqual(['refused', NOON + 600_000])
  })

  it('names the message rate when that is why an answer is missing', () => {
    const it = line().subscribing()
    it.say({ type: 'socket.throttled', problem: 'Exceeded msg rate' })
    it.ring('subscribe')
    expect(it.facts().at(-1)).toMatchObject({ state: 'reconnecting', reason: 'Exceeded msg rate' })
  })
})

describe('a live line', () => {
  it('asks once when it is silent, and is dropped when silence goes on', () => {
    const it = line().live()
    it.effects()
    it.ring('silence')
    expect(it.state).toBe('{live:doubting}')
    expect(it.effects().map((effect) => effect.type)).toEqual(['ping-venue', 'set-deadline'])
    it.ring('pong')
    expect([it.state, it.now]).toEqual(['reconnecting', NOON + 10_000])
    expect(it.facts().at(-1)).toMatchObject({ reason: 'the line fell silent' })
  })

  it('never drops a line that answered the ping, even when the old deadline still rings', () => {
    const it = line().live()
    it.ring('silence')
    const dueAt = it.context.deadlines.pong ?? 0
    it.after(1_000).say({ type: 'line.heard' })
    it.after(4_000).say({ type: 'deadline.reached', name: 'pong', dueAt })
    expect(it.state).toBe('{live:listening}')
  })

  it('puts silence off each time it is heard', () => {
    const it = line().live()
    it.after(1_000).say({ type: 'line.heard' })
    expect(it.context.deadlines.silence).toBe(NOON + 6_000)
  })

  it('subscribes a broken book anew and leaves the rest alone', () => {
    const it = line().live()
    it.effects()
    it.say({ type: 'book.mismatched', symbol: XRP })
    const params = { channels: ['book'], symbols: [XRP] }
    expect(it.effects()).toEqual([
      { type: 'unsubscribe-channels', params },
      { type: 'subscribe-channels', params },
      { type: 'set-deadline', params: { name: 'subscribe', at: NOON + POLICY.subscribeMs } },
    ])
    it.say({ type: 'channel.subscribed', channel: 'book', symbol: XRP })
    it.ring('subscribe')
    expect(it.state).toBe('{live:listening}')
  })

  it('drops a line whose fresh book is never confirmed', () => {
    const it = line().live()
    it.say({ type: 'book.mismatched', symbol: XRP })
    it.ring('subscribe')
    expect(it.state).toBe('reconnecting')
  })

  it('drops a line that breaks four books within a minute, but not one an hour', () => {
    const it = line().live()
    for (let count = 0; count < 10; count += 1) it.after(3_600_000).say({ type: 'book.mismatched', symbol: BTC })
    expect(it.state).toBe('{live:listening}')
    for (let count = 0; count < 3; count += 1) it.after(10_000).say({ type: 'book.mismatched', symbol: BTC })
    expect(it.state).toBe('reconnecting')
  })

  it.each(['maintenance', 'cancel_only', 'post_only'] as const)('remembers and tells %s', (mode) => {
    const it = line().live()
    it.effects()
    it.say({ type: 'venue.modeChanged', mode })
    expect(it.context.mode).toBe(mode)
    expect(it.facts()).toMatchObject([{ state: 'live', reason: `the venue is in ${mode}` }])
  })

  it('ends on request, for good', () => {
    const it = line().live()
    it.effects()
    it.say({ type: 'stop-connection' })
    expect([it.status, it.effects().map((effect) => effect.type)]).toEqual(['done', ['close-socket']])
  })
})

describe('coming back', () => {
  const waits = (drops: number, chance = 0) => {
    const it = line()
    const delays: number[] = []
    for (let count = 0; count < drops; count += 1) {
      const at = it.now
      it.drop(chance)
      it.ring('retry')
      delays.push(it.now - at)
    }
    return delays
  }

  it('is at once three times, then doubles up to a minute', () => {
    expect(waits(11)).toEqual([0, 0, 0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect(waits(11, 0.999999).slice(-2)).toEqual([60_000, 60_000])
  })

  it('forgives earlier drops after a minute of prices', () => {
    const it = line()
    for (let count = 0; count < 6; count += 1) {
      it.drop()
      it.ring('retry')
    }
    it.live().after(59_999).drop()
    expect(it.context.drops).toBe(7)
    it.ring('retry')
    it.live().after(60_000).drop()
    expect(it.context.drops).toBe(1)
  })

  it('waits five seconds after maintenance', () => {
    const it = line().live()
    it.say({ type: 'venue.modeChanged', mode: 'maintenance' })
    it.drop()
    expect(it.context.deadlines.retry).toBe(NOON + 5_000)
  })

  it('subscribes to everything again', () => {
    const it = line().live()
    it.drop()
    it.ring('retry')
    it.effects()
    it.subscribing()
    expect(it.effects()[0]).toMatchObject({ params: { channels: MARKET_CHANNELS, symbols: [BTC, XRP] } })
  })

  it('never opens more lines in any ten minutes than it allows itself', () => {
    const policy = { ...POLICY, connectsPerWindow: 5 }
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(90_000), fc.boolean()), { maxLength: 60 }), (lives) => {
        const it = line([BTC], policy)
        const opens = [it.now]
        for (const [heldMs, wasLive] of lives) {
          if (wasLive) it.live()
          it.after(heldMs).drop()
          it.ring('retry')
          opens.push(it.now)
        }
        for (const at of opens) {
          expect(opens.filter((other) => other > at - policy.windowMs && other <= at).length).toBeLessThanOrEqual(5)
        }
      }),
    )
  })

  it('is never planned for the past', () => {
    const history = fc.record({ drops: fc.nat(50), connects: fc.constant([]), liveSinceAt: fc.constant(null) })
    fc.assert(
      fc.property(history, fc.double({ min: 0, max: 0.999, noNaN: true }), fc.boolean(), (known, chance, refused) => {
        const asked = { policy: POLICY, mode: 'online' as const, ...known }
        expect(dropOf(asked, { seenAt: NOON, chance, refused }).retryAt).toBeGreaterThanOrEqual(NOON)
      }),
    )
  })
})

const signals: fc.Arbitrary<ConnectionSignal | 'ring' | 'wait'> = fc.oneof(
  fc.constantFrom<ConnectionSignal | 'ring' | 'wait'>(
    { type: 'socket.opened' },
    { type: 'venue.modeChanged', mode: 'online' },
    { type: 'venue.modeChanged', mode: 'maintenance' },
    { type: 'socket.throttled', problem: 'slow down' },
    { type: 'line.heard' },
    { type: 'book.mismatched', symbol: BTC },
    { type: 'socket.closed', reason: 'gone', banned: false },
    { type: 'socket.closed', reason: 'banned', banned: true },
    { type: 'stop-connection' },
    { type: 'deadline.reached', name: 'nonsense', dueAt: 0 },
    'ring',
    'wait',
  ),
  fc.record({
    type: fc.constantFrom('channel.subscribed' as const, 'channel.refused' as const),
    channel: fc.constantFrom(...MARKET_CHANNELS),
    symbol: fc.constantFrom(BTC, XRP),
    problem: fc.constant('no'),
  }),
)

const begin = fc.constantFrom('opening', 'subscribing', 'almost', 'live')

describe('whatever comes', () => {
  it('is answered in every state, throws nowhere, and reaches every transition', () => {
    const taken = new Set<string>()
    fc.assert(
      fc.property(fc.array(signals, { maxLength: 60 }), begin, (walk, from) => {
        const policy = { ...POLICY, mismatchesPerMinute: 1 }
        const it = line([BTC, XRP], policy)
        if (from === 'live') it.live()
        if (from === 'subscribing') it.subscribing()
        if (from === 'almost') {
          it.subscribing()
          for (const channel of MARKET_CHANNELS) it.say({ type: 'channel.subscribed', channel, symbol: BTC })
          for (const channel of MARKET_CHANNELS.slice(1)) it.say({ type: 'channel.subscribed', channel, symbol: XRP })
        }
        for (const signal of walk) {
          if (it.status === 'done') break
          if (signal === 'wait') it.after(30_000)
          else if (signal === 'ring') {
            const first = Object.keys(it.context.deadlines).at(-1)
            if (first !== undefined) it.ring(first as 'open')
          } else expect(it.say(signal), `${signal.type} in ${it.state}`).toBe(true)
          expect(it.context.connects.length).toBeLessThanOrEqual(POLICY.connectsPerWindow)
          if (it.state === 'reconnecting' || it.state === 'refused') expect(it.context.deadlines.retry).toBeDefined()
          if (it.state.includes('listening')) expect(it.context.deadlines.silence).toBeDefined()
        }
        for (const transition of it.taken) taken.add(transition)
      }),
      { numRuns: 1_500, seed: 20260105 },
    )
    expect(transitionsOf(connectionMachine.root).filter((name) => !taken.has(name))).toEqual([])
  }, 60_000)

  it('is described in every state', () => {
    const nodes = [connectionMachine.root, ...Object.values(connectionMachine.root.states)]
    for (const node of nodes) expect(node.description, node.id).toBeTruthy()
  })
})

interface Node {
  readonly id: string
  readonly transitions: ReadonlyMap<string, readonly unknown[]>
  readonly states: Readonly<Record<string, Node>>
}
/** Every transition of a machine, named as `step` names those taken; the shadowed ones of parents are left to the table. */
function transitionsOf(node: Node): readonly string[] {
  const own = [...node.transitions].flatMap(([event, branches]) =>
    branches.map((_, index) => `${node.id} --${event}--> ${index}`),
  )
  return [...own, ...Object.values(node.states).flatMap(transitionsOf)]
}
