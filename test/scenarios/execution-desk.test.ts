/** The owner's execution manager: trades, cancellations, open orders and a comparison, asked from outside. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { ExecutionResult, TradeProposal } from '../../actors/execution-desk.ts'
import { BTC, MINUTE, World, type WorldOptions, XRP } from '../support/whole-system.ts'

let world: World

async function begin(options: WorldOptions = {}): Promise<void> {
  world = new World(options)
  await world.bootReady()
}
beforeEach(() => begin())

const wanted = (over: Partial<TradeProposal> = {}): TradeProposal => ({
  ...{ symbol: BTC, action: 'BUY', confidence: 0.9, entryPrice: '50000', stopLoss: '49000', takeProfit: '52500' },
  ...{ sizePct: 10, leverage: 1, reasoning: 'by hand', ...over },
})
const wantedXrp = { symbol: XRP, entryPrice: '1', stopLoss: '0.98', takeProfit: '1.05' }

async function result<T>(asked: Promise<T>): Promise<T> {
  let isThere = false
  void asked.finally(() => {
    isThere = true
  })
  await world.until(() => isThere, 'an answer')
  return asked
}
const trade = (over: Partial<TradeProposal> = {}): Promise<ExecutionResult> =>
  result(world.system.execution.executeTrade(wanted(over)))

/** A long of BTC with its stop at the venue. */
async function holdBtc(): Promise<void> {
  await trade()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
}

describe('a trade', () => {
  it('goes through the risk engine and is answered with its order and its position', async () => {
    const { accepted, orderId, positionId } = await trade()
    expect(accepted).toBe(true)
    expect(world.order('entry')).toMatchObject({ orderId, request: { positionId, purpose: 'entry' } })
    expect(world.factsOf('risk.approved')[0]).toMatchObject({ positionId })
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    expect(await world.venueOrders()).toHaveLength(1)
  })

  it.each<[string, unknown]>([
    ['no symbol', { symbol: undefined }],
    ['a symbol that is not traded', { symbol: 'ETH/USDT' }],
    ['a symbol that is none', { symbol: 'nonsense' }],
    ['an action that opens nothing', { action: 'HOLD' }],
    ['a confidence out of range', { confidence: 1.5 }],
    ['a confidence that is no number', { confidence: Number.NaN }],
    ['no size', { sizePct: 0 }],
    ['half a leverage', { leverage: 1.5 }],
    ['a price that is no number', { entryPrice: 'dear' }],
    ['a price below zero', { stopLoss: '-1' }],
  ])('with %s is refused without a throw, and nothing is asked', async (_, over) => {
    const answer = await trade(over as Partial<TradeProposal>)
    expect(answer).toMatchObject({ accepted: false, code: 'INVALID_PROPOSAL' })
    expect(answer.message).not.toBe('')
    expect([...world.told('risk.approved'), ...world.told('risk.denied')]).toEqual([])
  })

  it('that core coins would pay for is refused, and says whose they are', async () => {
    const answer = await trade({ symbol: 'XRP/BTC' })
    expect(answer).toMatchObject({ accepted: false, code: 'INVALID_PROPOSAL' })
    expect(answer.message).toMatch(/^XRP\/BTC is paid in BTC, .* never spends: trade pairs quoted in USDT$/)
  })

  it('that is no proposal at all is refused too', async () => {
    const answers = [null, undefined, 'buy', 7].map((given) =>
      result(world.system.execution.executeTrade(given as unknown as TradeProposal)),
    )
    for (const answer of answers) expect(await answer).toMatchObject({ accepted: false, code: 'INVALID_PROPOSAL' })
  })

  it.each<[string, Partial<TradeProposal>, string]>([
    ['has no stop', { stopLoss: null }, 'STOP_LOSS_REQUIRED'],
    ['is not sure enough', { confidence: 0.2 }, 'CONFIDENCE_TOO_LOW'],
    ['is far from the market', { entryPrice: '47000', stopLoss: '46000' }, 'STALE_PRICE'],
    ['would sell what is not held', { action: 'SELL', stopLoss: '51000', takeProfit: '47500' }, 'SHORT_UNAVAILABLE'],
  ])('that %s is denied with the code of the risk engine', async (_, over, code) => {
    expect(await trade(over)).toMatchObject({ accepted: false, code })
    expect(world.placements(/./)).toBe(0)
  })

  it('is refused while trading is paused, and while it is halted', async () => {
    world.command({ type: 'pause-trading', reason: 'user', by: 'trader' })
    expect(await trade()).toMatchObject({ accepted: false, code: 'PAUSED' })
    world.command({ type: 'halt-trading', reason: 'enough', by: 'trader' })
    expect(await trade()).toMatchObject({ accepted: false, code: 'HALTED' })
    expect(world.placements(/./)).toBe(0)
  })

  it('is refused on a symbol with an order of unknown state', async () => {
    world.exchange.faults.losesRequest = () => true
    await trade()
    await world.until(() => world.order('entry')?.phase === 'unknown', 'an order of unknown state')
    expect(await trade()).toMatchObject({ accepted: false, code: 'UNKNOWN_ORDER_ON_SYMBOL' })
  })

  it('counts entries that only rest: the third on a symbol is one too many', async () => {
    const answers = [await trade(), await trade(), await trade()]
    expect(answers.map(({ accepted }) => accepted)).toEqual([true, true, false])
    expect(answers[2]?.code).toBe('POSITION_LIMIT')
  })

  it('takes the last slot in the same breath as its approval: of two at once one is refused', async () => {
    const { limits } = world.settings
    await begin({ settings: { limits: { ...limits, maxPositions: 1 } } })
    const both = [wanted(), wanted(wantedXrp)].map((one) => result(world.system.execution.executeTrade(one)))
    const answers = [await both[0], await both[1]]
    expect(answers.map((answer) => answer?.accepted)).toEqual([true, false])
    expect(answers[1]?.code).toBe('POSITION_LIMIT')
  })

  it('against what is held closes it and opens nothing', async () => {
    await holdBtc()
    const { positionId } = world.position()
    expect(await trade({ action: 'SELL' })).toMatchObject({ accepted: true, positionId })
    await world.until(() => world.is('closed'), 'a closed position')
    expect(world.positions()).toHaveLength(1)
  })

  it('is answered when its entry could not be born, because trading stopped in between', async () => {
    const asked = result(world.system.execution.executeTrade(wanted()))
    world.command({ type: 'pause-trading', reason: 'user', by: 'trader' })
    const { accepted } = await asked
    await world.pass(MINUTE)
    expect(accepted && world.order('entry')?.status !== 'CANCELLED' && world.order('entry')?.status !== 'ERROR').toBe(
      false,
    )
    expect(await world.venueOrders()).toEqual([])
  })
})

