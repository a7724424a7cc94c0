/** What a supervisor tells the world, as plain data, and how it puts errors into words. */

export type StopReason = 'done' | 'supervisor' | 'sibling' | 'command' | 'drained' | 'deadline'

interface ChildFact {
  readonly at: number
  readonly supervisor: string
  readonly child: string
}

export type SupervisionEvent =
  | (ChildFact & { readonly type: 'child.started' })
  | (ChildFact & {
      readonly type: 'child.crashed'
      readonly problem: string
      /** Null when it does not come back by itself: temporary, draining, being stopped, or the supervisor gives up. */
      readonly restartInMs: number | null
    })
  | (ChildFact & {
      readonly type: 'child.restarted'
      readonly restarts: number
      readonly from: 'last-good' | 'fresh'
      /** Why it, or the sibling that took it along, had to be restarted. */
      readonly problem: string
    })
  | (ChildFact & { readonly type: 'child.gaveUp'; readonly restarts: number; readonly problem: string })
  | (ChildFact & { readonly type: 'child.stopped'; readonly reason: StopReason })
  | (ChildFact & { readonly type: 'child.refused'; readonly problems: readonly string[] })
  /** Its state could not be copied: a restart will begin with `input()`. */
  | (ChildFact & { readonly type: 'child.notCheckpointed'; readonly problem: string })
  | {
      readonly type: 'supervisor.unhandled'
      readonly at: number
      readonly supervisor: string
      readonly event: string
    }

/** A supervisor's budget is spent: its own parent sees this as an ordinary crash; `cause` is the child's last error. */
export class SupervisorGaveUp extends Error {
  override readonly name = 'SupervisorGaveUp'
  readonly supervisor: string
  readonly child: string

  constructor(supervisor: string, child: string, budget: string, cause: unknown) {
    super(`${supervisor} gave up on ${child}, more than ${budget}`, { cause })
    this.supervisor = supervisor
    this.child = child
  }
}

/** The message of an error and of all its causes, outermost first, in one line. */
export function problemText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.message === '' ? error.name : error.message
  return error.cause === undefined ? own : `${own}: ${problemText(error.cause)}`
}
