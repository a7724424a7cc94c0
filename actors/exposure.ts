/** The trading book's exposure now: from the books, at the account's prices, with the entries that are only approved. */
import { type ExposureView, exposureOf } from '../src/domain/exposure.ts'
import type { PositionView } from '../src/domain/position.ts'
import type { Account } from './account.ts'
import type { Books } from './books.ts'
import type { House } from './house.ts'
import type { RiskDesk } from './risk-desk.ts'

/** The charges of margin are booked to the account: the books know them by position. */
export const withCharges = (books: Books, position: PositionView): PositionView => ({
  ...position,
  financing: books.financingOf(position.positionId),
})

export interface ExposureParts {
  readonly account: Account
  readonly risk: Pick<RiskDesk, 'reservedSymbols'>
}

export function exposureNow({ books, clock, settings }: House, { account, risk }: ExposureParts): ExposureView {
  const { usd, staleMarks } = account.equity()
  const core = account.allocation()
  const positions = books.openPositions().map((position) => withCharges(books, position))
  return exposureOf({
    ...{ now: clock.now(), positions, reserved: risk.reservedSymbols() },
    entries: books.liveOrders().filter(({ request }) => request.purpose === 'entry'),
    ...{ symbols: settings.symbols, priceOf: account.priceOf(), equityUsd: usd, staleMarks, limits: settings.limits },
    // Not open yet: nothing is known of it, as of equity.
    coreUsd: core.kind === 'known' && usd !== null ? core.coreEquityUsd : null,
  })
}
