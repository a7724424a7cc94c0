/** The state of risk as the outside sees it: what is remembered, measured, at stake and latched, against the limits. */
import type { RiskStatus } from '../src/ports/desk.ts'
import type { Account } from './account.ts'
import type { House } from './house.ts'
import type { PositionOperations } from './position-operations.ts'
import type { RiskMonitor } from './risk-monitor.ts'

export interface RiskStatusParts {
  readonly account: Pick<Account, 'equity'>
  readonly monitor: Pick<RiskMonitor, 'risk' | 'reading'>
  readonly operations: Pick<PositionOperations, 'exposure'>
}

export function riskStatus(
  { books, clock, settings }: House,
  { account, monitor, operations }: RiskStatusParts,
): RiskStatus {
  const { usd, staleMarks } = account.equity()
  const now = clock.now()
  const risk = monitor.risk()
  return {
    risk,
    readings: { ...monitor.reading(), staleMarks, isFrozen: usd === null },
    thresholds: settings.limits.breakers,
    breakers: risk.breakers,
    cooldowns: Object.fromEntries(Object.entries(books.streaks().cooldownUntil).filter(([, until]) => until > now)),
    exposure: operations.exposure(),
  }
}
