/** Killed at any moment of a trade, the next start finds everything as it was: nothing lost, nothing twice, nothing naked. */
import { describe, expect, it } from 'vitest'
import { ledgerGap } from '../../src/domain/ledger.ts'
import { amount, sumOf, text } from '../../src/domain/units.ts'
import type { Death } from '../support/mortal-journal.ts'
import { BTC, MINUTE, SECOND, World } from '../support/whole-system.ts'

const STARTED_WITH = '0.1'

/** Plays a whole trade until it is over or the process dies. */
async function trade(world: World): Promise<void> {
  const step = async (isSo: () => boolean, what: string, then: () => void = () => undefined): Promise<void> => {
    if (world.hasDied) return
    await world.until(() => world.hasDied || isSo(), what)
    if (!world.hasDied) then()
  }
  await step(
    () => world.system.desk.system().ready,
    'ready',
    () => world.signal(),
  )
  await step(
    () => world.order('entry')?.status === 'OPEN',
    'an entry at the venue',
    () => world.print(BTC, '49990', '0.04'),
  )
  await step(
    () => world.is('protected'),
    'a protected part',
    () => world.print(BTC, '49990'),
  )
  await step(
    () => world.order('stop')?.quantity === '0.04' && world.is('protected'),
    'a stop for everything',
    () => world.print(BTC, '48990'),
  )
  await step(() => world.is('closed'), 'a closed position')
  await step(() => world.orders().every(({ phase }) => phase === 'done'), 'settled orders')
}

/** What is held beyond what the account began with, and what stops at the venue would sell: the truth, not our books. */
async function exposure(world: World): Promise<{ readonly held: string; readonly stopped: string }> {
  const btc = (await world.venueBalances()).find(({ asset }) => asset === 'BTC')
  const stops = (await world.venueOrders()).filter(({ triggerPrice }) => triggerPrice !== null)
  return {
    held: text(amount(btc?.total ?? 0).minus(STARTED_WITH)),
    stopped: text(sumOf(stops.map(({ quantity, filled }) => amount(quantity).minus(amount(filled))))),
  }
}

/** The two answers are a latency apart and small fills go on: they must agree between two of those, so look again. */
async function expectCovered(world: World): Promise<void> {
  let seen = await exposure(world)
  for (let look = 1; look < 4 && seen.stopped !== seen.held; look += 1) {
    await world.pass(SECOND)
    seen = await exposure(world)
  }
  expect(seen.stopped, 'stops at the venue').toBe(seen.held)
}

async function expectConsistent(world: World): Promise<void> {
  const keys = world.exchange.sent.flatMap(({ call, key }) => (call === 'place' && key !== null ? [key] : []))
  expect(keys.length - new Set(keys).size, 'placements of one intention').toBe(0)
  const balances = await world.venueBalances()
  expect(world.system.house.books.totals()).toEqual(Object.fromEntries(balances.map((one) => [one.asset, one.total])))
  const ledger = world.system.figures().ledger(balances)
  expect(ledger === null ? null : ledgerGap(ledger).toString()).toBe('0')
  expect(world.system.desk.coordinator()).toMatchObject({ state: 'RUNNING', mayOpenRisk: true, haltReason: null })
  expect(world.disk.rows.map(({ pos }) => pos)).toEqual(world.disk.rows.map((_, index) => index + 1))
}

const WHILE_DOWN: Readonly<Record<string, (world: World) => void>> = {
  'nothing moves': () => undefined,
  'the entry is filled': (world) => world.print(BTC, '49990'),
  'the market falls through entry and stop': (world) => {
    world.print(BTC, '49990')
    world.print(BTC, '48500')
  },
}

async function survives(death: Death, meanwhile: (world: World) => void): Promise<void> {
  const world = new World()
  await world.boot({ death })
  await trade(world)
  expect(world.hasDied).toBe(true)
  world.kill()
  await world.pass(SECOND)
  meanwhile(world)
  await world.pass(2 * SECOND)

  await world.bootReady()
  await world.pass(15 * SECOND)
  await expectCovered(world)
  world.print(BTC, '49980')
  await world.pass(15 * SECOND)
  await expectCovered(world)
  world.print(BTC, '48400')
  await world.pass(2 * MINUTE)
  expect((await exposure(world)).held).toBe('0')
  await expectConsistent(world)

  await world.pass(11 * MINUTE)
  const known = world.facts.length
  world.signal({ entryPrice: '48400', stopLoss: '47500', takeProfit: '50500' })
  await world.pass(SECOND)
  expect(world.told('signal.', known), 'the next signal').toEqual(['signal.accepted'])
}

describe('a process that is killed', () => {
  it('takes a whole trade that is not disturbed as the measure', async () => {
    const world = new World()
    await world.boot()
    await trade(world)
    expect(world.journal.commits).toBeGreaterThan(30)
    await expectConsistent(world)
  })

  it.each(Object.entries(WHILE_DOWN))(
    'recovers from its death at every commit of a trade while %s',
    async (_, meanwhile) => {
      const measure = new World()
      await measure.boot()
      await trade(measure)
      const failures: string[] = []
      for (let commit = 1; commit <= measure.journal.commits; commit += 1) {
        for (const when of ['before-effects', 'after-effects'] as const) {
          try {
            await survives({ commit, when }, meanwhile)
          } catch (problem) {
            const row = measure.disk.rows.filter(({ kind }) => kind === 'heard')[commit - 1]
            failures.push(`${when} of commit ${commit} (${row?.stream.slice(0, 9)} ${row?.type}): ${problem}`)
          }
        }
      }
      expect(failures).toEqual([])
    },
  )
})
