import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { createAccount } from '../../actors/account.ts'
import { coordinatorInput, coordinatorLogic } from '../../actors/coordinator.actor.ts'
import { createDeadMan } from '../../actors/dead-man.ts'
import { createExchangeGateway } from '../../actors/exchange.actor.ts'
import type { Settings } from '../../actors/house.ts'
import { orderLogic } from '../../actors/order.actor.ts'
import { createOrderDesk } from '../../actors/orders.actor.ts'
import { createPermission } from '../../actors/permission.ts'
import { portfolioLogic } from '../../actors/portfolio.actor.ts'
import { positionLogic } from '../../actors/position.actor.ts'
import { createPositionDesk } from '../../actors/positions.actor.ts'
import { createRiskDesk } from '../../actors/risk-desk.ts'
import { createRiskMonitor } from '../../actors/risk-monitor.ts'
import { createTriggerIndex } from '../../actors/trigger-index.ts'
import { TOPIC_OF } from '../../src/domain/facts.ts'
import { pair } from '../../src/domain/ids.ts'
import type { RiskVerdict } from '../../src/domain/risk.ts'
import type { Mark } from '../../src/domain/valuation.ts'
import type { Proposal } from '../../src/domain/views.ts'
import type { Stopwatch } from '../../src/ports/clock.ts'
import { regime } from '../domain/view-builders.ts'
import {
  ALLOWED,
  BTC,
  balance,
  factOf,
  filledOrder,
  orderOf,
  positionOf,
  proposalOf,
  requestOf,
  SETTINGS,
  settle,
  T0,
  tradingHouse,
  XRP,
} from './trading-house.ts'

/** 10,000 USDT, a bull market, and a risk desk that may approve. */
function riskHouse(
  limits: Partial<Settings['limits']> = {},
  mayOpenRisk = true,
  spikeSince: (symbol: string) => number | null = () => null,
  stopwatch?: Stopwatch,
) {
  const house = tradingHouse({ settings: { limits: { ...SETTINGS.limits, ...limits } } })
  const marks: Record<string, Mark> = {
    'BTC/USDT': { price: '40000', at: T0 },
    'XRP/USDT': { price: '0.5', at: T0 },
  }
  const account = createAccount(house.house, () => marks)
  const permission = createPermission(
    () =>
      ({
        value: { control: mayOpenRisk ? 'running' : 'paused', degradation: 'normal', reconciliation: 'ready' },
      }) as never,
  )
  const measured = stopwatch === undefined ? house.house : { ...house.house, stopwatch }
  const volatilityOf = (symbol: string) => ({ spikeSince: spikeSince(symbol) })
  const monitor = createRiskMonitor(house.house, account, permission)
  const risk = createRiskDesk(measured, { account, monitor, marks: () => marks, permission, volatilityOf })
  house.openAccount([balance('USDT', '10000')], { 'BTC/USDT': '40000' })
  for (const symbol of [BTC, XRP]) {
    const view = regime({ symbol, timestamp: T0 })
    house.bus.publish('regime_detection', factOf({ type: 'regime.detected', symbol, view, changedFrom: null }))
  }
  const judge = (proposal: Proposal = proposalOf()) => {
    risk.hear(factOf({ type: 'decision.proposed', symbol: proposal.symbol, proposal }))
    return risk.judge(proposal, proposal.confidence, [proposal.confidence])
  }
  return { ...house, account, monitor, marks, risk, judge, permission }
}
const codes = (verdict: RiskVerdict) => (verdict.kind === 'denied' ? verdict.codes : 'approved')
const xrp = (id: string): Proposal =>
  proposalOf({ proposalId: id, symbol: XRP, entryPrice: '0.5', stopLoss: '0.49', takeProfit: '0.53' })
const btc = (id: string): Proposal => proposalOf({ proposalId: id })

