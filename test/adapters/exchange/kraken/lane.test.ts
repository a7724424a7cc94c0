import { describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../../src/adapters/clock/simulated.ts'
import { Lane, type Rank } from '../../../../src/adapters/exchange/kraken/lane.ts'
import { microtasks } from '../simulated.harness.ts'

/** A lane whose calls are answered by hand. */
function openLane() {
  const clock = simulatedClock(0)
  const lane = new Lane(clock)
  const sent: string[] = []
  const answers = new Map<string, (value: string) => void>()
  const call = (name: string, rank: Rank = 'order'): Promise<string> =>
    lane.run(rank, () => {
      sent.push(name)
      return new Promise<string>((resolve) => answers.set(name, resolve))
    })
  const answer = async (name: string): Promise<void> => {
    answers.get(name)?.(name)
    await microtasks()
  }
  return { clock, lane, sent, call, answer }
}

describe('the lane of signed calls', () => {
  it('sends a call when the one before it has been answered', async () => {
    const { sent, call, answer } = openLane()
    void call('first')
    void call('second')
    await microtasks()
    expect(sent).toEqual(['first'])
    await answer('first')
    expect(sent).toEqual(['first', 'second'])
  })

  it('is not held up for longer than a second by a call that hangs', async () => {
    const { clock, sent, call } = openLane()
    void call('hangs')
    void call('exit')
    clock.advanceTo(999)
    await microtasks()
    expect(sent).toEqual(['hangs'])
    clock.advanceTo(1_000)
    await microtasks()
    expect(sent).toEqual(['hangs', 'exit'])
  })

  it('still gives the hanging call its answer, once, and lets one at a time through after it', async () => {
    const { clock, sent, call, answer } = openLane()
    const hangs = call('hangs')
    void call('exit')
    void call('third')
    clock.advanceTo(1_000)
    await answer('hangs')
    expect(await hangs).toBe('hangs')
    expect(sent).toEqual(['hangs', 'exit'])
    await answer('exit')
    expect(sent).toEqual(['hangs', 'exit', 'third'])
  })

  it('lets a refused nonce go first, and what changes orders before questions', async () => {
    const { sent, call, answer } = openLane()
    void call('first')
    void call('question', 'read')
    void call('order', 'order')
    void call('again', 'again')
    for (const name of ['first', 'again', 'order']) await answer(name)
    expect(sent).toEqual(['first', 'again', 'order', 'question'])
  })

  it('is idle when all that was sent has been answered', async () => {
    const { lane, call, answer } = openLane()
    let isIdle = false
    void call('first')
    void lane.idle().then(() => {
      isIdle = true
    })
    await microtasks()
    expect(isIdle).toBe(false)
    await answer('first')
    expect(isIdle).toBe(true)
  })
})
