/** What can be asked of the sandbox to do wrong, and where. */
import { z } from 'zod'

/** On which requests (`method`: AddOrder, add_order) and frames (`channel`: book, or add_order for its answer). */
const match = z.strictObject({
  method: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  channel: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  symbol: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
})

/** `count`: how often at most. `probability`: of each chance to do so. Without either, once. */
const occurrence = {
  match: match.optional(),
  count: z.int().min(1).optional(),
  probability: z.number().min(0).max(1).optional(),
  /** Matching chances that are let pass first. */
  skip: z.int().min(0).optional(),
}

const plain = <K extends string>(kind: K) => z.strictObject({ kind: z.literal(kind), ...occurrence })
const forMs = z.int().min(1).max(86_400_000)

export const faultSchema = z.discriminatedUnion('kind', [
  /** The connection is reset before the request reaches anything. */
  plain('drop-request'),
  /** The request is obeyed; the connection is reset instead of an answer. */
  plain('drop-answer'),
  /** The request waits before anything is done with it; with `match.channel`, the frame. */
  z.strictObject({ kind: z.literal('delay'), ...occurrence, delayMs: z.int().min(1).max(600_000) }),
  /** The answer waits; the request has been obeyed. */
  z.strictObject({ kind: z.literal('delay-answer'), ...occurrence, delayMs: z.int().min(1).max(600_000) }),
  /** The request is obeyed, and answered with this HTTP status. */
  z.strictObject({ kind: z.literal('server-error'), ...occurrence, status: z.int().min(500).max(599).default(520) }),
  /** Every matching private call is refused with `EAPI:Rate limit exceeded`, orders with `EOrder:…`. */
  plain('rate-limit'),
  plain('duplicate-frame'),
  /** The frame leaves after the one that follows it. */
  plain('reorder-frame'),
  /** The frame is never sent, though its sequence number is used up. */
  plain('sequence-gap'),
  plain('bad-checksum'),
  /** The socket stays open and says nothing more. */
  plain('silent-socket'),
  /** The socket is cut. */
  plain('drop-socket'),
  /** A token is refused though it is fresh. */
  plain('token-expiry'),
  /** A matching request finds the venue in this mode, which lasts `forMs`, or until it is changed. */
  z.strictObject({
    kind: z.literal('mode'),
    ...occurrence,
    mode: z.enum(['maintenance', 'cancel_only', 'post_only', 'limit_only']),
    forMs: forMs.optional(),
  }),
])

export const faultsSchema = z.array(faultSchema)

export type Fault = z.infer<typeof faultSchema>
export type FaultKind = Fault['kind']
export type FaultMatch = z.infer<typeof match>

export const FAULT_KINDS: readonly FaultKind[] = faultSchema.options.map((option) => option.shape.kind.value)

/** Thrown for faults that cannot be meant; one line for a person. */
export class FaultError extends Error {
  override readonly name = 'FaultError'
}

/** Reads a list of faults. @throws FaultError saying which field of which fault is wrong. */
export function readFaults(given: unknown): readonly Fault[] {
  const read = faultsSchema.safeParse(Array.isArray(given) ? given : [given])
  if (read.success) return read.data
  const [first] = read.error.issues
  const where = first === undefined ? '' : first.path.join('.')
  throw new FaultError(`fault ${where}: ${first?.message ?? 'cannot be read'}`)
}
