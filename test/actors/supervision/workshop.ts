/** A small world for supervision tests: a clock that stands still, workers that break on command, and a list of what was reported. */
import { vi } from 'vitest'
import { type AnyActorRef, assign, setup } from 'xstate'
import type { ChildSpec } from '../../../actors/supervision/child-spec.ts'
import type { Strategy } from '../../../actors/supervision/policy.ts'
import { startRoot } from '../../../actors/supervision/root.ts'
import type { SupervisionEvent } from '../../../actors/supervision/supervision-event.ts'
import { type SupervisorLogic, supervisor } from '../../../actors/supervision/supervisor.ts'
import { childOf } from '../../../actors/supervision/tree.ts'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'

const boom = (): never => {
  throw new Error('boom')
}

/** Counts its work; `break` throws, `enter-broken` throws on entry of the next state, `finish` ends it normally. */
export const worker = setup({
  types: {
    context: {} as { done: number },
    input: {} as { done: number } | undefined,
    events: {} as { type: 'work' } | { type: 'break' } | { type: 'enter-broken' } | { type: 'finish' },
  },
}).createMachine({
  id: 'worker',
  context: ({ input }) => ({ done: input?.done ?? 0 }),
  initial: 'working',
  states: {
    working: {
      on: {
        work: { actions: assign({ done: ({ context }) => context.done + 1 }) },
        break: { actions: boom },
        'enter-broken': 'broken',
        finish: 'finished',
      },
    },
    broken: { entry: boom },
    finished: { type: 'final' },
  },
})

export const unstartable = setup({}).createMachine({ id: 'unstartable', entry: boom })

export function spec(id: string, rest: Partial<ChildSpec> = {}): ChildSpec {
  return { id, logic: worker, input: () => undefined, restart: 'transient', ...rest }
}

/** A child that is a supervisor itself. */
export function beneath(id: string, logic: SupervisorLogic, rest: Partial<ChildSpec> = {}): ChildSpec {
  return { id, logic, restart: 'permanent', ...rest }
}

export function workshop() {
  const clock = simulatedClock(0)
  const events: SupervisionEvent[] = []
  const gaveUp: unknown[] = []
  return {
    clock,
    events,
    gaveUp,
    /** Everything a supervisor needs apart from its name, strategy and children. */
    settings: {
      intensity: { restarts: 3, periodMs: 10_000 },
      backoff: { initialMs: 100, factor: 2, maxMs: 1_000, quietMs: 60_000 },
      clock,
      report: (event: SupervisionEvent) => {
        events.push(event)
      },
    },
    start: (logic: SupervisorLogic) =>
      startRoot({ logic, id: 'root', clock, onGaveUp: (error) => void gaveUp.push(error) }),
    /** `type child` of all that was reported, in order. */
    story: () => events.map((event) => ('child' in event ? `${event.type} ${event.child}` : event.type)),
  }
}

/** A workshop with one supervisor named `top` already started as the root. */
export function startedTop(strategy: Strategy, children: readonly ChildSpec[]) {
  const world = workshop()
  return { ...world, root: world.start(supervisor({ ...world.settings, name: 'top', strategy, children })) }
}

export const stopped = (ref: AnyActorRef): boolean => ref.getSnapshot().status !== 'active'

export function running(supervisor: AnyActorRef, ...path: readonly string[]): AnyActorRef {
  return path.reduce<AnyActorRef>((above, id) => {
    const ref = childOf(above, id)
    if (ref === null) throw new Error(`${id} is not running`)
    return ref
  }, supervisor)
}

export function workDone(ref: AnyActorRef): number {
  return ref.getSnapshot().context.done
}

/** Runs something and returns the errors XState would have thrown as uncaught exceptions: it throws them from a timer. */
export function uncaughtFrom(run: () => void): readonly string[] {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  const errors: string[] = []
  try {
    run()
    while (vi.getTimerCount() > 0) {
      try {
        vi.advanceTimersToNextTimer()
      } catch (error) {
        errors.push(String(error))
      }
    }
  } finally {
    vi.useRealTimers()
  }
  return errors
}
