/** Trading on margin, on paper: longs with leverage, shorts, what they cost, and how they end. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { ExecutionResult, TradeProposal } from '../../actors/execution-desk.ts'
import { asset } from '../../src/domain/ids.ts'
import { ledgerGap } from '../../src/domain/ledger.ts'
import { amount, sumOf, text } from '../../src/domain/units.ts'
import { speak } from '../support/speak.ts'
import { BTC, MINUTE, World, type WorldOptions, XRP } from '../support/whole-system.ts'

const HOUR = 60 * MINUTE
let world: World

async function begin(options: WorldOptions = {}): Promise<void> {
  world = new World({ margin: true, ...options })
  await world.bootReady()
}
beforeEach(() => begin())

const LONG: TradeProposal = {
  ...{ symbol: BTC, action: 'BUY', confidence: 0.9, entryPrice: '50000', stopLoss: '49000', takeProfit: '52500' },
  ...{ sizePct: 10, leverage: 2, reasoning: 'by hand' },
}
const SHORT: TradeProposal = {
  ...{ symbol: XRP, action: 'SELL', confidence: 0.9, entryPrice: '1', stopLoss: '1.02', takeProfit: '0.95' },
  ...{ sizePct: 10, leverage: 1, reasoning: 'by hand' },
}

async function trade(proposal: TradeProposal): Promise<ExecutionResult> {
  let answer: ExecutionResult | null = null
  void world.system.execution.executeTrade(proposal).then((given) => {
    answer = given
  })
  await world.until(() => answer !== null, 'an answer')
  return answer ?? { accepted: false }
}

/** The market trends: without a regime nothing is levered. */
const trend = (): void => {
  for (const symbol of [BTC, XRP]) speak(world.system.house, { symbol, action: 'HOLD' })
}

async function open(proposal: TradeProposal, through: string): Promise<void> {
  trend()
  const answer = await trade(proposal)
  expect(answer, answer.message).toMatchObject({ accepted: true })
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(proposal.symbol === BTC ? BTC : XRP, through, '1000000')
  await world.until(() => world.is('protected'), 'a protected position')
}

/** The venue's balances and our books say the same, to the last digit, and the statement closes on the venue's. */
async function reconciled(): Promise<void> {
  const { house } = world.system
  await world.pass(35_000)
  const completed = world.factsOf('reconciliation.completed').at(-1)
  expect(completed?.unexplained).toEqual([])
  const balances = await world.venueBalances()
  const totals = house.books.totals() ?? {}
  for (const { asset, total } of balances) expect([asset, totals[asset]]).toEqual([asset, total])
  const statement = world.system.figures().ledger(balances)
  expect(statement).not.toBeNull()
  if (statement !== null) expect(text(ledgerGap(statement))).toBe('0')
}

/** What our books say is not free of the cash. */
const tiedUp = (): string => world.system.desk.allocation()?.balances.find(({ asset }) => asset === 'USDT')?.held ?? '0'
const usdt = async (): Promise<string> =>
  (await world.venueBalances()).find((one) => one.asset === 'USDT')?.total ?? '0'

describe('a long at 2×', () => {
  it('is opened with its collateral alone, protected by a stop that only reduces, and moves no coins', async () => {
    await open(LONG, '49990')
    expect(world.order('entry')?.request).toMatchObject({ leverage: 2, reduceOnly: false, side: 'buy' })
    expect(world.order('stop')?.request).toMatchObject({ leverage: 2, reduceOnly: true, side: 'sell' })
    expect(world.position()).toMatchObject({ side: 'long', leverage: 2 })
    const balances = await world.venueBalances()
    expect(balances.find((one) => one.asset === 'BTC')?.total).toBe('0.1')
    await reconciled()
  })

  it('pays for opening, for being kept open, and its loss when the stop ends it', async () => {
    await open(LONG, '49990')
    const before = amount(await usdt())
    await reconciled()
    expect(world.factsOf('account.financed')).toHaveLength(1)
    await world.pass(4 * HOUR)
    expect(world.factsOf('account.financed')).toHaveLength(2)
    expect(amount(await usdt()).lt(before)).toBe(true)
    await reconciled()
    world.print(BTC, '48900')
    await world.until(() => world.is('closed'), 'the end')
    const position = world.position()
    expect(position.closeReason).toBe('stop_loss')
    await reconciled()
    const net = amount(position.realisedGross)
      .minus(position.fees)
      .minus(world.system.house.books.financingOf(position.positionId))
    expect(text(amount(await usdt()).minus('10000'))).toBe(text(net))
  })
})

describe('a short at 1×', () => {
  it('is sent at 2, reserves its full collateral, and gains what the price falls', async () => {
    await open(SHORT, '1.0001')
    expect(world.order('entry')?.request).toMatchObject({ leverage: 2, side: 'sell', reduceOnly: false })
    expect(world.order('stop')?.request).toMatchObject({ leverage: 2, reduceOnly: true, side: 'buy' })
    const { quantity, entryPrice, leverage, side } = world.position()
    expect({ leverage, side }).toEqual({ leverage: 1, side: 'short' })
    expect(tiedUp()).toBe(text(amount(quantity).times(entryPrice)))
    const balances = await world.venueBalances()
    expect(balances.find((one) => one.asset === 'XRP')?.total).toBe('5000')
    await reconciled()
    world.print(XRP, '0.94')
    await world.until(() => world.is('closed'), 'the end')
    expect(world.position().closeReason).toBe('take_profit')
    expect(amount(world.position().realisedGross).gt(0)).toBe(true)
    await reconciled()
  })
})

