/** Pause and halt: what adds risk stops at once, what reduces it goes on. */
import { describe, expect, it } from 'vitest'
import { BTC, MINUTE, SECOND, World, XRP } from '../support/whole-system.ts'

const PAUSE = { type: 'pause-trading', reason: 'user', by: 'trader' } as const
const RESUME = { type: 'resume-trading', reason: 'user', by: 'trader' } as const
const HALT = { type: 'halt-trading', reason: 'enough', by: 'trader' } as const
const HALT_BTC = { type: 'halt-symbols', symbols: [BTC], reason: 'enough', by: 'trader' } as const
const RESET = { type: 'reset-trading', by: 'admin' } as const

async function ready(): Promise<World> {
  const world = new World()
  await world.bootReady()
  return world
}
async function holding(): Promise<World> {
  const world = await ready()
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
  return world
}
const state = (world: World) => world.system.desk.coordinator().state

describe('a pause', () => {
  it('cancels resting entries, drops signals, and ends by the reason that began it', async () => {
    const world = await ready()
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.command(PAUSE)
    await world.until(() => world.order('entry')?.status === 'CANCELLED', 'a cancelled entry')
    expect(await world.venueOrders()).toEqual([])
    world.signal({ symbol: XRP, entryPrice: '1', stopLoss: '0.98', takeProfit: '1.05' })
    await world.until(() => world.told('signal.dropped').length > 0, 'a dropped signal')
    expect(world.factsOf('signal.dropped')[0]?.reason).toBe('PAUSED')
    world.command({ ...RESUME, reason: 'daily loss' })
    await world.pass(SECOND)
    expect(state(world)).toBe('PAUSED')
    world.command(RESUME)
    await world.until(() => state(world) === 'RUNNING', 'running again')
  })

  it('takes an entry back at once, whatever the amendments for its crumbs have used of the limits', async () => {
    const world = await ready()
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    for (let crumb = 0; crumb < 20; crumb += 1) {
      world.print(BTC, '49990', '0.004')
      await world.pass(250)
    }
    expect(world.order('entry')?.status).toBe('PARTIALLY_FILLED')
    world.command(PAUSE)
    await world.until(() => world.order('entry')?.status === 'CANCELLED', 'a cancelled entry', SECOND)
    await world.until(() => world.order('stop')?.quantity === world.position().quantity, 'a stop for all', SECOND)
    expect(world.is('protected')).toBe(true)
  })

  it.each([['PAUSED', PAUSE] as const, ['HALTED', HALT] as const])('lets stops work while %s', async (_, command) => {
    const world = await holding()
    world.command(command)
    await world.pass(SECOND)
    expect(world.order('stop')?.status).toBe('OPEN')
    world.print(BTC, '48990')
    await world.until(() => world.is('closed'), 'a closed position')
    expect(world.position().closeReason).toBe('stop_loss')
  })
})

describe('a halt', () => {
  it('is left by a reset alone', async () => {
    const world = await ready()
    world.command(HALT)
    await world.until(() => state(world) === 'HALTED', 'halted')
    world.command(RESUME)
    await world.pass(10 * MINUTE)
    expect(state(world)).toBe('HALTED')
    expect(world.factsOf('command.refused')[0]).toMatchObject({ command: 'resume-trading' })
    expect(world.system.desk.coordinator()).toMatchObject({ haltReason: 'enough', mayOpenRisk: false })
    world.command(RESET)
    await world.until(() => world.system.desk.coordinator().mayOpenRisk, 'trading again')
  })

  it.each([
    ['PAUSED', PAUSE, 'trading.paused'] as const,
    ['HALTED', HALT, 'trading.halted'] as const,
    ['symbol halted', HALT_BTC, 'trading.symbolHalted'] as const,
  ])('takes entries back although the process died in the moment it was written (%s)', async (_, command, fact) => {
    const world = await ready()
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.bus.subscribe('reaper', 'SYSTEM_EVENTS', ({ payload }) => {
      if (payload.type === fact) world.journal.die()
    })
    world.command(command)
    await world.until(() => world.hasDied, 'the end of the process')
    world.kill()
    await world.boot()
    await world.until(() => world.order('entry')?.status === 'CANCELLED', 'a cancelled entry', MINUTE)
    expect(await world.venueOrders()).toEqual([])
  })

  it('outlives the process', async () => {
    const world = await ready()
    world.command(HALT)
    await world.until(() => state(world) === 'HALTED', 'halted')
    world.kill()
    await world.boot()
    await world.pass(MINUTE)
    expect(world.system.desk.coordinator()).toMatchObject({ state: 'HALTED', reconciliation: 'READY' })
    expect(world.system.desk.system()).toMatchObject({ state: 'halted', ready: true })
  })

  it.each([['position.opening', PAUSE] as const, ['risk.approved', HALT] as const, ['signal.accepted', HALT] as const])(
    'lets no entry slip through that was being born when it came (on %s)',
    async (moment, command) => {
      const world = await ready()
      world.bus.subscribe('trader', moment === 'signal.accepted' ? 'SYSTEM_EVENTS' : 'RISK_ALERTS', ({ payload }) => {
        if (payload.type === moment) world.command(command)
      })
      world.bus.subscribe('trader', 'EXECUTION_EVENTS', ({ payload }) => {
        if (payload.type === moment) world.command(command)
      })
      world.signal()
      await world.pass(10 * SECOND)
      expect(['PAUSED', 'HALTED']).toContain(state(world))
      expect(await world.venueOrders()).toEqual([])
      await world.pass(2 * MINUTE)
      expect(world.system.desk.positions({ status: 'open' })).toEqual([])
      expect(world.system.house.books.liveOrders()).toEqual([])
    },
  )
})