describe('a cancellation', () => {
  it('takes a resting entry back', async () => {
    const { orderId = '' } = await trade()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    expect(world.system.execution.cancelOrder(orderId)).toMatchObject({ accepted: true, orderId })
    await world.until(() => world.order('entry')?.status === 'CANCELLED', 'a cancelled entry')
    expect(world.system.execution.cancelOrder(orderId)).toMatchObject({ accepted: false, code: 'ALREADY_ENDED' })
  })

  it('is refused for an order that nobody knows, and for the stop of what is held', async () => {
    expect(world.system.execution.cancelOrder('nothing')).toMatchObject({ accepted: false, code: 'UNKNOWN_ORDER' })
    await holdBtc()
    const stop = world.order('stop')?.orderId ?? ''
    expect(world.system.execution.cancelOrder(stop)).toMatchObject({ accepted: false, code: 'PROTECTIVE' })
    await world.pass(MINUTE)
    expect(world.is('protected')).toBe(true)
  })
})

it('tells the open orders, of all pairs or of one, in either spelling', async () => {
  await trade()
  await trade(wantedXrp)
  const symbols = (symbol?: string) =>
    world.system.execution.getOpenOrders(symbol).map(({ request }) => String(request.symbol))
  expect(symbols()).toEqual(['BTC/USDT', 'XRP/USDT'])
  expect(symbols('XRP_USDT')).toEqual(['XRP/USDT'])
  expect([symbols('ETH/USDT'), symbols('nonsense')]).toEqual([[], []])
})

describe('a comparison that is asked for', () => {
  it('is answered with how many orders stand as we believe', async () => {
    await trade()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    expect(await result(world.system.execution.syncWithExchange())).toEqual({
      ...{ ok: true, synced: 1, adopted: 0, unexplained: [] },
    })
  })

  it('is answered with the problem when the venue does not answer', async () => {
    world.exchange.faults.bendsBalances = async () => ({ kind: 'lost', problem: 'the line broke' })
    expect(await result(world.system.execution.syncWithExchange())).toEqual({
      ...{ ok: false, problem: 'balances: the line broke' },
    })
  })
})
