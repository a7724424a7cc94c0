/** The system machine's events: its context keeps nothing but a deadline, a reason and whether trading is stopped. */
import type { SnapshotFrom } from 'xstate'
import { type SystemHears, systemMachine } from '../../../machines/system.machine.ts'
import type { PathModel } from './explore.ts'

const seenAt = Date.UTC(2026, 0, 5, 12)

const ALWAYS: readonly SystemHears[] = [
  { type: 'boot.finished', seenAt },
  { type: 'reconciliation.passed', seenAt },
  { type: 'reconciliation.refused', problem: 'the venue does not answer', seenAt },
  { type: 'picture.doubted', reason: 'the line came back', stopTrading: true, seenAt },
  { type: 'picture.doubted', reason: 'half a minute went by', stopTrading: false, seenAt },
  { type: 'trading.stopped', seenAt },
  { type: 'trading.allowed', seenAt },
  { type: 'drain-system', reason: 'Ctrl-C', seenAt },
  { type: 'system.drained', seenAt },
  { type: 'supervisor.gaveUp', problem: 'orders restarted too often', seenAt },
  { type: 'leadership.lost', seenAt },
  { type: 'deadline.reached', name: 'reconcile', dueAt: 1, seenAt },
]

export const systemPaths: PathModel<typeof systemMachine> = {
  machine: systemMachine,
  input: { reconcileRetryMs: 5_000, drainMs: 10_000, seenAt },
  required: ['booting', 'reconciling', 'trading', 'halted', 'draining', 'stopped'],
  events: ({ context: { dueAt } }: SnapshotFrom<typeof systemMachine>) =>
    dueAt === null ? ALWAYS : [...ALWAYS, { type: 'deadline.reached', name: 'due', dueAt, seenAt: dueAt }],
  abstract: ({ dueAt, reason: _, ...rest }) => ({ ...rest, isDue: dueAt !== null }),
  check: ({ before, event, after: { state, effects } }) => {
    const names = effects.map((effect) => effect.type)
    if (state.value === 'trading' && before.value !== 'trading') {
      const mayBegin = event.type === 'reconciliation.passed' || event.type === 'trading.allowed'
      if (!mayBegin) throw new Error('trading begins only after a comparison or a reset')
    }
    if (names.includes('end-process') !== (state.value === 'stopped' && before.status === 'active'))
      throw new Error('the process ends exactly where the system has stopped')
    if (
      event.type === 'picture.doubted' &&
      event.stopTrading &&
      before.value === 'trading' &&
      state.value === 'trading'
    )
      throw new Error('trading goes on under a doubted picture')
  },
}
