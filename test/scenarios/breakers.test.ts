/** The circuit breakers from the price to the order: each acts once, over restarts too, and each has its way back. */
import { describe, expect, it } from 'vitest'
import type { RiskLimits } from '../../src/domain/risk-limits.ts'
import { amount } from '../../src/domain/units.ts'
import { BTC, MINUTE, NOON, SECOND, World, XRP } from '../support/whole-system.ts'

const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const MIDNIGHT = NOON + 12 * HOUR
const RESUME = { type: 'resume-trading', reason: 'user', by: 'trader' } as const
const PAUSE = { type: 'pause-trading', reason: 'user', by: 'trader' } as const
const RESET = { type: 'reset-trading', by: 'admin' } as const
const FAR = { dailyLossPct: 90, weeklyLossPct: 90, drawdownPct: 90, straightLosses: 90 }
/** What the fall to 49,100 costs: 1.8 % of a tenth of the account, and fees. */
const SMALL = 0.15
/** The market repeats its last price every ten seconds: by then a loss has a second reading, on a newer price. */
const SECOND_PRICE = 12 * SECOND

function withBreakers(breakers: Partial<RiskLimits['breakers']>): World {
  const base = new World().settings
  const cooldownMinutes = { afterTrade: 0, afterLoss: 0, byLosses: [], afterRebalance: 0 }
  const limits = { ...base.limits, breakers: { ...FAR, ...breakers }, cooldownMinutes }
  return new World({ settings: { limits: { ...limits, fastMove: { ...limits.fastMove, cooldownMinutes: 0 } } } })
}
async function enter(world: World): Promise<void> {
  const held = world.positions().length
  world.signal()
  await world.until(() => world.positions().length > held && world.order('entry')?.status === 'OPEN', 'an entry')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
}
async function holding(breakers: Partial<RiskLimits['breakers']>): Promise<World> {
  const world = withBreakers(breakers)
  await world.bootReady()
  await enter(world)
  return world
}
const coordinator = (world: World) => world.system.desk.coordinator()
const state = (world: World) => coordinator(world).state
const tripped = (world: World) => world.factsOf('risk.breakerTripped').map(({ breaker }) => breaker)
const latched = (world: World) => world.system.desk.risk().breakers.map(({ name }) => name)
async function restart(world: World): Promise<void> {
  world.kill()
  await world.bootReady()
}

describe('a daily loss', () => {
  it.each([
    ['in one life', false],
    ['over a restart', true],
  ])('pauses until the next UTC day, when it resumes by itself (%s)', async (_, dies) => {
    const world = await holding({ dailyLossPct: SMALL })
    world.print(BTC, '49100')
    await world.until(() => state(world) === 'PAUSED', 'a pause', SECOND_PRICE)
    expect(tripped(world)).toEqual(['daily_loss'])
    expect(world.factsOf('risk.breakerTripped')[0]).toMatchObject({ until: MIDNIGHT, thresholdPct: '0.15' })
    expect(coordinator(world)).toMatchObject({ pauseReasons: ['daily_loss'], mayOpenRisk: false })
    if (dies) await restart(world)
    world.command(RESUME)
    world.command({ ...RESUME, reason: 'daily_loss' })
    await world.pass(2 * SECOND)
    expect(state(world)).toBe('PAUSED')
    expect(world.factsOf('command.refused')).toHaveLength(2)
    expect(world.order('stop')?.status).toBe('OPEN')
    await world.pass(MIDNIGHT - world.clock.now() - 1)
    expect(state(world)).toBe('PAUSED')
    await world.pass(2 * SECOND)
    expect(state(world)).toBe('RUNNING')
    expect(world.factsOf('risk.breakerLifted')).toMatchObject([{ breaker: 'daily_loss', by: 'time' }])
    expect(tripped(world)).toEqual(['daily_loss'])
    expect(latched(world)).toEqual([])
    if (dies) await restart(world)
    await world.pass(2 * MINUTE)
    expect(state(world)).toBe('RUNNING')
    expect(tripped(world)).toEqual(['daily_loss'])
  })

  it('leaves a pause by a person standing', async () => {
    const world = await holding({ dailyLossPct: SMALL })
    world.command(PAUSE)
    world.print(BTC, '49100')
    await world.until(() => coordinator(world).pauseReasons.includes('daily_loss'), 'a second reason', SECOND_PRICE)
    await world.pass(MIDNIGHT - world.clock.now() + SECOND)
    expect(coordinator(world)).toMatchObject({ state: 'PAUSED', pauseReasons: ['user'] })
    world.command(RESUME)
    await world.until(() => state(world) === 'RUNNING', 'running again')
  })

  it.each(['risk.breakerTripped', 'trading.paused'] as const)(
    'pauses although the process died in the moment of %s',
    async (fact) => {
      const world = await holding({ dailyLossPct: SMALL })
      const topic = fact === 'trading.paused' ? 'SYSTEM_EVENTS' : 'RISK_ALERTS'
      world.bus.subscribe('reaper', topic, ({ payload }) => {
        if (payload.type === fact) world.journal.die()
      })
      world.print(BTC, '49100')
      await world.until(() => world.hasDied, 'the end of the process', SECOND_PRICE)
      world.kill()
      await world.bootReady()
      await world.until(() => state(world) === 'PAUSED', 'a pause', SECOND)
      expect(tripped(world)).toEqual(['daily_loss'])
    },
  )

  it('takes resting entries back, and lets no signal through', async () => {
    const world = await holding({ dailyLossPct: SMALL })
    world.signal({ symbol: XRP, entryPrice: '1', stopLoss: '0.98', takeProfit: '1.05', sizePct: 5 })
    await world.until(() => world.order('entry')?.request.symbol === XRP, 'an entry')
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.print(BTC, '49100')
    await world.until(() => world.order('entry')?.status === 'CANCELLED', 'a cancelled entry')
    world.signal({ symbol: XRP, entryPrice: '1', stopLoss: '0.98', takeProfit: '1.05', sizePct: 5 })
    await world.until(() => world.told('signal.dropped').length > 0, 'a dropped signal')
    expect(world.factsOf('signal.dropped')[0]?.reason).toBe('PAUSED')
  })
})