describe('a reservation', () => {
  it('is made in the same breath as the approval: the next judgement sees the slot taken', () => {
    const { judge, risk } = riskHouse({ maxPositionsPerSymbol: 1 })
    expect(codes(judge(btc('first')).verdict)).toBe('approved')
    expect(risk.reserved()).toBe(1)
    expect(codes(judge(btc('second')).verdict)).toEqual(['POSITION_LIMIT'])
    expect(risk.reserved()).toBe(1)
  })

  it('takes its money too: what is promised cannot be promised again', () => {
    const { judge } = riskHouse({ maxExposurePct: 15, maxCorrelatedPct: 100 })
    expect(codes(judge(btc('first')).verdict)).toBe('approved')
    expect(codes(judge(xrp('second')).verdict)).toContain('EXPOSURE_LIMIT')
  })

  it('is given back when it is released', () => {
    const { judge, risk } = riskHouse({ maxPositionsPerSymbol: 1 })
    const { positionId } = judge(btc('first'))
    risk.release(positionId)
    expect(risk.reserved()).toBe(0)
    expect(codes(judge(btc('second')).verdict)).toBe('approved')
  })

  it('is not made by a denial', () => {
    const { judge, risk } = riskHouse({}, false)
    expect(codes(judge().verdict)).toContain('TRADING_HALTED')
    expect(risk.reserved()).toBe(0)
  })

  it('ends where the entry that it was made for is known, which then takes the slot itself', () => {
    const { judge, risk, books } = riskHouse({ maxPositionsPerSymbol: 1 })
    const { positionId, verdict } = judge(btc('first'))
    if (verdict.kind === 'denied') throw new Error(verdict.reasons.join('; '))
    const order = orderOf('entry', requestOf({ ...verdict.order, positionId }), {
      status: 'PENDING',
      phase: 'intended',
    })
    const opening = positionOf({ positionId, phase: 'opening', quantity: '0', entryPrice: '0' })
    books.apply(factOf({ type: 'position.opening', position: opening }))
    books.apply(factOf({ type: 'order.intended', order }))
    expect(risk.reserved()).toBe(0)
    expect(codes(judge(btc('second')).verdict)).toEqual(['POSITION_LIMIT'])
  })

  it('ends with a position that was over before it had an order', () => {
    const { judge, risk, books } = riskHouse({ maxPositionsPerSymbol: 1 })
    const { positionId } = judge(btc('first'))
    const over = positionOf({ positionId, status: 'closed', entryPrice: '0', closeReason: 'entry_unfilled' })
    books.apply(factOf({ type: 'position.closed', position: over }))
    expect(risk.reserved()).toBe(0)
    expect(codes(judge(btc('second')).verdict)).toBe('approved')
  })
})

