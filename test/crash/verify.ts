/** What has to be true after any death: compared between the sandbox, which saw every request, and the journal. */

import type { BreakerName } from '../../src/domain/breakers.ts'
import { baseOf, quoteOf } from '../../src/domain/ids.ts'
import { afterTrade, isOnMargin, marginBookOf } from '../../src/domain/margin-lots.ts'
import type { Fill, OrderRequest } from '../../src/domain/order.ts'
import type { Balance } from '../../src/domain/portfolio.ts'
import { type Amount, amount, maxOf, type Numeric, text, ZERO } from '../../src/domain/units.ts'
import { type Arena, BALANCES } from './arena.ts'
import type { Look } from './live-child.ts'
import { otherTables, toldTwice, wrongBags } from './verify-facts.ts'

export interface IntendedRow {
  readonly orderId: string
  readonly request: OrderRequest
}
export interface FillRow {
  readonly request: OrderRequest
  readonly fill: Fill
}

export const INTENDED = `
select body->'order'->>'orderId' as "orderId", body->'order'->'request' as request
from journal where type = 'order.intended'`
export const FILLS = `
select request, fill from (
  select distinct on (body->'fill'->>'tradeId') body->'order'->'request' as request, body->'fill' as fill, pos
  from journal where type in ('order.filled', 'order.partiallyFilled', 'order.filledLate') and kind = 'fact'
) once order by pos`
/** Deposits and the like, and what orders of other hands traded. */
const FLOWS = `
select body->'flow'->>'asset' as asset, body->'flow'->>'amount' as amount from journal where type in ('account.flowed', 'account.financed')
union all
select move->>'asset', move->>'amount' from journal, json_array_elements(body->'moves') as move
where type = 'order.externalFilled'`

/** Everything that is wrong; empty when nothing is. The process runs, is ready, and the market stands still. */
export async function problems({ sandbox, sql }: Arena, look: Look): Promise<readonly string[]> {
  const intended = new Map((await sql.query<IntendedRow>(INTENDED)).map((row) => [row.orderId, row.request]))
  const atVenue = [...sandbox.venue.openOrders(), ...sandbox.venue.closedOrders()]
  const ours = atVenue.flatMap((row) => (row.clientOrderId !== null && intended.has(row.clientOrderId) ? [row] : []))
  return [
    ...duplicates(
      'client ids at the venue',
      atVenue.flatMap(({ clientOrderId }) => clientOrderId ?? []),
    ),
    ...duplicates(
      'intentions placed',
      ours.map(({ clientOrderId }) => intended.get(clientOrderId ?? '')?.key ?? ''),
    ),
    ...forgotten(sandbox, look, intended),
    ...naked(look),
    ...oversold(look),
    ...halted(look),
    ...unheeded(look),
    ...unspent(look),
    ...(await imbalances(sandbox.venue.balances(), BALANCES, sql)),
    ...(await toldTwice(sql)),
    ...(await otherTables(sql)),
    ...(await wrongBags(sql)),
  ]
}

export function duplicates(what: string, given: readonly string[]): string[] {
  const seen = new Set<string>()
  return given.flatMap((one) => {
    const isTwice = seen.has(one)
    seen.add(one)
    return isTwice ? [`${what}: ${one} twice`] : []
  })
}

/** Orders that live on one side alone, or that are filled differently. */
function forgotten({ venue }: Arena['sandbox'], look: Look, intended: ReadonlyMap<string, OrderRequest>): string[] {
  const live = new Map(
    look.orders
      .filter(({ phase }) => phase !== 'done' && phase !== 'settling')
      .map((one) => [String(one.orderId), one]),
  )
  // Orders of other hands have no client id of ours: they are known by the venue's own.
  const open = venue.openOrders().map((row) => ({ ...row, clientOrderId: row.clientOrderId ?? row.venueOrderId }))
  const unknown = open.filter(({ clientOrderId }) => !live.has(clientOrderId ?? ''))
  const wrong = open.flatMap(({ clientOrderId, filled, triggerPrice }) => {
    const order = live.get(clientOrderId ?? '')
    if (order === undefined || (order.filled === filled && order.triggerPrice === triggerPrice)) return []
    return [
      `order ${clientOrderId} is filled ${filled} at ${triggerPrice} there, ${order.filled} at ${order.triggerPrice} here`,
    ]
  })
  const gone = [...live.keys()].filter((id) => !open.some(({ clientOrderId }) => clientOrderId === id))
  return [
    ...unknown.map(
      ({ clientOrderId }) =>
        `an order lives at the venue and not here: ${clientOrderId} ${intended.get(clientOrderId ?? '')?.key ?? 'never intended'}`,
    ),
    ...gone.map(
      (id) => `an order lives here and not at the venue: ${id} ${live.get(id)?.request.key} ${live.get(id)?.phase}`,
    ),
    ...wrong,
  ]
}

