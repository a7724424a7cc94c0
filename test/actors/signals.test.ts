import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { coordinatorInput, coordinatorLogic, signalsLogic } from '../../actors/coordinator.actor.ts'
import { createPermission } from '../../actors/permission.ts'
import type { JournaledSnapshot } from '../../actors/supervision/journaled.ts'
import { CAUSES, type Cause, counted, levelOf } from '../../src/domain/degradation.ts'
import type { PositionId } from '../../src/domain/ids.ts'
import { regime, sentiment, technical } from '../domain/view-builders.ts'
import {
  BTC,
  factOf,
  POSITION,
  positionOf,
  proposalOf,
  SETTINGS,
  settle,
  T0,
  tradingHouse,
  XRP,
} from './trading-house.ts'

/** The desk beside a real coordinator. */
function signalsHouse() {
  const house = tradingHouse()
  house.listenAs('portfolio')
  const closed: string[] = []
  const released: PositionId[] = []
  const logic = coordinatorLogic(house.house, {
    orders: { cancelEntries: (reason: string) => closed.push(`entries: ${reason}`) },
    positions: { close: (id: PositionId, reason: string) => closed.push(`${id}: ${reason}`) > 0 },
    risk: { release: (id: PositionId) => void released.push(id) },
  } as never)
  const input = coordinatorInput(house.house, null)
  const coordinator = createActor(logic, { id: 'coordinator', input })
  house.enlist('coordinator', coordinator)
  coordinator.start()
  const machine = () => (coordinator.getSnapshot() as JournaledSnapshot).machine
  const permission = createPermission(machine)
  house.enlist('signals', createActor(signalsLogic(house.house, permission))).start()
  const answered = (cause: Cause, ok: boolean): void => {
    house.house.addresses.tell('signals', { type: 'source.answered', cause, ok })
  }
  const heardEvents = () => house.journal.countsByType()
  return { ...house, coordinator, permission, answered, heardEvents, closed, released }
}

describe('counting who answers', () => {
  it('raises the level at the third, sixth and ninth failure in a row, and says each change once', async () => {
    const { answered, permission, told, journal } = signalsHouse()
    const levels: string[] = []
    for (let failure = 1; failure <= 11; failure += 1) {
      answered('exchange', false)
      levels.push(permission.level())
    }
    await journal.settled()
    expect([levels[1], levels[2], levels[4], levels[5], levels[7], levels[8], levels[10]]).toEqual([
      ...['NORMAL', 'REDUCED', 'REDUCED', 'LIMITED', 'LIMITED', 'EMERGENCY', 'EMERGENCY'],
    ])
    expect(told('degradation.changed').map(({ from, to, recovered }) => `${from} ${to} ${recovered}`)).toEqual([
      ...['NORMAL REDUCED false', 'REDUCED LIMITED false', 'LIMITED EMERGENCY false'],
    ])
    expect(permission.mayOpenRisk()).toBe(false)
  })

  it('takes one failure off for three successes in a row, and says so as a recovery', async () => {
    const { answered, permission, told, journal } = signalsHouse()
    for (let failure = 0; failure < 3; failure += 1) answered('database', false)
    answered('database', true)
    answered('database', true)
    expect(permission.level()).toBe('REDUCED')
    answered('database', true)
    expect(permission.level()).toBe('NORMAL')
    await journal.settled()
    expect(told('degradation.changed').at(-1)).toMatchObject({ from: 'REDUCED', to: 'NORMAL', recovered: true })
  })

  it('is a plain counter while all is well, and while the counter stands still: no message, no row', async () => {
    const { answered, heardEvents, journal } = signalsHouse()
    for (let success = 0; success < 50; success += 1) answered('market_data', true)
    await journal.settled()
    expect(heardEvents()['degradation.crossed']).toBeUndefined()
    for (let failure = 0; failure < 20; failure += 1) answered('market_data', false)
    await journal.settled()
    expect(heardEvents()['degradation.crossed']).toBe(9)
  })

  it('keeps each source apart: two failures of two sources are not four', () => {
    const { answered, permission } = signalsHouse()
    for (const cause of ['exchange', 'market_data', 'exchange', 'market_data'] as const) answered(cause, false)
    expect(permission.level()).toBe('NORMAL')
    expect(permission.context()?.counters).toMatchObject({ exchange: { failures: 2 }, market_data: { failures: 2 } })
  })

  it('agrees with the counting rule, whatever answers in whatever order', () => {
    const { answered, permission } = signalsHouse()
    let expected = {}
    for (let step = 0; step < 200; step += 1) {
      const cause = CAUSES[(step * 7) % CAUSES.length] ?? 'llm'
      const ok = (step * step) % 5 > 2
      answered(cause, ok)
      expected = counted(expected, cause, ok, SETTINGS.degradation)
      expect(permission.context()?.counters).toEqual(expected)
      expect(permission.level()).toBe(levelOf(expected, SETTINGS.degradation))
    }
  })
})

