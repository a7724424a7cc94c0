/** What must hold once everything is over: the system's accounts are made up against the venue's. */
import type { Books } from '../../actors/books.ts'
import type { RunningSystem } from '../../actors/start.ts'
import { ledgerGap } from '../../src/domain/ledger.ts'
import { isLive } from '../../src/domain/order.ts'
import type { Balance } from '../../src/domain/portfolio.ts'
import { amount, ZERO } from '../../src/domain/units.ts'
import type { Fail, Scene } from './scene.ts'
import { shown, type Truth } from './truth.ts'

/** Orders, balances and ledger at the end of a walk. */
export function makeUp(scene: Scene, system: RunningSystem, fail: Fail): void {
  const balances = scene.balances()
  const { books } = system.house
  checkOrders(scene.truth, books, fail)
  checkBalances(scene, balances, books, fail)
  checkLedger(system, balances, fail)
}

function checkOrders(truth: Truth, books: Books, fail: Fail): void {
  for (const order of books.liveOrders())
    if (order.request.purpose !== 'stop' || (order.phase !== 'open' && order.phase !== 'partiallyFilled'))
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
    const counted = (truth.totals.get(asset) ?? ZERO).plus(foreign.get(asset) ?? ZERO)
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
