/** What a person asks through the data folder is answered with what came of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Answer, requestPath } from '../../src/adapters/persistence/folder-requests.ts'
import { askAndWait, hearRequests } from '../../src/assembly/requests.ts'
import type { Request } from '../../src/domain/commands.ts'
import { BTC, SECOND, World } from '../support/whole-system.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'triplegain-requests-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function running(world = new World()) {
  await world.bootReady()
  const stop = hearRequests(folder, world.system, world.clock)
  let asked = 0
  const ask = async (request: Request): Promise<Answer | null> => {
    asked += 1
    let answer: Answer | null | undefined
    void askAndWait(folder, request, { id: `ask ${asked}`, clock: world.clock, deadlineMs: 10 * SECOND }).then(
      (given) => {
        answer = given
      },
    )
    await world.until(() => answer !== undefined, `an answer to ${request}`)
    return answer ?? null
  }
  return { world, ask, stop }
}
const USER = { state: 'PAUSED', pauseReasons: ['user'], mayOpenRisk: false }

it('says whether trading goes on after each of them, and why one is refused', async () => {
  const { ask } = await running()
  const nothing = 'neither trading nor a symbol is halted, and no breaker waits'
  expect(await ask('reset')).toMatchObject({ refused: nothing, trading: { state: 'RUNNING', mayOpenRisk: true } })
  expect(await ask('resume')).toMatchObject({ refused: 'trading is not paused' })
  expect(await ask('pause')).toMatchObject({ refused: null, trading: USER })
  expect(await ask('halt')).toMatchObject({ refused: null, trading: { state: 'HALTED', pauseReasons: ['user'] } })
  expect(await ask('resume')).toMatchObject({ refused: 'trading is halted: it takes a reset' })
  expect(await ask('reset')).toMatchObject({ refused: null, trading: USER })
  expect(await ask('resume')).toMatchObject({ refused: null, trading: { state: 'RUNNING', mayOpenRisk: true } })
})

it('says after a reset which breakers still stand, and that they were seen', async () => {
  const base = new World().settings
  const breakers = { dailyLossPct: 90, weeklyLossPct: 0.15, drawdownPct: 90, straightLosses: 90 }
  const { world, ask } = await running(new World({ settings: { limits: { ...base.limits, breakers } } }))
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
  world.print(BTC, '49100')
  await world.until(() => world.told('risk.breakerTripped').length > 0, 'a trip')
  expect(await ask('reset')).toMatchObject({
    refused: null,
    trading: {
      ...{ state: 'RUNNING', mayOpenRisk: false },
      breakers: [{ name: 'weekly_loss', acknowledged: true, until: '2025-11-17T00:00:00.000Z' }],
    },
  })
})

it('gives up after its deadline where nobody looks', async () => {
  const { world, ask, stop } = await running()
  stop()
  const askedAt = world.clock.now()
  expect(await ask('reset')).toBeNull()
  expect(world.clock.now() - askedAt).toBe(10 * SECOND)
})

it('halts once for a file made by hand, and again for the next', async () => {
  const { world } = await running()
  const halts = () => world.factsOf('command.accepted').filter(({ command }) => command === 'halt-trading').length
  writeFileSync(requestPath(folder, 'halt'), '')
  await world.pass(5 * SECOND)
  expect(halts()).toBe(1)
  rmSync(requestPath(folder, 'halt'))
  await world.pass(2 * SECOND)
  writeFileSync(requestPath(folder, 'halt'), '')
  await world.pass(2 * SECOND)
  expect(halts()).toBe(2)
})
