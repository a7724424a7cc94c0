import { describe, expect, it } from 'vitest'
import { agentAddress, agentLogic } from '../../actors/agent.actor.ts'
import { type AgentParts, RULES_AGENTS, type RulesAgent } from '../../actors/analysis-desk.ts'
import { createSchedule, scheduleLogic } from '../../actors/schedule.actor.ts'
import type { SteppedSnapshot } from '../../actors/supervision/serving.ts'
import { MarketState } from '../../src/analysis/market-state.ts'
import type { Snapshot, SnapshotResult } from '../../src/analysis/snapshot.ts'
import { snapshotKey } from '../../src/analysis/snapshot-key.ts'
import { viewProblem } from '../../src/analysis/views/validate.ts'
import type { Candle } from '../../src/domain/candle.ts'
import type { Fact } from '../../src/domain/facts.ts'
import type { Pair } from '../../src/domain/ids.ts'
import { candlesOfCsv } from '../analysis/candle-files.ts'
import { path } from '../analysis/candles.ts'
import { marketData } from '../support/market-data.ts'
import { BTC, HOUR, MINUTE, routineHouse, XRP } from './routine-house.ts'

const DAY = 24 * HOUR
const MONDAY = Date.UTC(2026, 0, 5)
const WARM_UP_MINUTES = 12 * 1440

/** Minutes of a market that rises slowly in waves. */
const minutes = (symbol: Pair, base: number): Candle[] =>
  path(
    Array.from({ length: WARM_UP_MINUTES }, (_, at) => base * (1 + at / 200_000 + 0.02 * Math.sin(at / 900))),
    '1m',
    MONDAY,
  ).map((candle) => ({ ...candle, symbol }))
const MADE_UP: ReadonlyMap<Pair, readonly Candle[]> = new Map([
  [BTC, minutes(BTC, 50_000)],
  [XRP, minutes(XRP, 2)],
])
const NOW = MONDAY + WARM_UP_MINUTES * MINUTE

/** The three agents under a supervisor, over markets that know everything up to now. */
function office(breaks: (symbol: Pair, taken: SnapshotResult) => SnapshotResult = (_, taken) => taken) {
  const world = routineHouse(NOW)
  const { house, clock } = world
  const states = new Map([...MADE_UP].map(([symbol, candles]) => [symbol, stateOf(symbol, candles)]))
  const markets = marketsOf(states, () => clock.now(), breaks)
  world.start(childrenOf(house, { markets }))
  return {
    ...world,
    snapshot: (symbol: Pair): Snapshot => {
      const taken = states.get(symbol)?.snapshot(clock.now())
      if (taken?.kind !== 'taken') throw new Error('no snapshot')
      return taken.snapshot
    },
    run: (agent: RulesAgent, symbol: Pair = BTC, correlationId?: string) =>
      house.addresses.tell(agentAddress(agent), {
        type: 'run-agent',
        symbol,
        seenAt: clock.now(),
        ...(correlationId === undefined ? {} : { correlationId }),
      }),
    machine: (agent: RulesAgent) => {
      const { value, context } = (world.actor(agentAddress(agent)).getSnapshot() as SteppedSnapshot).machine
      return { state: value, runs: context.run, watched: context.watched }
    },
  }
}

function stateOf(symbol: Pair, candles: readonly Candle[]): MarketState {
  const state = new MarketState({ symbol })
  for (const candle of candles) state.add(candle)
  return state
}
const marketsOf = (
  states: ReadonlyMap<Pair, MarketState>,
  now: () => number,
  breaks: (symbol: Pair, taken: SnapshotResult) => SnapshotResult = (_, taken) => taken,
): AgentParts['markets'] => ({
  snapshot: (symbol) => {
    const state = states.get(symbol)
    if (state === undefined) throw new Error(`no market for ${symbol}`)
    return breaks(symbol, state.snapshot(now()))
  },
})
const childrenOf = (house: Parameters<typeof agentLogic>[0], parts: AgentParts) =>
  RULES_AGENTS.map((agent) => ({
    id: agent,
    systemId: agentAddress(agent),
    ...agentLogic(house, agent, parts),
    restart: 'permanent' as const,
  }))

