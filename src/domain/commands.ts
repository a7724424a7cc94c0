/**
 * The commands: please do it. A dash in the name; may be refused, and the refusal is a fact. Those with `seenAt` are
 * heard by a journaled machine; the rest are effects on their way to a gateway.
 */
import type { Pair } from './ids.ts'
import type { CloseReason } from './position.ts'
import type { Heard } from './reports.ts'
import type { TaskName } from './tasks.ts'
import type { Numeric } from './units.ts'

/** A deadline that the timer service saw pass. Absolute; registered again after a restore. */
export type DeadlineReached = Heard & {
  readonly type: 'deadline.reached'
  readonly name: string
  readonly dueAt: number
}

/** What a position has the price watched for: its stop, its target, and where a stop that follows is to be looked at next. */
export type TriggerKind = 'stopLoss' | 'takeProfit' | 'trail'

/** A price crossed a trigger that a position had registered. */
export type TriggerCrossed = Heard & {
  readonly type: 'trigger.crossed'
  readonly trigger: TriggerKind
  readonly price: Numeric
}

export type OrderCommand = Heard &
  (
    | { readonly type: 'cancel-order'; readonly reason: string }
    | {
        readonly type: 'amend-order'
        readonly quantity?: Numeric
        readonly limitPrice?: Numeric
        readonly triggerPrice?: Numeric
      }
    /** First thing a restored or restarted order hears: whatever was in flight must be asked for. */
    | { readonly type: 'recover-order' }
  )

/** `by`: who asked for it, where that was a person. */
export type PositionCommand = Heard & { readonly by?: string } & (
    | {
        readonly type: 'close-position'
        readonly reason: CloseReason
        /** The price that whoever asked had in mind, and their words: recorded, and no part of any sum. */
        readonly reference?: Numeric | null
        readonly note?: string | null
      }
    /** A stop can be replaced and never cleared; a null target takes it away. */
    | { readonly type: 'modify-position'; readonly stopLoss?: Numeric | null; readonly takeProfit?: Numeric | null }
    /** Sells that share of what is held, above 0 and at most 1; its stop is amended first. */
    | { readonly type: 'reduce-position'; readonly share: Numeric; readonly reason: CloseReason }
    /** From now on its stop follows the price by that distance, per cent; from the activation that it has, or this one. */
    | { readonly type: 'enable-trailing'; readonly distancePct: Numeric; readonly activationPct?: Numeric }
  )

/** What a person asks of trading by way of the data folder; each is the command `<request>-trading`. */
export const REQUESTS = ['halt', 'reset', 'pause', 'resume'] as const
export type Request = (typeof REQUESTS)[number]

export type CoordinatorCommand = Heard &
  (
    | { readonly type: 'pause-trading'; readonly reason: string; readonly by: string }
    | { readonly type: 'resume-trading'; readonly reason: string; readonly by: string }
    | { readonly type: 'halt-trading'; readonly reason: string; readonly by: string }
    /** Leads out of HALTED and lifts every symbol's halt. */
    | { readonly type: 'reset-trading'; readonly by: string }
    /** Nothing that adds risk on these symbols; only a reset lifts it. */
    | { readonly type: 'halt-symbols'; readonly symbols: readonly Pair[]; readonly reason: string; readonly by: string }
    | { readonly type: 'reset-symbol'; readonly symbol: Pair; readonly by: string }
    /** Every position at market; core holdings and hodl bags stay. */
    | {
        readonly type: 'close-all-positions'
        readonly reason: CloseReason
        readonly by: string
        /** Their words: recorded. */
        readonly note?: string
      }
    | { readonly type: 'toggle-task'; readonly task: TaskName; readonly enabled: boolean; readonly by: string }
  )
