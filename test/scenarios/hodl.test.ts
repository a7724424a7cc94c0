/** A day of trading profits, hodl purchases and a DCA plan, with restarts: what was told adds up to what is there. */
import { describe, expect, it } from 'vitest'
import { bagOf } from '../../src/domain/hodl.ts'
import { asset } from '../../src/domain/ids.ts'
import { ledgerGap } from '../../src/domain/ledger.ts'
import { amount, sumOf, text } from '../../src/domain/units.ts'
import { liveOn, type Prices, planOf, statement } from '../support/core-lives.ts'
import { BTC, MINUTE, World, XRP } from '../support/whole-system.ts'

const HOUR = 60 * MINUTE
const START = { USDT: '10000', BTC: '0.1', XRP: '5000' }
const [USDT, XRP_COIN, BTC_COIN] = [asset('USDT'), asset('XRP'), asset('BTC')]

interface Win {
  readonly symbol: typeof BTC
  readonly entry: string
  readonly dip: string
  readonly stop: string
  readonly target: string
}

/** A long that is bought at the dip and sold at its target. */
async function win(world: World, { symbol, entry, dip, stop, target }: Win): Promise<void> {
  const closed = world.factsOf('position.closed').length
  const asked = world.system.execution.executeTrade({
    ...{ symbol, action: 'BUY', confidence: 0.95, entryPrice: entry, stopLoss: stop, takeProfit: target },
    ...{ sizePct: 10, leverage: 1, reasoning: 'by hand' },
  })
  let answer: Awaited<typeof asked> | null = null
  void asked.then((given) => {
    answer = given
  })
  await world.until(() => answer !== null, 'an answer')
  expect(answer).toMatchObject({ accepted: true })
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(symbol, dip, '1000000')
  await world.until(() => world.is('protected'), 'a protected position')
  world.print(symbol, target, '1000000')
  await world.until(() => world.factsOf('position.closed').length > closed, 'a profit taken')
}

const HIGH: Prices = { [BTC]: '60000', [XRP]: '1.2' }
const tableOf = (world: World) => {
  const { bags, highUsd } = world.system.house.books.hodl()
  return { highUsd, bags: bags.map(({ asset: of, ...bag }) => ({ of, ...bag })) }
}

/** Three trades that win some 900 USD together, and a day after them. */
async function day(world: World, restart: () => Promise<void>): Promise<void> {
  await win(world, { symbol: BTC, entry: '50000', dip: '49990', stop: '49000', target: '80000' })
  world.print(BTC, '60000')
  await liveOn(world, HOUR, { [BTC]: '60000', [XRP]: '1' })
  await win(world, { symbol: XRP, entry: '1', dip: '0.9998', stop: '0.98', target: '1.6' })
  world.print(XRP, '1.2')
  await restart()
  await liveOn(world, HOUR, HIGH)
  await win(world, { symbol: BTC, entry: '60000', dip: '59990', stop: '59000', target: '96000' })
  world.print(BTC, '60000')
  await liveOn(world, HOUR, HIGH)
  expect(world.system.rebalance('a person')).toMatchObject({ action: 'rebalance', executionStrategy: 'dca_24h' })
  await liveOn(world, 6 * HOUR, HIGH)
  await restart()
  await liveOn(world, 18 * HOUR, HIGH)
}

describe('a day of hodl purchases and DCA', () => {
  it('ends with exactly the balances that what was told adds up to, across restarts', async () => {
    const world = new World()
    await world.bootReady()
    await day(world, async () => {
      world.kill()
      await world.bootReady()
    })
    expect(planOf(world).status).toBe('completed')
    const balances = await world.venueBalances()
    const lines = statement(world, START, balances)
    const shown = JSON.stringify([lines, tableOf(world)], null, 1)
    expect(
      lines.map(({ end }) => end),
      shown,
    ).toEqual(lines.map(({ balance }) => balance))
    expect(
      lines.map(({ balance }) => balance),
      shown,
    ).toEqual(['USDT', 'BTC', 'XRP'].map((of) => world.system.house.books.totals()?.[of]))
    const ledger = world.system.figures().ledger(balances)
    expect(ledger === null ? null : ledgerGap(ledger).toString(), shown).toBe('0')

    // Ten per cent of the profit, to the cent: spent or pending, each bag above nothing.
    const book = world.system.house.books.hodl()
    expect(book.highUsd, shown).toBe(world.system.figures().pnlNet)
    const setAside = sumOf(book.bags.flatMap((bag) => [amount(bag.pendingUsd), amount(bag.spentUsd)]))
    expect(text(setAside), shown).toBe(text(amount(book.highUsd).div(10).toDecimalPlaces(2, 1)))
    // Each new high by the trade that made it.
    const closed = world.factsOf('position.closed').map(({ position }) => position.positionId)
    expect(world.factsOf('hodl.accrued').map(({ positionId }) => positionId)).toEqual(closed)
    for (const of of [USDT, XRP_COIN, BTC_COIN]) expect(amount(bagOf(book, of).quantity).gt(0), shown).toBe(true)
    const sent = world.exchange.sent.flatMap(({ call, key }) => (call === 'place' && key !== undefined ? [key] : []))
    expect(new Set(sent).size, shown).toBe(sent.length)

    // What the bags hold is none of the core's, and the core came to its targets without it.
    const core = world.system.desk.allocation()
    const bagged = (of: string) => balances.find((one) => one.asset === of)?.total ?? '0'
    for (const row of core?.holdings ?? [])
      expect(row.quantity, shown).toBe(text(amount(bagged(row.asset)).minus(amount(bagOf(book, row.asset).quantity))))
    expect(Number(core?.maxDeviationPct), shown).toBeLessThan(1)
    if (process.env.SHOW !== undefined) process.stdout.write(`${shown}\n`)
  })
})

