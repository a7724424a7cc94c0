/** What must hold once everything is over: the system's accounts are made up against the venue's. */
import { isDeepStrictEqual } from 'node:util'
import type { Books } from '../../actors/books.ts'
import type { RunningSystem } from '../../actors/start.ts'
import { projectMoney } from '../../src/adapters/persistence/money-projection.ts'
import { baseOf } from '../../src/domain/ids.ts'
import { ledgerGap } from '../../src/domain/ledger.ts'
import { isLive } from '../../src/domain/order.ts'
import type { Balance } from '../../src/domain/portfolio.ts'
import { type Amount, amount, minOf, sumOf, ZERO } from '../../src/domain/units.ts'
import { charged } from './borrowed.ts'
import type { Fail, Scene } from './scene.ts'
import { isMargin, shown, type Truth } from './truth.ts'

/** Orders, balances and ledger at the end of a walk. */
export function makeUp(scene: Scene, bags: ReadonlyMap<string, Amount>, system: RunningSystem, fail: Fail): void {
  const balances = scene.balances()
  const { books } = system.house
  checkOrders(scene.truth, books, fail)
  checkBalances(scene, balances, books, fail)
  checkLedger(system, balances, fail)
  checkTables(scene, books, fail)
  checkBags(scene, bags, balances, fail)
  checkExposure(scene.truth, system, fail)
}

const RESTING: readonly string[] = ['stop', 'target']

function checkOrders(truth: Truth, books: Books, fail: Fail): void {
  for (const order of books.liveOrders())
    if (!RESTING.includes(order.request.purpose) || (order.phase !== 'open' && order.phase !== 'partiallyFilled'))
      fail('every order reaches an end', `${order.request.key} is ${order.status} (${order.phase})`)
  for (const order of truth.orders.values()) {
    const ours = books.order(order.clientOrderId)
    if (order.isLive && (ours === null || !isLive(ours)))
      fail('no order is forgotten', `${order.request.key} rests at the venue, and is ${ours?.status ?? 'unknown'} here`)
    if (ours !== null && ours.fills.length !== order.fills.size)
      fail('every fill once', `${order.request.key}: ${ours.fills.length} fills here, ${order.fills.size} at the venue`)
  }
}

function checkBalances(scene: Scene, balances: readonly Balance[], books: Books, fail: Fail): void {
  const { truth } = scene
  const foreign = scene.foreign()
  for (const { asset, total } of balances) {
    const costs = asset === 'USDT' ? charged(scene.venue()) : ZERO
    const counted = (truth.totals.get(asset) ?? ZERO).plus(foreign.get(asset) ?? ZERO).minus(costs)
    if (!amount(total).eq(counted))
      fail('the walk counts as the venue does', `${asset}: ${total} there, ${shown(counted)} here`)
    const known = books.totals()?.[asset] ?? '0'
    if (!amount(total).eq(amount(known))) fail('the books end as the venue does', `${asset}: ${total}, ${known} here`)
  }
}

function checkLedger(system: RunningSystem, balances: readonly Balance[], fail: Fail): void {
  const ledger = system.figures().ledger(balances)
  if (ledger === null) fail('the ledger closes', 'there is no statement')
  else if (!ledgerGap(ledger).isZero()) fail('the ledger closes', `a gap of ${shown(ledgerGap(ledger))}`)
}

/** What the tables are filled with, out of the journal as it stands, is what the books hold. */
function checkTables(scene: Scene, books: Books, fail: Fail): void {
  const rows = scene.rows().map(({ bodyText, ...row }) => ({ ...row, body: JSON.parse(bodyText) }))
  const projected = new Map(projectMoney(rows).positions.map((row) => [row.position_id, row]))
  for (const position of books.positions()) {
    const row = projected.get(position.positionId)
    if (!isDeepStrictEqual(row?.view, position))
      fail('the tables equal the books', `${position.positionId} is ${position.phase} here, ${row?.phase} in its table`)
  }
}

/** What the exposure says is at stake is what the venue's fills come to. */
function checkExposure(truth: Truth, system: RunningSystem, fail: Fail): void {
  const { positions, slots } = system.positions.exposure()
  for (const { positionId, quantity } of positions) {
    const position = truth.positions.get(positionId)
    const held = position === undefined ? ZERO : truth.held(position)
    if (!held.eq(amount(quantity)))
      fail('exposure is what is held', `${positionId}: ${quantity}, ${shown(held)} by its fills`)
  }
  if (slots.used !== positions.length)
    fail('exposure is what is held', `${slots.used} slots for ${positions.length} positions`)
}

/** Outside of positions the account holds what its bags say, but for what other hands took away. */
function checkBags(
  { foreign, truth }: Scene,
  bags: ReadonlyMap<string, Amount>,
  balances: readonly Balance[],
  fail: Fail,
): void {
  for (const [asset, bag] of bags) {
    const total = amount(balances.find((one) => one.asset === asset)?.total ?? '0')
    const taken = minOf(foreign().get(asset) ?? ZERO, ZERO)
    const inPositions = [...truth.active].flatMap((id) => truth.positions.get(id) ?? [])
    const spot = inPositions.filter((one) => !isMargin(one))
    const own = sumOf(spot.filter(({ symbol }) => baseOf(symbol) === asset).map((one) => truth.held(one)))
    const left = total.minus(taken).minus(own)
    if (left.lt(bag))
      fail('a bag is never sold', `${asset}: ${shown(left)} outside of positions, ${shown(bag)} set aside`)
  }
}