describe('both at once', () => {
  it('outlive the process, and are closed by command: the statement closes, and no coin has moved', async () => {
    await open(LONG, '49990')
    await open(SHORT, '1.0001')
    await reconciled()
    const [long, short] = world.positions()
    expect([long?.side, short?.side]).toEqual(['long', 'short'])
    world.kill()
    await world.pass(5 * HOUR)
    await world.bootReady()
    await reconciled()
    expect(world.factsOf('account.financed').length).toBeGreaterThanOrEqual(4)
    world.print(BTC, '50500')
    world.print(XRP, '1.005')
    await world.pass(1_000)
    const flattened = await world.system.flatten()
    expect(flattened.map(({ outcome }) => outcome)).toEqual(['asked', 'asked'])
    await world.until(() => world.positions().every(({ phase }) => phase === 'closed'), 'the end of both')
    await reconciled()
    const { books } = world.system.house
    expect(books.marginLots()).toEqual([])
    const net = world
      .positions()
      .map((one) => amount(one.realisedGross).minus(one.fees).minus(books.financingOf(one.positionId)))
    expect(text(amount(await usdt()).minus('10000'))).toBe(text(sumOf(net)))
    const balances = await world.venueBalances()
    expect(balances.filter(({ asset }) => asset !== 'USDT').map(({ total }) => total)).toEqual(['0.1', '5000'])
  })

  it('two longs on one symbol are netted by the venue oldest first, and the money still adds up', async () => {
    await open({ ...LONG, sizePct: 5 }, '49990')
    world.print(BTC, '50200')
    await world.pass(1_000)
    const higher = { ...LONG, sizePct: 5, entryPrice: '50200', stopLoss: '49400', takeProfit: '52500' }
    await open(higher, '50190')
    await reconciled()
    world.print(BTC, '49300')
    await world.until(() => world.position().phase === 'closed', 'the stop of the younger')
    expect(world.positions().map(({ phase }) => phase)).toEqual(['protected', 'closed'])
    await reconciled()
    world.print(BTC, '48900')
    await world.until(() => world.positions().every(({ phase }) => phase === 'closed'), 'the stop of the older')
    await reconciled()
    const { books } = world.system.house
    const net = world
      .positions()
      .map((one) => amount(one.realisedGross).minus(one.fees).minus(books.financingOf(one.positionId)))
    expect(text(amount(await usdt()).minus('10000'))).toBe(text(sumOf(net)))
  })
})

describe('the margin of the account', () => {
  it('is never used beyond half of the equity, whatever is asked', async () => {
    await open({ ...LONG, sizePct: 20 }, '49990')
    trend()
    const answers = [
      await trade({ ...SHORT, sizePct: 20 }),
      await trade({ ...SHORT, sizePct: 20 }),
      await trade({ ...SHORT, sizePct: 20 }),
    ]
    const equity = amount(world.system.desk.allocation()?.equity ?? 0)
    expect(amount(tiedUp()).lte(equity.times('0.5'))).toBe(true)
    expect(answers.some(({ accepted }) => !accepted)).toBe(true)
  })
})

describe('what the venue closes by force', () => {
  it('is the position’s end, booked once, and no flow of somebody else', async () => {
    // No way out gets through, and the cash that would have carried the loss is gone.
    world.exchange.faults.refuses = ({ request }) =>
      request.purpose === 'entry' ? null : { code: 'mode', message: 'EService:Market in cancel_only mode' }
    trend()
    expect(await trade(LONG)).toMatchObject({ accepted: true })
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.print(BTC, '49990', '1000000')
    await world.until(() => world.is('protecting'), 'a position that looks for protection')
    await world.pass(1_000)
    const rest = amount(await usdt()).minus('2100')
    world.venue.byHand((engine, at) => engine.withdraw(asset('USDT'), text(rest), at))
    world.print(BTC, '30000')
    await world.until(() => world.position().phase === 'closed', 'the end')
    expect(world.position().closeReason).toBe('liquidated')
    expect(world.factsOf('position.liquidated')).toHaveLength(1)
    await reconciled()
    await reconciled()
    expect(world.factsOf('order.filledLate')).toHaveLength(1)
    expect(world.told('order.external')).toEqual([])
    expect(world.factsOf('account.flowed').map(({ flow }) => flow.kind)).toEqual(['withdrawal'])
    const { books } = world.system.house
    expect(books.marginLots()).toEqual([])
    const { positionId, realisedGross, fees, financing } = world.position()
    expect(financing).toBe(books.financingOf(positionId))
    const net = amount(realisedGross).minus(fees).minus(books.financingOf(positionId))
    expect(text(amount(await usdt()).minus(amount('10000').minus(rest)))).toBe(text(net))
  })

  it('is not sold again and again meanwhile, each order in the way of the comparison that would find it', async () => {
    await open(LONG, '49990')
    const { positionId } = world.position()
    world.exchange.faults.bendsBalances = () => Promise.resolve({ kind: 'lost', problem: 'the line broke' })
    const rest = amount(await usdt()).minus('2100')
    world.venue.byHand((engine, at) => {
      for (const order of engine.openOrders()) engine.cancel(order.venueOrderId, at)
      const ended = engine.advanceTo(at)
      engine.withdraw(asset('USDT'), text(rest), at)
      return ended
    })
    world.print(BTC, '30000')
    await world.pass(5 * MINUTE)
    expect(world.is('emergencyExit')).toBe(true)
    const exits = [...world.system.house.books.ordersOf(positionId)].filter(({ request }) => request.purpose === 'exit')
    expect(exits.length).toBeLessThan(16)
    world.exchange.faults.bendsBalances = null
    await world.until(() => world.position().phase === 'closed', 'the end', 2 * MINUTE)
    expect(world.position().closeReason).toBe('liquidated')
  })
})