describe('a weekly loss', () => {
  const halved = (world: World) => world.factsOf('position.reduced').filter(({ reason }) => reason === 'breaker')

  it.each([
    ['in one life', false],
    ['over a restart', true],
  ])(
    'halves what is held once, stop first, and is over in the next week once a person saw it (%s)',
    async (_, dies) => {
      const world = await holding({ weeklyLossPct: SMALL })
      const held = amount(world.position().quantity)
      world.print(BTC, '49100')
      await world.until(() => tripped(world).length > 0, 'a trip', SECOND_PRICE)
      if (dies) await restart(world)
      await world.until(() => halved(world).length > 0, 'half a position')
      await world.until(() => world.order('stop')?.status === 'OPEN', 'its stop')
      const half = Number(held.div(2))
      expect(Number(world.position().quantity)).toBeCloseTo(half, 6)
      expect(Number(world.order('stop')?.quantity)).toBeCloseTo(half, 6)
      expect(coordinator(world)).toMatchObject({
        ...{ state: 'RUNNING', mayOpenRisk: false, breakers: [{ name: 'weekly_loss', acknowledged: false }] },
      })
      world.signal({ symbol: XRP, entryPrice: '1', stopLoss: '0.98', takeProfit: '1.05', sizePct: 5 })
      await world.until(() => world.told('risk.denied').length > 0, 'a verdict')
      expect(world.factsOf('risk.denied')[0]?.codes).toContain('CIRCUIT_BREAKER')
      if (dies) await restart(world)
      await world.pass(10 * MINUTE)
      expect(halved(world)).toHaveLength(1)
      expect(Number(world.position().quantity)).toBeCloseTo(half, 6)

      // The rest of the week goes by while nobody is there.
      world.kill()
      world.fallSilent()
      await world.pass(7 * DAY - 12 * HOUR + MINUTE - (world.clock.now() - NOON))
      world.print(XRP, '1')
      world.print(BTC, '49100')
      await world.bootReady()
      expect(latched(world)).toEqual(['weekly_loss'])
      world.command(RESET)
      await world.pass(2 * SECOND)
      expect(world.factsOf('risk.breakerAcknowledged')).toMatchObject([{ breaker: 'weekly_loss', by: 'admin' }])
      expect(latched(world)).toEqual([])
      expect(world.factsOf('risk.breakerLifted')).toMatchObject([{ breaker: 'weekly_loss', by: 'time' }])
      expect(halved(world)).toHaveLength(1)
      expect(tripped(world)).toEqual(['weekly_loss'])
    },
  )

  it('takes resting entries back and leaves the core book its orders', async () => {
    const world = await holding({ weeklyLossPct: SMALL })
    expect(world.system.rebalance('a person')).toMatchObject({ action: 'rebalance' })
    await world.until(() => world.order('rebalance')?.status === 'OPEN', 'a resting order of the plan')
    world.signal({ symbol: XRP, entryPrice: '0.995', stopLoss: '0.975', takeProfit: '1.05', sizePct: 5 })
    await world.until(() => world.order('entry')?.request.symbol === XRP, 'an entry')
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.print(BTC, '49100', '0.0001')
    await world.until(() => world.order('entry')?.status === 'CANCELLED', 'an entry taken back', 5 * SECOND)
    await world.pass(2 * MINUTE)
    // That of BTC went for the way out that would have met it.
    const ofXrp = world.orders('rebalance').filter(({ request: { symbol } }) => symbol === XRP)
    expect(ofXrp.map(({ status }) => status)).toEqual(['OPEN'])
  })

  it('that was seen within its week stands until the week is over', async () => {
    const world = await holding({ weeklyLossPct: SMALL })
    world.print(BTC, '49100')
    await world.until(() => tripped(world).length > 0, 'a trip', SECOND_PRICE)
    world.command(RESET)
    await world.pass(MINUTE)
    expect(world.system.desk.risk().breakers).toMatchObject([{ name: 'weekly_loss', acknowledged: true }])
    world.command(RESET)
    await world.pass(SECOND)
    expect(world.factsOf('command.refused')).toMatchObject([{ command: 'reset-trading' }])
  })
})

