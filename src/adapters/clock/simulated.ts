/** The clock of replays, backtests and tests: a binary heap of timers by due time, first-scheduled first among equals. */
import type { SimulatedClock, Timer } from '../../ports/clock.ts'

/** Below this many cancelled timers a sweep costs more than it frees. */
const SWEEP_FROM = 64

class Waiting implements Timer {
  readonly due: number
  readonly sequence: number
  /** Null once fired or cancelled, so that what the callback holds can be collected at once. */
  callback: (() => void) | null
  readonly #onCancel: () => void

  constructor(due: number, sequence: number, callback: () => void, onCancel: () => void) {
    this.due = due
    this.sequence = sequence
    this.callback = callback
    this.#onCancel = onCancel
  }

  cancel(): void {
    if (this.callback === null) return
    this.callback = null
    this.#onCancel()
  }
}

const isBefore = (a: Waiting, b: Waiting): boolean => a.due < b.due || (a.due === b.due && a.sequence < b.sequence)

/** Moves `moving` up from the free place at `index` to where its parent is not after it. */
function siftUp(heap: Waiting[], index: number, moving: Waiting): void {
  let place = index
  while (place > 0) {
    const parentAt = (place - 1) >> 1
    const parent = heap[parentAt]
    if (parent === undefined || !isBefore(moving, parent)) break
    heap[place] = parent
    place = parentAt
  }
  heap[place] = moving
}

/** Moves `moving` down from the free place at `index` to where no child is before it. */
function siftDown(heap: Waiting[], index: number, moving: Waiting): void {
  let place = index
  for (;;) {
    let childAt = 2 * place + 1
    let child = heap[childAt]
    if (child === undefined) break
    const right = heap[childAt + 1]
    if (right !== undefined && isBefore(right, child)) {
      childAt += 1
      child = right
    }
    if (!isBefore(child, moving)) break
    heap[place] = child
    place = childAt
  }
  heap[place] = moving
}

function removeFirst(heap: Waiting[]): void {
  const last = heap.pop()
  if (last !== undefined && heap.length > 0) siftDown(heap, 0, last)
}

/** The heap without its cancelled timers. */
function swept(heap: readonly Waiting[]): Waiting[] {
  const kept = heap.filter((timer) => timer.callback !== null)
  for (let index = (kept.length >> 1) - 1; index >= 0; index -= 1) {
    const moving = kept[index]
    if (moving !== undefined) siftDown(kept, index, moving)
  }
  return kept
}

/**
 * A clock that stands at `startAt` (milliseconds UTC) until it is told to move. A timer asked for in the past is due at
 * the present. What a callback throws leaves through `fireNext` or `advanceTo`; the clock stays usable.
 * @throws RangeError for a time that is not a number, for moving back, and for moving from inside a callback.
 */
export function simulatedClock(startAt: number): SimulatedClock {
  if (!Number.isFinite(startAt)) throw new RangeError(`a clock cannot start at ${startAt}`)
  let now = startAt
  let sequence = 0
  let heap: Waiting[] = []
  let cancelled = 0
  let firing = false

  const onCancel = (): void => {
    cancelled += 1
    if (cancelled < SWEEP_FROM || cancelled * 2 < heap.length) return
    heap = swept(heap)
    cancelled = 0
  }

  const first = (): Waiting | null => {
    for (;;) {
      const timer = heap[0]
      if (timer === undefined) return null
      if (timer.callback !== null) return timer
      removeFirst(heap)
      cancelled -= 1
    }
  }

  const fire = (timer: Waiting): void => {
    const callback = timer.callback
    removeFirst(heap)
    timer.callback = null
    now = timer.due
    firing = true
    try {
      callback?.()
    } finally {
      firing = false
    }
  }

  const refuseWhileFiring = (): void => {
    if (firing) throw new RangeError('a timer callback cannot move the clock that fires it')
  }

  return {
    now: () => now,
    at(dueAt, callback) {
      if (Number.isNaN(dueAt)) throw new RangeError('a timer cannot be due at NaN')
      const timer = new Waiting(Math.max(dueAt, now), sequence, callback, onCancel)
      sequence += 1
      siftUp(heap, heap.length, timer)
      return timer
    },
    nextDueAt: () => first()?.due ?? null,
    fireNext() {
      refuseWhileFiring()
      const timer = first()
      if (timer === null) return false
      fire(timer)
      return true
    },
    advanceTo(at) {
      refuseWhileFiring()
      if (!(at >= now)) throw new RangeError(`the clock stands at ${now} and cannot move to ${at}`)
      for (let timer = first(); timer !== null && timer.due <= at; timer = first()) fire(timer)
      now = at
    },
  }
}
