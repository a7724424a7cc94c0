/**
 * Watches the journal: says when the disk is away or back, halts where nothing can be written at all, and steps down when
 * another process took the account.
 */
import type { House } from './house.ts'
import type { JournalMessage } from './messages.ts'
import { serving } from './supervision/serving.ts'

export function journalLogic(house: House) {
  const { addresses, clock } = house
  let awaySince: number | null = null
  let isUnwritten = false
  let isFenced = false
  return serving<JournalMessage>(({ health }) => {
    switch (health.state) {
      case 'away':
        if (awaySince === null) house.state('system', { type: 'journal.away', problem: health.problem })
        awaySince ??= health.sinceAt
        // The stops at the venue stand; nothing leaves that nobody could remember.
        if (health.rows === 'unwritten' && !isUnwritten) {
          const reason = `neither the database nor the spool can be written: ${health.problem}`
          addresses.tell('coordinator', { type: 'halt-trading', reason, by: 'journal', seenAt: clock.now() })
        }
        isUnwritten = health.rows === 'unwritten'
        addresses.tell('signals', { type: 'source.answered', cause: 'database', ok: false })
        return
      case 'durable':
        if (awaySince !== null) house.state('system', { type: 'journal.back', awayMs: clock.now() - awaySince })
        awaySince = null
        isUnwritten = false
        addresses.tell('signals', { type: 'source.answered', cause: 'database', ok: true })
        return
      case 'fenced':
        // The health is told again and again; the account is lost once.
        if (isFenced) return
        isFenced = true
        house.state('system', { type: 'leadership.lost', epoch: health.epoch })
        addresses.tell('system', { type: 'leadership.lost', seenAt: clock.now() })
        return
    }
  })
}
