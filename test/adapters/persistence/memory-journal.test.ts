import { describe, expect, it } from 'vitest'
import { type MemoryDisk, MemoryJournal } from '../../support/memory-journal.ts'
import { entryOf } from './entries.ts'
import { journalContract } from './journal.contract.ts'

describe('journal in memory', () => {
  journalContract(async () => {
    const disk: MemoryDisk = { rows: [] }
    return { journal: new MemoryJournal(undefined, disk), reopen: async () => new MemoryJournal(undefined, disk) }
  })

  it('makes nothing durable while it is held', async () => {
    const journal = new MemoryJournal()
    const gone: number[] = []
    journal.hold()
    journal.append(entryOf(1), () => gone.push(1))
    await Promise.resolve()
    expect(gone).toEqual([])
    expect(journal.pending).toBe(1)
    journal.release()
    await journal.settled()
    expect(gone).toEqual([1])
  })

  it('says that it is away, and that it is back', async () => {
    const journal = new MemoryJournal()
    const told: string[] = []
    journal.onHealth((health) => told.push(health.state))
    journal.goAway('the line is down', 5)
    expect(journal.health()).toEqual({ state: 'away', sinceAt: 5, problem: 'the line is down', rows: 'waiting' })
    journal.release()
    expect(told).toEqual(['away', 'durable'])
  })

  it('calls nobody back once it is fenced', async () => {
    const journal = new MemoryJournal()
    let left = 0
    journal.append(entryOf(1), () => {
      left += 1
    })
    journal.fence(2)
    journal.append(entryOf(2), () => {
      left += 1
    })
    await journal.settled()
    expect(left).toBe(0)
    expect(journal.health()).toEqual({ state: 'fenced', epoch: 2 })
  })
})
