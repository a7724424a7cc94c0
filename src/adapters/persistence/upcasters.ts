/**
 * Old events, readable by newer code. When the body of an event type changes, add a function that turns the last
 * version's body into the new one, and a sample of the old version under `test/adapters/persistence/samples`.
 */

type Body = Readonly<Record<string, unknown>>

/** Turns a body of one version into the next version's. Pure. */
type Upcast = (body: Body) => Body

/** By event type: the first function turns version 1 into 2, the second 2 into 3, and so on. */
export type Upcasters = Readonly<Record<string, readonly Upcast[]>>

/** Before stops could follow the price and margin had a price of its own. */
const withTrailingAndFinancing: Upcast = ({ position, ...rest }) => ({
  ...rest,
  position: { ...(position as Body), trailing: null, financing: '0' },
})

/** Before a plan knew its strategy and why it was made; no model had ever chosen one. */
const withStrategy: Upcast = ({ intervalMs: _, ...birth }) => {
  const isSpread = (birth.trades as readonly Body[]).some(({ batch }) => Number(batch) > 1)
  const executionStrategy = isSpread ? 'dca_24h' : 'limit_orders'
  return { ...birth, executionStrategy, usedFallbackStrategy: true, reasoning: '' }
}

/** Facts that carry the whole of a position. */
const POSITION_FACTS = [
  ...['opening', 'filled', 'protected', 'amended', 'closing', 'emergency', 'closed', 'stopHit', 'targetHit'],
  'dustTransferred',
].map((name) => `position.${name}`)

/** Before a position was born with how its stop follows the price, and how often that may be moved. */
const withTrailingPolicy: Upcast = ({ policy, ...rest }) => ({
  ...rest,
  policy: {
    ...{ trailing: null, trailSweepMs: 60_000, amendMinChangePct: '0.1', amendMinIntervalMs: 5_000 },
    ...(policy as Body),
  },
})

/** A type that is not named is still in its first version. */
export const UPCASTERS: Upcasters = {
  ...Object.fromEntries(POSITION_FACTS.map((type) => [type, [withTrailingAndFinancing]])),
  'start-plan': [withStrategy],
  'open-position': [withTrailingPolicy],
}

/** Thrown for a row whose version is above the newest one known here: it was written by newer code. */
export class NewerEventError extends Error {
  override readonly name = 'NewerEventError'
}

/** The version in which events of this type are written today: 1 until the type has upcasters. */
export const eventVersion = (type: string, upcasters: Upcasters): number => 1 + (upcasters[type]?.length ?? 0)

/**
 * The body as today's code expects it.
 * @throws NewerEventError when `version` is newer than this code.
 */
export function upcast(type: string, version: number, body: Body, upcasters: Upcasters): Body {
  const today = eventVersion(type, upcasters)
  if (version > today) {
    throw new NewerEventError(`${type} has version ${version}, but this program knows it up to version ${today}`)
  }
  return (upcasters[type] ?? []).slice(version - 1).reduce((older, next) => next(older), body)
}