describe('the comparison with the venue', () => {
  it('does not mistake a fill that comes while it asks for one that nobody can explain', async () => {
    for (let step = 0; step <= 20; step += 1) {
      const world = await ready()
      world.signal()
      await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
      const checks = world.told('reconciliation.completed').length
      let isAsking = false
      const { openOrders } = world.venue
      world.exchange.openOrders = () => {
        isAsking = true
        return openOrders.call(world.venue)
      }
      await world.until(() => isAsking, 'a comparison', MINUTE)
      await world.pass(step * 25)
      world.print(BTC, '49990')
      await world.until(() => world.told('reconciliation.completed').length > checks, 'its end')
      await world.until(() => world.is('protected'), 'a protected position')
      expect(world.factsOf('reconciliation.completed').flatMap(({ unexplained }) => unexplained)).toEqual([])
      expect(world.factsOf('reconciliation.completed').map(({ adopted }) => adopted)).not.toContain(1)
      expect(state(world)).toBe('RUNNING')
    }
  })
})

describe('a stop of the process', () => {
  it('cancels entries, leaves stops, and ends only when everything is on the disk', async () => {
    const world = await holding()
    world.signal({ symbol: XRP, entryPrice: '1', stopLoss: '0.98', takeProfit: '1.05' })
    await world.until(() => world.order('entry')?.request.symbol === XRP, 'a second entry')
    await world.until(() => world.order('entry')?.status === 'OPEN', 'a second entry at the venue')
    world.system.drain('SIGINT')
    await world.until(() => world.ends.length > 0, 'the end')
    expect(world.ends).toEqual([{ because: 'drained', life: 1 }])
    expect(world.journal.pending).toBe(0)
    expect((await world.venueOrders()).map(({ triggerPrice }) => triggerPrice)).toEqual(['49000'])
  })

  it('waits for the stop of what was filled in the last moment', async () => {
    const world = await ready()
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.print(BTC, '49990')
    await world.until(() => world.order('entry')?.status === 'FILLED', 'a filled entry')
    world.system.drain('SIGINT')
    await world.until(() => world.ends.length > 0, 'the end')
    expect(world.ends).toEqual([{ because: 'drained', life: 1 }])
    expect(world.order('stop')?.status).toBe('OPEN')
  })

  it('gives up waiting after fifteen seconds, and says so', async () => {
    const world = await ready()
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.exchange.cancel = () => new Promise(() => undefined)
    const asked = world.clock.now()
    world.system.drain('SIGINT')
    await world.until(() => world.ends.length > 0, 'the end')
    expect(world.ends).toEqual([{ because: 'drain-overdue', life: 1 }])
    expect(world.clock.now() - asked).toBe(15 * SECOND)
    world.system.stop()
    await world.exchange.stop()
    await world.pass(10 * MINUTE)
    // A timer that is still armed would keep the process alive for ever: only the market's own beat is.
    world.fallSilent()
    world.clock.fireNext()
    expect((world.clock.nextDueAt() ?? 0) - world.clock.now()).toBe(10 * SECOND)
  })

  it('says nothing of a comparison that its end cuts short', async () => {
    const world = await ready()
    const asked = Promise.withResolvers<void>()
    const { openOrders } = world.exchange
    world.exchange.openOrders = () => asked.promise.then(() => openOrders())
    const compared = world.system.execution.syncWithExchange()
    const failed = world.told('reconciliation.failed').length
    world.system.stop()
    asked.resolve()
    expect(await compared).toMatchObject({ ok: false })
    expect(world.told('reconciliation.failed')).toHaveLength(failed)
  })
})
