/** Stops that wait for the venue's dead-man switch to be off. */
import { describe, expect, it } from 'vitest'
import { createDeadMan } from '../../actors/dead-man.ts'
import { positionId } from '../../src/domain/ids.ts'
import { factOf, orderOf, POSITION, requestOf, settle, T0, tradingHouse } from './trading-house.ts'

const RULES = { timeoutMs: 60_000, rearmMs: 20_000, askAgainMs: 1_000 }
const DONE = { kind: 'done', value: null }

function waitingHouse() {
  const house = tradingHouse({ settings: { deadMan: RULES } })
  const deadMan = createDeadMan(house.house)
  const gone: string[] = []
  const clear = (key: string, owner = POSITION): void => deadMan.clear(owner, key, () => void gone.push(key))
  const answer = async (given: unknown = DONE): Promise<void> => {
    house.calls.at(-1)?.answer(given)
    await settle()
  }
  /** Times that the switch was set to, in order. */
  const settings = (): unknown[] => house.calls.map((call) => call.order)
  return { ...house, deadMan, gone, clear, answer, settings }
}

describe('a stop', () => {
  it('waits for the first disarming of a process, and goes at once after that', async () => {
    const { clear, gone, answer, deadMan, calls } = waitingHouse()
    clear('stop/1')
    expect([gone, deadMan.isOff, calls.length]).toEqual([[], false, 1])
    await answer()
    expect([gone, deadMan.isOff]).toEqual([['stop/1'], true])
    clear('stop/2')
    expect([gone, calls.length]).toEqual([['stop/1', 'stop/2'], 1])
  })

  it('of a position that began anew replaces the one that waited: one of them goes, not both', async () => {
    const { clear, gone, answer } = waitingHouse()
    clear('stop/1')
    clear('stop/2')
    clear('other/1', positionId('other'))
    await answer()
    expect(gone).toEqual(['stop/2', 'other/1'])
  })

  it('that is taken back while it waits never goes', async () => {
    const { clear, gone, answer, deadMan } = waitingHouse()
    clear('stop/1')
    expect([deadMan.withdraw('stop/1'), deadMan.withdraw('stop/1')]).toEqual([true, false])
    await answer()
    expect(gone).toEqual([])
  })

  it('goes without an acknowledgement once the last arming’s time is over', async () => {
    const { clear, gone, answer, clock } = waitingHouse()
    clear('stop/1')
    for (let waited = 0; gone.length === 0 && waited < 200; waited += 1) {
      await answer({ kind: 'lost', problem: 'timeout' })
      clock.advanceTo(clock.now() + 1_000)
    }
    expect(clock.now() - T0).toBe(90_000)
  })
})

it('a process that stopped asks for nothing any more', async () => {
  const { books, deadMan, answer, clock, settings } = waitingHouse()
  deadMan.look()
  await answer()
  books.apply(factOf({ type: 'order.opened', order: orderOf('o1', requestOf()) }))
  deadMan.look()
  await answer()
  expect(settings()).toEqual([0, 60_000])
  deadMan.stop()
  clock.advanceTo(T0 + 60_000)
  deadMan.look()
  expect(settings()).toEqual([0, 60_000])
})