describe('a drawdown from the peak', () => {
  it.each([
    ['in one life', false],
    ['over a restart', true],
  ])('halts and closes every position, leaves core alone, and only a reset leads out (%s)', async (_, dies) => {
    const world = await holding({ drawdownPct: SMALL })
    const core = (await world.venueBalances()).find(({ asset }) => asset === 'XRP')?.total
    world.print(BTC, '49100')
    await world.until(() => state(world) === 'HALTED', 'a halt', SECOND_PRICE)
    if (dies) await restart(world)
    await world.until(() => world.is('closed'), 'a closed position')
    expect(world.position().closeReason).toBe('breaker')
    expect(coordinator(world)).toMatchObject({ state: 'HALTED', haltReason: 'drawdown' })
    const balances = new Map((await world.venueBalances()).map(({ asset, total }) => [String(asset), total]))
    expect([balances.get('XRP'), balances.get('BTC')]).toEqual([core, '0.1'])
    world.command(RESUME)
    await world.pass(DAY)
    expect(state(world)).toBe('HALTED')
    expect(world.system.desk.risk().breakers).toMatchObject([{ name: 'drawdown', until: null, acknowledged: false }])

    world.command(RESET)
    await world.until(() => coordinator(world).mayOpenRisk, 'trading again')
    await world.pass(2 * SECOND)
    expect(latched(world)).toEqual([])
    expect(world.factsOf('risk.breakerAcknowledged')).toMatchObject([{ breaker: 'drawdown', by: 'admin' }])
    expect(world.factsOf('risk.breakerLifted')).toMatchObject([{ breaker: 'drawdown', by: 'admin' }])
    if (dies) await restart(world)
    await world.pass(2 * MINUTE)
    expect(world.system.desk.risk().readings.drawdownPct).toBe('0')
    expect(tripped(world)).toEqual(['drawdown'])
    expect(coordinator(world)).toMatchObject({ state: 'RUNNING', haltReason: null })
  })

  it('closes what is open although the process died in the moment it was latched', async () => {
    const world = await holding({ drawdownPct: SMALL })
    world.bus.subscribe('reaper', 'RISK_ALERTS', ({ payload }) => {
      if (payload.type === 'risk.breakerTripped') world.journal.die()
    })
    world.print(BTC, '49100')
    await world.until(() => world.hasDied, 'the end of the process', SECOND_PRICE)
    world.kill()
    await world.bootReady()
    await world.until(() => world.is('closed'), 'a closed position')
    expect(coordinator(world)).toMatchObject({ state: 'HALTED', haltReason: 'drawdown' })
    expect(world.placements(/\/exit\//)).toBe(1)
    expect(tripped(world)).toEqual(['drawdown'])
  })
})

describe('one wrong print', () => {
  it.each([
    ['for less than a second', 900],
    ['until the next price comes, seconds later', 5 * SECOND],
  ])('pauses no day, halves no week and sells nothing, though it stands %s', async (_, ms) => {
    const world = await holding({ dailyLossPct: SMALL, weeklyLossPct: SMALL, drawdownPct: SMALL })
    await world.pass(SECOND - (world.clock.now() % (10 * SECOND)) + 10 * SECOND)
    world.print(BTC, '49100')
    // Another market's prices prove nothing.
    await world.pass(ms / 2)
    world.print(XRP, '1')
    await world.pass(ms / 2)
    world.print(BTC, '49990')
    await world.pass(MINUTE)
    expect(tripped(world)).toEqual([])
    expect(state(world)).toBe('RUNNING')
  })

  it('that nobody renews is stale within a minute, and trips nothing', async () => {
    const world = await holding({ dailyLossPct: SMALL, weeklyLossPct: SMALL, drawdownPct: SMALL })
    world.print(BTC, '49100')
    world.fallSilent()
    await world.pass(3 * MINUTE)
    expect(tripped(world)).toEqual([])
    world.print(XRP, '1')
    world.print(BTC, '49100')
    await world.until(() => tripped(world).length === 3, 'all three, once it was renewed', 3 * SECOND)
  })
})

describe('a person', () => {
  it('pauses and resumes, and closes everything once, core holdings apart', async () => {
    const world = await holding({})
    world.system.pause('trader')
    await world.until(() => state(world) === 'PAUSED', 'a pause')
    expect(coordinator(world).pauseReasons).toEqual(['user'])
    world.system.resume('trader')
    await world.until(() => state(world) === 'RUNNING', 'running again')
    world.system.closeAll('trader')
    world.system.closeAll('trader')
    await world.until(() => world.is('closed'), 'a closed position')
    expect(world.position().closeReason).toBe('api')
    expect(world.placements(/\/exit\//)).toBe(1)
    expect(world.factsOf('command.accepted').map(({ command, by }) => [command, by])).toEqual([
      ['pause-trading', 'trader'],
      ['resume-trading', 'trader'],
      ['close-all-positions', 'trader'],
      ['close-all-positions', 'trader'],
    ])
    const balances = new Map((await world.venueBalances()).map(({ asset, total }) => [String(asset), total]))
    expect([balances.get('XRP'), balances.get('BTC')]).toEqual(['5000', '0.1'])
  })
})

describe('marks', () => {
  it('that are stale freeze the breakers, and never read as zero', async () => {
    const world = await holding({ dailyLossPct: SMALL, drawdownPct: SMALL })
    world.fallSilent()
    await world.pass(2 * MINUTE)
    const { readings } = world.system.desk.risk()
    expect(readings).toMatchObject({ isFrozen: true, dayLossPct: null, drawdownPct: null })
    expect(tripped(world)).toEqual([])
    world.print(XRP, '1')
    world.print(BTC, '49100')
    await world.until(() => tripped(world).includes('daily_loss'), 'a trip once prices are there', SECOND_PRICE)
  })
})

describe('core holdings', () => {
  it('may fall as they like: the account is warned of, no breaker trips', async () => {
    const world = withBreakers({ dailyLossPct: 5, weeklyLossPct: 10, drawdownPct: 20 })
    await world.bootReady()
    await world.pass(2 * MINUTE)
    world.print(BTC, '20000')
    await world.pass(3 * MINUTE)
    world.print(XRP, '0.5')
    await world.pass(3 * MINUTE)
    expect(tripped(world)).toEqual([])
    expect(world.factsOf('account.drawdownWarned')).toHaveLength(1)
    expect(Number(world.factsOf('account.drawdownWarned')[0]?.drawdownPct)).toBeGreaterThanOrEqual(20)
    await restart(world)
    await world.pass(3 * MINUTE)
    world.print(BTC, '50000')
    world.print(XRP, '1')
    await world.pass(2 * MINUTE)
    world.print(BTC, '20000')
    world.print(XRP, '0.5')
    await world.pass(2 * MINUTE)
    expect(world.factsOf('account.drawdownWarned')).toHaveLength(2)
  })
})