describe('what the desk sees', () => {
  it('a spike of volatility halves the size, of its own symbol', () => {
    const { judge } = riskHouse({}, true, (symbol) => (symbol === XRP ? null : T0))
    const { verdict } = judge(btc('spiking'))
    expect(verdict).toMatchObject({ kind: 'approved', margin: '500', warnings: ['VOLATILITY_SPIKE'] })
    expect(judge(xrp('calm')).verdict).toMatchObject({ kind: 'approved', margin: '1000', warnings: [] })
  })

  it('a rest that the market began refuses the symbol until it is over', () => {
    const { judge, books } = riskHouse()
    const rest = { type: 'risk.cooldownBegan', symbol: BTC, cause: 'fast_move', until: T0 + 1 } as const
    books.apply(factOf(rest))
    expect(codes(judge(btc('resting')).verdict)).toEqual(['IN_COOLDOWN'])
    expect(codes(judge(xrp('awake')).verdict)).toBe('approved')
  })

  it('no price, or one of more than a minute ago, refuses what would open, and never reads as zero', () => {
    const { judge, marks, clock } = riskHouse()
    delete marks['BTC/USDT']
    expect(codes(judge(btc('blind')).verdict)).toContain('STALE_DATA')
    marks['BTC/USDT'] = { price: '0', at: T0 }
    expect(codes(judge(btc('zero')).verdict)).toContain('STALE_DATA')
    marks['BTC/USDT'] = { price: '40000', at: T0 }
    clock.advanceTo(T0 + 60_001)
    expect(codes(judge(btc('late')).verdict)).toContain('STALE_DATA')
    marks['BTC/USDT'] = { price: '40000', at: T0 + 1 }
    expect(codes(judge(btc('fresh')).verdict)).toBe('approved')
  })

  it('tells how long it took, which is no part of the verdict; nothing where nothing is measured', () => {
    let now = 0
    const stopwatch = { microseconds: () => (now += 250) }
    const measured = riskHouse({}, true, () => null, stopwatch).judge()
    expect(measured.timeTakenUs).toBe(250)
    const unmeasured = riskHouse().judge()
    expect(unmeasured.timeTakenUs).toBeNull()
    expect(measured.verdict).toEqual(unmeasured.verdict)
    expect(JSON.stringify(measured.verdict)).not.toContain('timeTaken')
  })

  it('judges only a proposal that everybody could see, and only the newest of its symbol', () => {
    const { risk, judge } = riskHouse()
    expect(codes(risk.judge(btc('hidden'), 0.9, []).verdict)).toEqual(['INVALID_PROPOSAL'])
    risk.hear(factOf({ type: 'decision.proposed', symbol: BTC, proposal: btc('old') }))
    judge(btc('new'))
    expect(codes(risk.judge(btc('old'), 0.9, []).verdict)).toEqual(['INVALID_PROPOSAL'])
  })

  it.each(['HOLD', 'CLOSE_LONG', 'CLOSE_SHORT'] as const)('takes %s for no purchase', (action) => {
    const { judge } = riskHouse()
    expect(codes(judge(proposalOf({ action })).verdict)).toEqual(['INVALID_PROPOSAL'])
  })

  it('an open position and the rest of its entry take one slot, not two', () => {
    const { judge, books } = riskHouse({ maxPositionsPerSymbol: 2 })
    const half = orderOf('entry', requestOf({ quantity: '0.002' }), { status: 'PARTIALLY_FILLED', filled: '0.001' })
    books.apply(factOf({ type: 'order.opened', order: half }))
    books.apply(factOf({ type: 'position.filled', position: positionOf({ quantity: '0.001' }) }))
    expect(codes(judge(btc('second')).verdict)).toBe('approved')
  })

  it('an entry that is filled keeps its slot and its money before its position has written down that it heard', () => {
    const { judge, books } = riskHouse({ maxPositionsPerSymbol: 1, maxExposurePct: 15, maxCorrelatedPct: 100 })
    books.apply(
      factOf({
        type: 'position.opening',
        position: positionOf({ phase: 'opening', quantity: '0', entryPrice: '0' }),
      }),
    )
    books.apply(filledOrder(orderOf('entry', requestOf({ quantity: '0.025' })), '40000', '0.025'))
    expect(codes(judge(btc('second')).verdict)).toContain('POSITION_LIMIT')
    expect(codes(judge(xrp('third')).verdict)).toContain('EXPOSURE_LIMIT')
  })

  it('counts what is held against BTC in USD, by the price of BTC', () => {
    const { judge, books, marks } = riskHouse()
    const XRP_BTC = pair('XRP/BTC')
    marks['XRP/BTC'] = { price: '0.00001', at: T0 }
    const prices = { entryPrice: '0.00001', stopLoss: '0.0000097', takeProfit: null }
    books.apply(
      factOf({ type: 'position.filled', position: positionOf({ symbol: XRP_BTC, quantity: '20000', ...prices }) }),
    )
    const { verdict } = judge(btc('beside'))
    expect(codes(verdict)).toEqual(['EXPOSURE_LIMIT', 'CORRELATED_EXPOSURE'])
    expect(verdict.kind === 'denied' && verdict.figures?.exposurePct).toBe('90')
  })

  it('a symbol with an order whose state is unknown opens nothing', () => {
    const { judge, books } = riskHouse()
    const unknown = orderOf('lost', requestOf({ quantity: '0.001' }), { status: 'PENDING', phase: 'unknown' })
    books.apply(factOf({ type: 'order.unknown', order: unknown }))
    expect(codes(judge().verdict)).toContain('UNKNOWN_ORDER_ON_SYMBOL')
    expect(codes(judge(xrp('other')).verdict)).toBe('approved')
  })

  it('without a fresh mark nothing is opened', () => {
    const { judge, clock } = riskHouse()
    clock.advanceTo(T0 + 60_001)
    expect(codes(judge().verdict)).toContain('STALE_DATA')
  })

  it('without a statement of what trading has lost nothing is opened, though every balance has its price', () => {
    const { house, account, monitor, marks, permission } = riskHouse()
    const blind = { ...account, measure: () => null }
    const risk = createRiskDesk(house, { account: blind, monitor, marks: () => marks, permission })
    risk.admit('first')
    expect(codes(risk.judge(xrp('first'), 0.9, [0.9]).verdict)).toEqual(['STALE_DATA'])
  })

  it('a symbol rests after a loss', () => {
    const { judge, books } = riskHouse()
    books.apply(factOf({ type: 'position.closed', position: positionOf({ status: 'closed', realisedGross: '-5' }) }))
    expect(codes(judge().verdict)).toContain('IN_COOLDOWN')
    expect(codes(judge(xrp('other')).verdict)).toBe('approved')
  })
})