describe('a new high', () => {
  it('names the position that made it although the process died before the bags heard of it', async () => {
    const world = new World()
    await world.bootReady()
    world.bus.subscribe('reaper', 'EXECUTION_EVENTS', ({ payload }) => {
      if (payload.type === 'position.closed') world.journal.die()
    })
    await win(world, { symbol: BTC, entry: '50000', dip: '49990', stop: '49000', target: '80000' })
    world.kill()
    await world.bootReady()
    const [closed] = world.factsOf('position.closed')
    await world.until(() => world.told('hodl.accrued').length > 0, 'something set aside')
    expect(world.factsOf('hodl.accrued').map(({ positionId }) => positionId)).toEqual([closed?.position.positionId])
  })
})

/** So much profit is told as if trades had brought it, and the first coins are on order. */
async function ordering(): Promise<World> {
  const world = new World()
  await world.bootReady()
  const { house } = world.system
  const rules = world.settings.portfolio.hodlRules
  house.addresses.tell('hodl', { type: 'profit.told', profitUsd: '500', rules, seenAt: world.clock.now() })
  await world.until(() => world.order('hodl')?.status === 'OPEN', 'an order of the bags')
  expect(world.order('hodl')).toMatchObject({
    request: { key: 'hodl/BTC/1', book: 'core', side: 'buy', type: 'limit' },
  })
  return world
}
const bitcoins = (world: World) => world.factsOf('hodl.bought').filter((fact) => fact.asset === BTC_COIN)

describe('a purchase of the bags', () => {
  it('that fills while the process is dead is counted once, and never ordered twice', async () => {
    const world = await ordering()
    world.kill()
    world.print(BTC, '49990', '1000000')
    await world.bootReady()
    await world.until(() => bitcoins(world).length === 1, 'coins in the bag')
    await world.pass(2 * HOUR)
    expect(bitcoins(world)).toHaveLength(1)
    expect(world.placements(/^hodl\//)).toBe(1)
    const { quantity, spentUsd } = bagOf(world.system.house.books.hodl(), BTC_COIN)
    const order = world.order('hodl')
    expect([quantity, spentUsd]).toEqual([order?.filled, text(amount(order?.cost ?? 0).plus(amount(order?.fees ?? 0)))])
  })

  it('goes on through a crash of the bags, which restarts nobody else', async () => {
    const world = await ordering()
    const bug = Object.defineProperty({ type: 'profit.told', seenAt: world.clock.now() }, 'profitUsd', {
      get: () => {
        throw new Error('a bug')
      },
    })
    world.system.house.addresses.tell('hodl', bug as never)
    await world.until(() => world.factsOf('actor.restarted').length > 0, 'a restart')
    expect(world.factsOf('actor.restarted').map(({ actor }) => actor)).toEqual(['hodl'])
    world.print(BTC, '49990', '1000000')
    await world.until(() => bitcoins(world).length === 1, 'coins in the bag')
    expect(world.placements(/^hodl\//)).toBe(1)
  })

  it('is taken back by a pause, told once, and made when trading goes on', async () => {
    const world = await ordering()
    world.command({ type: 'pause-trading', reason: 'user', by: 'test' })
    await world.until(() => world.order('hodl')?.status === 'CANCELLED', 'an order taken back')
    await world.pass(5 * HOUR)
    expect(world.factsOf('hodl.postponed').map((fact) => fact.asset)).toEqual(['BTC'])
    expect(world.placements(/^hodl\//)).toBe(1)
    world.command({ type: 'resume-trading', reason: 'user', by: 'test' })
    await world.until(() => world.order('hodl')?.status === 'OPEN', 'another order')
    world.print(BTC, '49990', '1000000')
    await world.until(() => bitcoins(world).length === 1, 'coins in the bag')
  })
})