/** A snapshot that no rule can read. */
const unreadable = (taken: SnapshotResult): SnapshotResult =>
  taken.kind === 'taken' ? { kind: 'taken', snapshot: { ...taken.snapshot, timeframes: null as never } } : taken

describe('a routine run', () => {
  it('publishes a view of technical analysis and touches no machine', () => {
    const it = office()
    it.run('technical_analysis')
    const [fact] = it.told('ta.analysed')
    expect(fact?.view).toMatchObject({ agent: 'technical_analysis', symbol: BTC, model: 'rules', usedFallback: false })
    expect(fact?.view).toMatchObject({ timestamp: NOW, latencyMs: 0, snapshotHash: `BTC/USDT@${NOW}` })
    expect(fact?.view.confidence).toBeGreaterThanOrEqual(0.4)
    expect(it.machine('technical_analysis')).toEqual({ state: 'idle', runs: 0, watched: [] })
  })

  it('names the story it belongs to', () => {
    const it = office()
    it.run('technical_analysis', BTC, 'story')
    it.run('technical_analysis')
    const [told, alone] = it.told('ta.analysed')
    expect(told).toMatchObject({ correlationId: 'story', causedBy: 'story' })
    expect(alone).toMatchObject({ causedBy: null, correlationId: alone?.id })
  })

  it('decides from what technical analysis and regime last said, with the hash of what it saw', () => {
    const it = office()
    it.run('trading_decision')
    it.run('technical_analysis')
    it.run('regime_detection')
    it.run('trading_decision')
    const [blind, seeing] = it.told('decision.proposed').map(({ proposal }) => proposal)
    expect(blind).toMatchObject({ action: 'HOLD', confidence: 0 })
    expect(seeing?.confidence).toBeGreaterThanOrEqual(0.45)
    expect(seeing?.snapshotHash).toBe(it.house.hash(snapshotKey(it.snapshot(BTC))))
    expect(blind?.proposalId).not.toBe(seeing?.proposalId)
  })

  it('does not decide from views that are too old for the consensus', () => {
    const it = office()
    it.run('technical_analysis')
    it.run('regime_detection')
    it.clock.advanceTo(NOW + 2 * MINUTE + 1)
    it.run('trading_decision')
    expect(it.told('decision.proposed').at(-1)?.proposal).toMatchObject({ action: 'HOLD', confidence: 0 })
  })

  it('holds a regime of each symbol for itself, and says what it changed from', () => {
    let adx = 40
    const it = office((symbol, taken) => {
      if (taken.kind === 'refused' || symbol === XRP) return taken
      const hourly = taken.snapshot.timeframes['1h']
      if (hourly === null) return taken
      const indicators = { ...hourly.indicators, adx_14: adx, rsi_14: 70, choppiness_14: 40 }
      const timeframes = { ...taken.snapshot.timeframes, '1h': { ...hourly, indicators } }
      return { kind: 'taken', snapshot: { ...taken.snapshot, timeframes } }
    })
    it.run('regime_detection')
    adx = 5
    for (const symbol of [BTC, XRP, BTC]) it.run('regime_detection', symbol)
    const story = it.told('regime.detected').map(({ symbol, view, changedFrom }) => [symbol, view.regime, changedFrom])
    expect(story[0]).toEqual([BTC, 'trending_bull', null])
    expect(story[1]).toEqual([BTC, 'trending_bull', null])
    expect(story[2]?.[2]).toBeNull()
    expect(story[3]).toEqual([BTC, 'ranging', 'trending_bull'])
  })

  it('has nothing to do with what the bus says to it', () => {
    const it = office()
    it.run('technical_analysis')
    const fact = it.facts[0] as Fact
    it.house.addresses.tell('agent:trading_decision', { type: 'fact.heard', fact })
    expect([it.crashes, it.told('actor.unhandled'), it.facts.length]).toEqual([[], [], 1])
  })
})

