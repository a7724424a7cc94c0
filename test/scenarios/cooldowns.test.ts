/** Rests that the market begins: a fast move refuses its symbol for ten minutes, whatever happens to the process meanwhile. */
import { describe, expect, it } from 'vitest'
import { BTC, MINUTE, SECOND, World, XRP } from '../support/whole-system.ts'

const XRP_LONG = { symbol: XRP, entryPrice: '1', stopLoss: '0.98', takeProfit: '1.05' } as const

/** A system that runs, and has just seen BTC rise by `to` within a minute. */
async function moved(to: string): Promise<World> {
  const world = new World()
  await world.bootReady()
  world.closeMinute(BTC, '50000', to)
  await world.pass(SECOND)
  return world
}
async function codesOf(world: World, over = {}): Promise<readonly string[]> {
  const before = world.factsOf('risk.denied').length + world.factsOf('risk.approved').length
  world.signal(over)
  const answered = () => world.factsOf('risk.denied').length + world.factsOf('risk.approved').length > before
  await world.until(answered, 'a verdict')
  const last = world.facts
    .map(({ fact }) => fact)
    .findLast(({ type }) => type === 'risk.denied' || type === 'risk.approved')
  return last?.type === 'risk.denied' ? last.codes : []
}

describe('after a fast move', () => {
  it('the symbol rests for ten minutes, then is traded again; another one never rested', async () => {
    const world = await moved('51501')
    const [rest, ...more] = world.factsOf('risk.cooldownBegan')
    expect([rest?.symbol, rest?.cause, more]).toEqual([BTC, 'fast_move', []])
    expect(await codesOf(world)).toEqual(['IN_COOLDOWN'])
    expect(await codesOf(world, XRP_LONG)).toEqual([])
    await world.pass((rest?.until ?? 0) - world.clock.now() - SECOND)
    expect(await codesOf(world)).toEqual(['IN_COOLDOWN'])
    await world.pass(2 * SECOND)
    expect(await codesOf(world)).toEqual([])
  })

  it('a killed process comes back resting: the rest is in the journal', async () => {
    const world = await moved('51501')
    world.kill()
    await world.bootReady()
    await world.pass(10 * SECOND)
    expect(await codesOf(world)).toEqual(['IN_COOLDOWN'])
    expect(world.factsOf('risk.cooldownBegan')).toHaveLength(1)
    await world.pass(10 * MINUTE)
    expect(await codesOf(world)).toEqual([])
  })

  it('exactly three per cent is no fast move', async () => {
    const world = await moved('51500')
    expect(await codesOf(world)).toEqual([])
    expect(world.factsOf('risk.cooldownBegan')).toEqual([])
  })
})