it('refuses to open where a position cannot be counted on: nobody looks after it', () => {
  const { house, account, monitor, marks, permission, books } = riskHouse()
  books.apply(factOf({ type: 'position.filled', position: positionOf() }))
  const judgedBy = (lives: boolean) => {
    const risk = createRiskDesk(house, { account, monitor, marks: () => marks, permission, lives: () => lives })
    risk.admit('first')
    return codes(risk.judge(xrp('first'), 0.9, [0.9]).verdict)
  }
  expect(judgedBy(false)).toContain('POSITIONS_UNAVAILABLE')
  expect(judgedBy(true)).not.toContain('POSITIONS_UNAVAILABLE')
})

/** Coordinator, portfolio, desks and pools with real machines, so that an approval goes all the way to its order. */
function tradingDesk(limits: Partial<Settings['limits']>) {
  const desk = riskHouse(limits)
  const { house, enlist, spawn } = desk
  const orders = createOrderDesk(house, orderLogic(house, createExchangeGateway(house, ALLOWED)), spawn, {
    mayOpenRisk: () => true,
  })
  const positions = createPositionDesk(
    house,
    positionLogic(house, { orders, triggers: createTriggerIndex(() => true), deadMan: createDeadMan(house) }),
    spawn,
  )
  const parts = { orders, positions, risk: desk.risk }
  const input = coordinatorInput(house, null)
  const coordinator = createActor(coordinatorLogic(house, parts), { id: 'coordinator', input })
  enlist('coordinator', coordinator).start()
  const portfolio = { check: () => {}, look: () => {}, allow: () => {} }
  enlist('portfolio', createActor(portfolioLogic(house, { risk: desk.risk, portfolio }))).start()
  desk.listenAs('exchange')
  return { ...desk, coordinator }
}
const opens = (proposal: Proposal) => ({
  ...{ type: 'signal.judged' as const, proposal, seenAt: T0 },
  inputs: {
    now: T0,
    views: { technical: null, regime: null, sentiment: null },
    held: [],
    lossStreak: 0,
    marginEnabled: false,
  },
  judgement: {
    ...{ kind: 'open' as const, action: 'BUY' as const, conflicts: [], resolution: null },
    consensus: {
      ...{ ratio: null, agreeing: 0, present: 0, multiplier: 1, raw: 0.9, boosted: 0.9 },
      stances: { technical: 'absent', regime: 'absent', sentiment: 'absent' },
    },
  },
})

describe('from verdict to birth', () => {
  it.each(['risk.approved', 'position.opening', 'order.intended'] as const)(
    'the slot stays taken, also when the disk stands still after %s',
    async (lastDurable) => {
      const { bus, coordinator, journal, judge, risk, told } = tradingDesk({ maxPositionsPerSymbol: 1 })
      const topic = TOPIC_OF[lastDurable]
      bus.subscribe('disk', topic, ({ payload }) => (payload.type === lastDurable ? journal.hold() : undefined))
      coordinator.send({ type: 'reconciliation.passed', seenAt: T0 })
      risk.hear(factOf({ type: 'decision.proposed', symbol: BTC, proposal: btc('first') }))
      coordinator.send(opens(btc('first')))
      await settle()
      expect(told(lastDurable)).toHaveLength(1)
      expect(journal.pending).toBeGreaterThan(0)
      expect(codes(judge(btc('second')).verdict)).toEqual(['POSITION_LIMIT'])

      journal.release()
      await settle()
      expect(told('order.submitted')).toHaveLength(1)
      expect(risk.reserved()).toBe(0)
      expect(codes(judge(btc('third')).verdict)).toEqual(['POSITION_LIMIT'])
    },
  )

  it('a verdict that nobody is there to hear gives its slot back', () => {
    const { house, risk, enlist } = riskHouse()
    const unused = { check: () => {}, look: () => {}, allow: () => {} }
    const portfolio = enlist('portfolio', createActor(portfolioLogic(house, { risk, portfolio: unused })))
    portfolio.start()
    risk.hear(factOf({ type: 'decision.proposed', symbol: BTC, proposal: btc('first') }))
    const about = { proposal: btc('first'), confidence: 0.9, viewConfidences: [] }
    portfolio.send({ type: 'assess-proposal', ...about, correlationId: 'story', seenAt: T0 })
    expect(risk.reserved()).toBe(0)
  })
})
