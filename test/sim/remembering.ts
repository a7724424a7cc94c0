/**
 * A boot gives back what the process knew: the books of the new life against those of the one that died, and each
 * machine's state against its journal. What had been written but not yet told when it died is left out, by its stream.
 */
import type { Books } from '../../actors/books.ts'
import type { RunningSystem } from '../../actors/start.ts'
import { hodlMachine } from '../../machines/hodl.machine.ts'
import { orderMachine } from '../../machines/order.machine.ts'
import { positionMachine } from '../../machines/position.machine.ts'
import { rebalancePlanMachine } from '../../machines/rebalance-plan.machine.ts'
import { start, step } from '../../machines/step.ts'
import { canonicalJson } from '../../src/adapters/persistence/canonical-json.ts'
import type { ActorNode } from '../../src/ports/desk.ts'
import type { JournalEntry } from '../../src/ports/journal.ts'
import type { MemoryDisk } from '../support/memory-journal.ts'
import { isForced } from './forced.ts'

const MACHINES = {
  order: orderMachine,
  position: positionMachine,
  plan: rebalancePlanMachine,
  hodl: hodlMachine,
} as const

/** The books as text, by what it is of. */
type Picture = ReadonlyMap<string, string>

function pictureOf(books: Books): Map<string, string> {
  const picture = new Map<string, string>()
  for (const order of books.orders()) picture.set(`order:${order.orderId}`, canonicalJson(order))
  for (const position of books.positions()) picture.set(`position:${position.positionId}`, canonicalJson(position))
  return picture
}

/** What all facts together come to: only comparable when every one that was written had been told. */
function sumsOf(books: Books): Map<string, string> {
  const sums = {
    ...{ plan: books.plan(), totals: books.totals(), ledger: books.ledger(), streaks: books.streaks() },
    ...{ statistics: books.statistics(), live: books.liveOrders().map(({ orderId }) => orderId) },
    ...{ risk: books.risk(), hodl: books.hodl() },
  }
  return new Map(Object.entries(sums).map(([name, sum]) => [name, canonicalJson(sum)]))
}

/** The first thing that is not the same in both. */
function difference(
  before: Picture,
  after: Picture,
  isLeftOut: (name: string) => boolean = () => false,
): string | null {
  for (const name of new Set([...before.keys(), ...after.keys()]))
    if (!isLeftOut(name) && before.get(name) !== after.get(name))
      return `${name} was ${before.get(name)} and is ${after.get(name)}`
  return null
}

export class Remembering {
  /** Facts on the disk that nobody has heard of yet, with their streams. */
  readonly #untold = new Map<string, string>()
  #left: { readonly picture: Picture; readonly sums: Picture | null; readonly untold: ReadonlySet<string> } | null =
    null

  onCommit({ stream, facts }: JournalEntry): void {
    for (const { id } of facts) this.#untold.set(id, stream)
  }

  onPublish(id: string): void {
    this.#untold.delete(id)
  }

  /** The process dies, or ends. `pending`: entries that were not on the disk yet. */
  onDeath(books: Books, pending: number): void {
    const untold = new Set(this.#untold.values())
    const isComplete = untold.size === 0 && pending === 0
    const picture = pictureOf(books)
    // The books count a fact of the account before it is on the disk; orders that the venue made for us come by those.
    if (!isComplete) for (const order of books.orders()) if (isForced(order)) untold.add(`order:${order.orderId}`)
    this.#left = { picture, sums: isComplete ? sumsOf(books) : null, untold }
    this.#untold.clear()
  }

  /** The journal has been read back, and nothing has happened yet. Null, or what differs. */
  problem(books: Books): string | null {
    if (this.#left === null) return null
    const { picture, sums, untold } = this.#left
    return (
      difference(picture, pictureOf(books), (name) => untold.has(name)) ??
      (sums === null ? null : difference(sums, sumsOf(books)))
    )
  }
}

const nodesOf = (node: ActorNode): readonly ActorNode[] => [node, ...node.children.flatMap(nodesOf)]

/** A machine that stands elsewhere than its own rows lead to; null when none does. Asked while nothing is pending. */
export function strayMachine(system: RunningSystem, disk: MemoryDisk): string | null {
  const living = new Map(nodesOf(system.desk.supervision()).map(({ name, state }) => [name, state]))
  const states = new Map<string, ReturnType<typeof start>['state']>()
  for (const { stream, kind, type, bodyText } of disk.rows) {
    const machine = MACHINES[stream.split(':')[0] as keyof typeof MACHINES]
    if (kind !== 'heard' || machine === undefined || !living.has(stream)) continue
    const message = { ...JSON.parse(bodyText), type } as never
    const state = states.get(stream)
    states.set(
      stream,
      state === undefined ? start(machine, message).state : step(machine, state as never, message).state,
    )
  }
  for (const [stream, state] of states) {
    const replayed = textOf(state.value)
    if (living.get(stream) !== replayed) return `${stream} is ${living.get(stream)}, its journal leads to ${replayed}`
  }
  return null
}

const textOf = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value as Record<string, unknown>)
        .map(([state, inner]) => `${state}.${textOf(inner)}`)
        .join(', ')