describe('a run that fails', () => {
  const kinds = {
    'no snapshot': {
      stage: 'gathering: 6 of 6 sources failed: 1m missing',
      break: (): SnapshotResult => ({
        kind: 'refused',
        reason: 'tooManySourcesFailed',
        flags: [{ source: '1m', problem: 'missing' }],
        failedSources: 6,
        sources: 6,
      }),
    },
    'a market that throws': {
      stage: 'gathering: no such market',
      break: (): SnapshotResult => {
        throw new Error('no such market')
      },
    },
    'a rule that throws': { stage: 'reasoning: Cannot read properties of null', break: unreadable },
    'a view out of bounds': {
      stage: 'validating: ',
      break: (taken: SnapshotResult): SnapshotResult => {
        if (taken.kind === 'refused') return taken
        const hourly = taken.snapshot.timeframes['1h']
        if (hourly === null) return taken
        const indicators = { ...hourly.indicators, adx_14: Number.NaN, choppiness_14: 80 }
        const timeframes = { ...taken.snapshot.timeframes, '1h': { ...hourly, indicators } }
        return { kind: 'taken', snapshot: { ...taken.snapshot, timeframes } }
      },
    },
  }

  it.each(Object.entries(kinds))('for %s is told and answered with a fallback that opens nothing', (_, kind) => {
    const it = office((symbol, taken) => (symbol === BTC ? kind.break(taken) : taken))
    for (const agent of RULES_AGENTS) for (const symbol of [BTC, XRP]) it.run(agent, symbol)
    const failures = it.told('agent.failed')
    expect(failures.length).toBeGreaterThan(0)
    for (const fact of failures) {
      expect(fact).toMatchObject({ symbol: BTC, usedFallback: true, problem: expect.stringContaining(kind.stage) })
    }
    const views = [...it.told('ta.analysed'), ...it.told('regime.detected')].map(({ view }) => view)
    const proposals = it.told('decision.proposed').map(({ proposal }) => proposal)
    expect([...views, ...proposals]).toHaveLength(6)
    for (const view of [...views, ...proposals]) expect(viewProblem(view)).toBeNull()
    for (const view of views.filter((one) => one.symbol === XRP)) expect(view.usedFallback).toBe(false)
    for (const { agent } of failures) {
      const own = [...views, ...proposals].find((one) => one.agent === agent && one.symbol === BTC)
      expect(own).toMatchObject({ usedFallback: true, confidence: 0, snapshotHash: 'BTC/USDT@none' })
    }
    expect(it.crashes).toEqual([])
  })

  it('never lets a fallback buy or sell', () => {
    const it = office((symbol, taken) => (symbol === BTC ? unreadable(taken) : taken))
    for (const agent of RULES_AGENTS) it.run(agent)
    expect(it.told('decision.proposed')[0]?.proposal).toMatchObject({ action: 'HOLD', confidence: 0, entryPrice: null })
  })

  it('is watched stage by stage until one goes well, then routine again', () => {
    let isBroken = true
    const it = office((_, taken) => (isBroken ? unreadable(taken) : taken))
    it.run('technical_analysis')
    expect(it.machine('technical_analysis')).toEqual({ state: 'idle', runs: 1, watched: [BTC] })
    it.run('technical_analysis')
    expect(it.told('agent.failed')).toHaveLength(2)
    isBroken = false
    it.run('technical_analysis')
    expect(it.machine('technical_analysis')).toEqual({ state: 'idle', runs: 3, watched: [] })
    it.run('technical_analysis')
    expect(it.machine('technical_analysis').runs).toBe(3)
    expect(it.told('ta.analysed').map(({ view }) => view.usedFallback)).toEqual([true, true, false, false])
    expect([it.clock.nextDueAt(), it.told('actor.unhandled')]).toEqual([null, []])
  })

  it('does not move the regime that is held', () => {
    let isBroken = false
    const it = office((_, taken) => (isBroken ? unreadable(taken) : taken))
    for (const broken of [false, true, false]) {
      isBroken = broken
      it.run('regime_detection')
    }
    const [first, blind, after] = it.told('regime.detected')
    expect(blind?.view).toMatchObject({ regime: 'choppy', confidence: 0, usedFallback: true })
    expect([after?.view.regime, after?.view.startedAt, after?.changedFrom]).toEqual([
      first?.view.regime,
      first?.view.startedAt,
      null,
    ])
  })
})