describe('judging a proposal', () => {
  const proposed = (over: Parameters<typeof proposalOf>[0] = {}) => {
    const proposal = proposalOf(over)
    return factOf({ type: 'decision.proposed', symbol: proposal.symbol, proposal })
  }
  const views = (house: ReturnType<typeof signalsHouse>, symbol = BTC): void => {
    const about = { symbol, timestamp: T0, confidence: 0.9 }
    for (const fact of [
      factOf({ type: 'ta.analysed', symbol, view: technical(about) }),
      factOf({ type: 'regime.detected', symbol, view: regime(about), changedFrom: null }),
      factOf({ type: 'sentiment.scored', symbol, view: sentiment(about) }),
    ])
      house.house.addresses.tell('signals', { type: 'view.heard', fact })
  }
  const judge = async (house: ReturnType<typeof signalsHouse>, fact = proposed()): Promise<void> => {
    house.coordinator.send({ type: 'reconciliation.passed', seenAt: T0 })
    house.house.addresses.tell('signals', { type: 'proposal.heard', fact })
    await settle()
  }

  it('gathers the latest view of every agent for that symbol, and asks risk with the boosted confidence', async () => {
    const house = signalsHouse()
    views(house)
    await judge(house)
    expect(house.told('signal.accepted')).toMatchObject([{ symbol: BTC, present: 3, agreeing: 3 }])
    expect(house.heardBy('portfolio')).toMatchObject([
      { type: 'assess-proposal', confidence: 1, viewConfidences: [0.9, 0.9, 0.9], correlationId: 'story' },
    ])
  })

  it('keeps symbols apart: views of one say nothing about another', async () => {
    const house = signalsHouse()
    views(house, XRP)
    const view = technical({ timestamp: T0 })
    house.house.addresses.tell('signals', {
      ...{ type: 'view.heard', fact: factOf({ type: 'ta.analysed', symbol: BTC, view }) },
    })
    await judge(house)
    expect(house.told('signal.dropped')).toMatchObject([{ reason: 'STALE_INPUTS' }])
  })

  it('writes down everything that it judged by, so that it can say why', async () => {
    const house = signalsHouse()
    views(house)
    house.books.apply(factOf({ type: 'position.filled', position: positionOf() }))
    const fact = proposed()
    await judge(house, fact)
    const rows = []
    for await (const row of house.journal.read()) if (row.type === 'signal.judged') rows.push(row)
    expect(rows).toMatchObject([
      {
        ...{ stream: 'coordinator', causationId: fact.id, correlationId: 'story' },
        body: { inputs: { held: [{ positionId: POSITION, side: 'long' }], lossStreak: 0, views: { sentiment: {} } } },
      },
    ])
  })

  it('a sale of what is held closes it and asks nobody', async () => {
    const house = signalsHouse()
    house.books.apply(factOf({ type: 'position.filled', position: positionOf() }))
    await judge(house, proposed({ action: 'SELL' }))
    expect(house.closed).toEqual([`${POSITION}: signal`])
    expect(house.heardBy('portfolio')).toEqual([])
  })

  it('in a halt nothing is asked, and what rests to be opened is cancelled', async () => {
    const house = signalsHouse()
    views(house)
    house.house.addresses.tell('coordinator', { type: 'halt-trading', reason: 'drill', by: 'test', seenAt: T0 })
    await judge(house)
    expect(house.closed).toEqual(['entries: drill'])
    expect(house.told('signal.dropped')).toMatchObject([{ reason: 'HALTED' }])
  })

  it('a verdict that comes too late opens nothing and gives its slot back', async () => {
    const house = signalsHouse()
    views(house)
    await judge(house)
    house.clock.advanceTo(T0 + SETTINGS.decisionMs)
    await settle()
    expect(house.told('signal.dropped')).toMatchObject([{ reason: 'NO_VERDICT' }])
    const verdict = { kind: 'denied', codes: [], warnings: [], reasons: [], figures: null } as const
    const late = { proposal: proposalOf(), positionId: POSITION, verdict, seenAt: T0 }
    house.house.addresses.tell('coordinator', { type: 'risk.answered', ...late })
    await settle()
    expect(house.released).toEqual([POSITION])
    expect(house.told('risk.denied')).toEqual([])
  })
})

describe("the coordinator's birth", () => {
  it('is its former life where the journal has one', () => {
    const { house } = tradingHouse()
    const birth = { type: 'start-coordinator', seenAt: 1 }
    const history = [{ type: 'halt-trading', seenAt: 2 }]
    expect(coordinatorInput(house, { birth, history })).toMatchObject({ birth, history, isNew: false })
    expect(coordinatorInput(house, null)).toMatchObject({
      ...{ isNew: true, correlationId: null, history: [] },
      birth: { decisionMs: SETTINGS.decisionMs, disabledTasks: ['sentiment_analysis'] },
    })
  })
})
