/** What has to be true once a process has ended: the venue's own books beside the journal, and what the process said. */
import { isWayOut } from '../../src/domain/order.ts'
import { type Amount, amount, maxOf, type Numeric, sumOf, text, ZERO } from '../../src/domain/units.ts'
import { pairOf } from '../../src/sandbox/pairs.ts'
import { duplicates, FILLS, type FillRow, INTENDED, type IntendedRow, imbalances } from '../crash/verify.ts'
import { otherTables, toldTwice, wrongBags } from '../crash/verify-facts.ts'
import { FIRST_BALANCES, type Place, type VenueState } from './life.ts'

type Order = VenueState['orders']['open'][number]
type Intended = ReadonlyMap<string, IntendedRow['request']>

/** What the venue did so shortly before the end may never have been heard. */
const UNHEARD_MS = 250
const CHARGED = `select body->'flow'->>'flowId' as id from journal where type = 'account.financed'`

/** Everything that is wrong at the venue and in the journal; empty when nothing is. `endedAt`: of the last life. */
export async function wrongBooks({ sql, state }: Place, endedAt: number): Promise<readonly string[]> {
  const venue = await state()
  const intended = new Map((await sql.query<IntendedRow>(INTENDED)).map((row) => [row.orderId, row.request]))
  const all = [...venue.orders.open, ...venue.orders.closed]
  const fills = await sql.query<FillRow>(FILLS)
  const charged = new Set((await sql.query<{ readonly id: string }>(CHARGED)).map(({ id }) => id))
  const ids = all.flatMap(({ clientOrderId }) => clientOrderId ?? [])
  return [
    ...duplicates('client ids at the venue', ids),
    ...duplicates(
      'intentions placed',
      ids.flatMap((id) => intended.get(id)?.key ?? []),
    ),
    ...strangers(all, intended),
    ...resting(venue.orders.open, intended),
    ...uncovered(venue, intended),
    ...otherFills(venue, fills, endedAt),
    ...(await imbalances(heardOf(venue, fills, charged), FIRST_BALANCES, sql)),
    ...(await toldTwice(sql)),
    ...(await otherTables(sql)),
    ...(await wrongBags(sql)),
  ]
}

const idOf = ({ clientOrderId }: Order): string => clientOrderId ?? ''

const strangers = (all: readonly Order[], intended: Intended): string[] =>
  all.flatMap((row) =>
    intended.has(idOf(row)) || row.liquidated ? [] : [`nobody intended ${row.venueOrderId} ${row.side} ${row.symbol}`],
  )

const resting = (open: readonly Order[], intended: Intended): string[] =>
  open.flatMap((row) => {
    const request = intended.get(idOf(row))
    return request === undefined || isWayOut(request)
      ? []
      : [`${request.key} still rests at the venue: ${JSON.stringify(row)}`]
  })

/** Positions without a stop for all of it, and those that could be left by more than they have. */
function uncovered({ orders: { open, closed }, last }: VenueState, intended: Intended): string[] {
  const own = Object.groupBy([...open, ...closed], (row) => intended.get(idOf(row))?.positionId ?? '')
  return Object.entries(own).flatMap(([positionId, rows = []]) => {
    const [first] = rows
    if (positionId === '' || first === undefined) return []
    const purposeOf = (row: Order) => intended.get(idOf(row))?.purpose
    const filled = (isEntry: boolean) =>
      sumOf(rows.filter((row) => (purposeOf(row) === 'entry') === isEntry).map((row) => amount(row.filled)))
    const held = filled(true).minus(filled(false))
    const live = (purpose: string): Amount =>
      sumOf(
        rows
          .filter((row) => open.includes(row) && purposeOf(row) === purpose)
          .map((row) => amount(row.quantity).minus(row.filled)),
      )
    const [stops, targets, exits] = [live('stop'), live('target'), live('exit')]
    const leaving = maxOf(stops, targets).plus(exits)
    const { orderMin, costMin } = pairOf(first.symbol).instrument
    const left = held.minus(stops).minus(exits)
    const isDust = left.lt(orderMin) || left.times(last[first.symbol] ?? '0').lt(costMin)
    return [
      ...(held.lt(0) ? [`position ${positionId} was left by ${text(held)} more than it had`] : []),
      ...(leaving.gt(maxOf(held, ZERO))
        ? [`position ${positionId} holds ${text(held)}, exits come to ${text(leaving)}`]
        : []),
      ...(isDust ? [] : [`position ${positionId} holds ${text(held)}, its stop covers ${text(stops)}`]),
    ]
  })
}

/** Executions that one side has and the other has not, or has otherwise. */
function otherFills({ trades }: VenueState, fills: readonly FillRow[], endedAt: number): string[] {
  const ours = new Map<string, FillRow>(fills.map((row) => [row.fill.tradeId, row]))
  const theirs = new Set<string>(trades.map(({ tradeId }) => tradeId))
  return [
    ...[...ours.keys()].flatMap((id) => (theirs.has(id) ? [] : [`fill ${id} is none of the venue's`])),
    ...trades.flatMap((trade) => {
      const fill = ours.get(trade.tradeId)?.fill
      const told = JSON.stringify(trade)
      if (fill === undefined) return trade.at > endedAt - UNHEARD_MS ? [] : [`fill ${told} was never booked`]
      const same = (one: Numeric, other: Numeric) => amount(one).eq(amount(other))
      const isSame = same(fill.quantity, trade.quantity) && same(fill.price, trade.price) && same(fill.fee, trade.fee)
      return isSame ? [] : [`fill ${told} was booked as ${JSON.stringify(fill)}`]
    }),
  ]
}

/** The venue's balances without what nobody was there to hear of, or to ask for. */
function heardOf({ balances, ledger, trades }: VenueState, fills: readonly FillRow[], charged: ReadonlySet<string>) {
  const heard = new Set<string>(fills.map(({ fill }) => fill.tradeId))
  const unheard = new Set<string>(trades.flatMap(({ tradeId }) => (heard.has(tradeId) ? [] : [tradeId])))
  const rows = ledger.filter(({ kind, ledgerId, refId }) =>
    kind === 'rollover' ? !charged.has(ledgerId) : unheard.has(refId),
  )
  return balances.map((balance) => {
    const moved = rows.filter(({ asset }) => asset === balance.asset).map((row) => amount(row.amount).minus(row.fee))
    return { ...balance, total: text(amount(balance.total).minus(sumOf(moved))) }
  })
}