describe('a crash of an agent', () => {
  it('stops no other, and loses neither the regime nor what is watched', () => {
    let isBroken = false
    const it = office((_, taken) => (isBroken ? unreadable(taken) : taken))
    it.run('regime_detection')
    isBroken = true
    it.run('regime_detection', XRP)
    isBroken = false
    // A message that breaks the machine itself: a bug, not a run that fails.
    it.actor('agent:regime_detection').send({
      type: 'run-agent',
      get symbol(): Pair {
        throw new Error('a bug')
      },
    })
    expect(it.crashes).toEqual(['regime_detection: a bug'])
    expect(it.run('technical_analysis')).toBe(true)
    it.clock.advanceTo(NOW + MINUTE)
    expect(it.machine('regime_detection')).toMatchObject({ state: 'idle', watched: [XRP] })
    it.run('regime_detection')
    expect(it.told('regime.detected').at(-1)?.view).toMatchObject({ startedAt: NOW, periods: 2 })
  })
})

const files = { [BTC]: 'BTCUSDT', [XRP]: 'XRPUSDT' }
const dataOf = (symbol: Pair) => marketData(`candles/binance_${files[symbol]}_1m_20250101_20250204.csv.gz`)
const hasData = [BTC, XRP].every((symbol) => dataOf(symbol) !== null)

describe.skipIf(!hasData)(`a day of a real market${hasData ? '' : ' (skipped: no market data)'}`, () => {
  it('is analysed every minute, classified every five and decided every hour, on both symbols', () => {
    const begin = Date.UTC(2025, 0, 13)
    const { clock, house, start, told, crashes, facts } = routineHouse(begin)
    const coming = [BTC, XRP].flatMap((symbol) => candlesOfCsv(dataOf(symbol) ?? '', symbol, '1m'))
    const states = new Map([BTC, XRP].map((symbol) => [symbol, new MarketState({ symbol })]))
    for (const candle of coming) if (candle.openAt < begin) states.get(candle.symbol)?.add(candle)
    const schedule = createSchedule(house, {
      isSkipped: () => false,
      run: (...[task, symbol]) => {
        if (task === 'portfolio_check' || task === 'sentiment_analysis') return
        const agent = task === 'ta_analysis' ? 'technical_analysis' : task
        house.addresses.tell(agentAddress(agent), { type: 'run-agent', symbol, seenAt: clock.now() })
      },
    })
    const markets = marketsOf(states, () => clock.now())
    const desk = { id: 'schedule', systemId: 'schedule', logic: scheduleLogic(house, schedule) }
    start([...childrenOf(house, { markets }), { ...desk, restart: 'permanent' }])
    for (const candle of coming)
      if (candle.openAt >= begin && candle.openAt < begin + DAY)
        clock.at(candle.openAt + MINUTE, () => states.get(candle.symbol)?.add(candle))
    house.addresses.tell('schedule', { type: 'start-schedule', seenAt: begin })
    clock.advanceTo(begin + DAY)

    const proposals = told('decision.proposed').map(({ proposal }) => proposal)
    expect([told('ta.analysed').length, told('regime.detected').length, proposals.length]).toEqual([2882, 578, 50])
    const own = new Set(['ta.analysed', 'regime.detected', 'decision.proposed'])
    expect(facts.filter((fact) => !own.has(fact.type))).toEqual([])
    expect(crashes).toEqual([])
    for (const { view } of [...told('ta.analysed'), ...told('regime.detected')])
      expect([viewProblem(view), view.usedFallback, view.confidence > 0]).toEqual([null, false, true])
    for (const proposal of proposals) expect([viewProblem(proposal), proposal.usedFallback]).toEqual([null, false])
    const hashes = told('ta.analysed').map(({ view }) => view.snapshotHash)
    expect(new Set(hashes).size).toBe(2882)
  })
})