/** Positions that hold something, by what their orders filled, with no stop for all of it and no exit on its way. */
const naked = ({ positions, orders }: Look): string[] =>
  positions.flatMap(({ phase, positionId }) => {
    const own = orders.filter(({ request }) => request.positionId === positionId)
    const held = heldOf(own)
    if (phase === 'closed' || held.isZero()) return []
    // A target rests beside its stop, and each of them covers all.
    const covered = own
      .filter(
        ({ request, status }) =>
          (request.purpose === 'stop' || request.purpose === 'exit') &&
          (status === 'OPEN' || status === 'PARTIALLY_FILLED'),
      )
      .reduce((sum, one) => sum.plus(one.quantity).minus(one.filled), ZERO)
    return covered.eq(held) ? [] : [`position ${positionId} holds ${text(held)}, exits cover ${text(covered)}`]
  })

const heldOf = (own: Look['orders']): Amount =>
  own.reduce((sum, { filled, request }) => (request.purpose === 'entry' ? sum.plus(filled) : sum.minus(filled)), ZERO)

/** Positions that were left by more than they had, whichever exits were filled, or could be by their target. */
const oversold = ({ positions, orders }: Look): string[] =>
  positions.flatMap(({ positionId }) => {
    const own = orders.filter(({ request }) => request.positionId === positionId)
    const held = heldOf(own)
    const targets = own
      .filter(({ request, phase }) => request.purpose === 'target' && phase !== 'done' && phase !== 'settling')
      .reduce((sum, one) => sum.plus(one.quantity).minus(one.filled), ZERO)
    return [
      ...(held.lt(0) ? [`position ${positionId} holds ${text(held)}`] : []),
      ...(targets.gt(maxOf(held, ZERO)) ? [`position ${positionId}: ${text(targets)} for sale of ${text(held)}`] : []),
    ]
  })

const isLatched = ({ breakers }: Look, name: BreakerName): boolean => breakers.some((one) => one.name === name)

/** Halted because the trading book fell too far, and for nothing else. */
export const isBreakersHalt = (look: Look): boolean =>
  look.coordinator.haltReason === 'drawdown' && isLatched(look, 'drawdown')

/** Breakers that stand, and trading that does not: what is latched is always heeded. */
function unheeded(look: Look): string[] {
  const { pauseReasons, state } = look.coordinator
  const isPaused = pauseReasons.includes('daily_loss')
  return [
    ...(isLatched(look, 'drawdown') && state !== 'HALTED' ? [`the drawdown is latched, trading is ${state}`] : []),
    ...(isLatched(look, 'daily_loss') === isPaused ? [] : [`daily loss latched: ${!isPaused}, paused: ${isPaused}`]),
  ]
}

/** The highest of the amounts at which bags are bought, USD. */
const EXECUTED_AT = 25

/** Set aside and enough to be spent, while no purchase is at work. */
function unspent({ hodl, orders }: Look): string[] {
  const isBuying = orders.some(({ phase, request }) => request.purpose === 'hodl' && phase !== 'done')
  const idle = hodl.bags.filter(({ pendingUsd }) => !isBuying && amount(pendingUsd).gte(EXECUTED_AT))
  return idle.map(({ asset, pendingUsd }) => `${pendingUsd} USD are set aside for ${asset}, and nothing is bought`)
}

function halted(look: Look): string[] {
  if (isBreakersHalt(look)) return []
  const { coordinator } = look
  const reasons = [
    coordinator.haltReason,
    ...Object.entries(coordinator.haltedSymbols).map((entry) => JSON.stringify(entry)),
  ]
  return reasons.flatMap((reason) => (reason === null ? [] : [`halted: ${reason}`]))
}

/** What fills and flows make of the first balances, beside what the venue has. */
export async function imbalances(
  venue: readonly Balance[],
  first: Readonly<Record<string, Numeric>>,
  sql: Arena['sql'],
): Promise<string[]> {
  const ours = new Map<string, Amount>(Object.entries(first).map(([asset, total]) => [asset, amount(total)]))
  const add = (asset: string, change: Amount): void => void ours.set(asset, (ours.get(asset) ?? ZERO).plus(change))
  let onMargin = marginBookOf([])
  for (const { request, fill } of await sql.query<FillRow>(FILLS)) {
    const quote = quoteOf(request.symbol)
    add(quote, amount(fill.fee).negated())
    if (isOnMargin(request)) {
      const closed = afterTrade(onMargin, { ...request, fill })
      onMargin = closed.book
      add(quote, closed.profit)
      continue
    }
    const cost = amount(fill.price).times(fill.quantity)
    const isBuy = request.side === 'buy'
    add(baseOf(request.symbol), isBuy ? amount(fill.quantity) : amount(fill.quantity).negated())
    add(quote, isBuy ? cost.negated() : cost)
  }
  for (const { asset, amount: moved } of await sql.query<{ asset: string; amount: string }>(FLOWS))
    add(asset, amount(moved))
  return venue.flatMap(({ asset, total }) => {
    const expected = ours.get(asset) ?? ZERO
    return expected.eq(total) ? [] : [`${asset}: the venue has ${total}, fills and flows come to ${text(expected)}`]
  })
}
