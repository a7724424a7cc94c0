/** Facts of the process, its actors and who commands them. */
import type { DegradationLevel } from '../degradation.ts'
import type { Pair } from '../ids.ts'
import type { TaskName } from '../tasks.ts'
import type { Topic } from '../topics.ts'
import type { AgentName } from '../views.ts'

export interface SystemFacts {
  'system.started': {
    readonly mode: string
    readonly feed: string
    readonly epoch: number
    readonly incarnation: string
  }
  'system.recovered': {
    readonly orders: number
    readonly positions: number
    readonly plans: number
    readonly journalRows: number
  }
  'system.draining': { readonly reason: string }
  'system.stopped': { readonly reason: string }
  'reconciliation.completed': {
    readonly matched: number
    readonly missedFills: number
    readonly adopted: number
    readonly unexplained: readonly string[]
  }
  'reconciliation.failed': { readonly problem: string }
  'trading.paused': { readonly reasons: readonly string[] }
  'trading.resumed': { readonly reasons: readonly string[] }
  'trading.halted': { readonly reason: string }
  'trading.reset': { readonly by: string }
  /** Nothing that adds risk on this symbol until an admin's reset; exits and protection go on. */
  'trading.symbolHalted': { readonly symbol: Pair; readonly reason: string }
  'trading.symbolReset': { readonly symbol: Pair; readonly by: string }
  'degradation.changed': { readonly from: DegradationLevel; readonly to: DegradationLevel; readonly recovered: boolean }
  'task.late': { readonly task: TaskName; readonly dueAt: number }
  'task.failed': { readonly task: TaskName; readonly symbol: Pair | null; readonly problem: string }
  'task.toggled': { readonly task: TaskName; readonly enabled: boolean }
  'agent.failed': {
    readonly agent: AgentName
    readonly symbol: Pair
    readonly problem: string
    readonly usedFallback: boolean
  }
  'actor.crashed': { readonly actor: string; readonly problem: string }
  'actor.restarted': { readonly actor: string; readonly restarts: number; readonly problem: string }
  'actor.gaveUp': { readonly actor: string; readonly restarts: number; readonly problem: string }
  'actor.unhandled': { readonly actor: string; readonly event: string; readonly state: string }
  'journal.away': { readonly problem: string }
  'journal.back': { readonly awayMs: number }
  'leadership.lost': { readonly epoch: number }
  'command.accepted': { readonly command: string; readonly by: string }
  'command.refused': { readonly command: string; readonly by: string; readonly reason: string }
}

export const SYSTEM_TOPICS = {
  'system.started': 'SYSTEM_EVENTS',
  'system.recovered': 'SYSTEM_EVENTS',
  'system.draining': 'SYSTEM_EVENTS',
  'system.stopped': 'SYSTEM_EVENTS',
  'reconciliation.completed': 'SYSTEM_EVENTS',
  'reconciliation.failed': 'SYSTEM_EVENTS',
  'trading.paused': 'SYSTEM_EVENTS',
  'trading.resumed': 'SYSTEM_EVENTS',
  'trading.halted': 'SYSTEM_EVENTS',
  'trading.reset': 'SYSTEM_EVENTS',
  'trading.symbolHalted': 'SYSTEM_EVENTS',
  'trading.symbolReset': 'SYSTEM_EVENTS',
  'degradation.changed': 'SYSTEM_EVENTS',
  'task.late': 'SYSTEM_EVENTS',
  'task.failed': 'SYSTEM_EVENTS',
  'task.toggled': 'SYSTEM_EVENTS',
  'agent.failed': 'SYSTEM_EVENTS',
  'actor.crashed': 'SYSTEM_EVENTS',
  'actor.restarted': 'SYSTEM_EVENTS',
  'actor.gaveUp': 'SYSTEM_EVENTS',
  'actor.unhandled': 'SYSTEM_EVENTS',
  'journal.away': 'SYSTEM_EVENTS',
  'journal.back': 'SYSTEM_EVENTS',
  'leadership.lost': 'SYSTEM_EVENTS',
  'command.accepted': 'COORDINATOR_COMMANDS',
  'command.refused': 'COORDINATOR_COMMANDS',
} as const satisfies Readonly<Record<keyof SystemFacts, Topic>>
