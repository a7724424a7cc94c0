/** Hodl bags: a share of trading profit that is set aside for good, as a ledger over the one wallet. */
import { type Asset, asset, type OrderId } from './ids.ts'
import { type Amount, amount, type Numeric, roundDownTo, sumOf, text, ZERO } from './units.ts'

/** One asset's bag. */
export interface HodlBag {
  readonly asset: Asset
  /** Base units that profits have paid for; configured amounts come on top. */
  readonly quantity: Numeric
  /** Set aside and not spent yet, USD. */
  readonly pendingUsd: Numeric
  /** What `quantity` has cost with fees, USD. */
  readonly spentUsd: Numeric
}

/** The whole ledger at one moment. */
export interface HodlBook {
  /** Highest cumulative net realised trading profit so far: only above it more is set aside. USD. */
  readonly highUsd: Numeric
  readonly bags: readonly HodlBag[]
}
export const EMPTY_HODL: HodlBook = { highUsd: '0', bags: [] }

/** What of each asset is set aside, and from when on that is spent. */
export interface HodlShare {
  readonly asset: Asset
  /** Per cent of what is set aside. */
  readonly sharePct: Numeric
  /** Bought once so much is pending, USD. */
  readonly executeAtUsd: Numeric
}

export interface HodlRules {
  /** Off: nothing is set aside and nothing is bought; what the ledger holds stays in it. */
  readonly enabled: boolean
  /** Per cent of a new high. */
  readonly allocationPct: Numeric
  /** Only a new high by more than this counts; less waits until it adds up. USD. */
  readonly minProfitUsd: Numeric
  /** In the order of purchase; the shares add up to 100. */
  readonly shares: readonly HodlShare[]
  /** For each asset and UTC day, USD with fees. */
  readonly dailyCapUsd: Numeric
}

/** What needs no purchase, and takes what is left when the others' shares were rounded down to the cent. */
export const HODL_CASH = asset('USDT')

const NO_BAG = { quantity: '0', pendingUsd: '0', spentUsd: '0' } as const
export const bagOf = ({ bags }: HodlBook, of: Asset): HodlBag =>
  bags.find((bag) => bag.asset === of) ?? { asset: of, ...NO_BAG }

const plus = (value: Numeric, by: Amount): Numeric => text(amount(value).plus(by))
/** The book with these bags in the place of their older selves. */
const withBags = (book: HodlBook, changed: readonly HodlBag[]): HodlBook => ({
  ...book,
  bags: [
    ...book.bags.map((bag) => changed.find((one) => one.asset === bag.asset) ?? bag),
    ...changed.filter((one) => !book.bags.some((bag) => bag.asset === one.asset)),
  ],
})

const cents = (value: Amount): Amount => roundDownTo(value, 2)

/** `value` by the shares, in cents: each coin's is rounded down, cash takes the rest. Sums to it exactly. */
export function splitByShares(value: Amount, shares: readonly HodlShare[]): ReadonlyMap<Asset, Amount> {
  const coins = shares
    .filter((share) => share.asset !== HODL_CASH)
    .map((share) => [share.asset, cents(value.times(amount(share.sharePct)).div(100))] as const)
  return new Map([...coins, [HODL_CASH, value.minus(sumOf(coins.map(([, part]) => part)))]])
}

/**
 * What a cumulative profit sets aside; null where it is no new high by more than the minimum. Σ of all accruals is the share
 * of the highest profit, rounded down to the cent once, however many highs led there.
 */
export function accrued(
  book: HodlBook,
  profitUsd: Numeric,
  rules: HodlRules,
): { readonly book: HodlBook; readonly amountUsd: Numeric } | null {
  const profit = amount(profitUsd)
  const gain = profit.minus(amount(book.highUsd))
  if (!rules.enabled || gain.lte(amount(rules.minProfitUsd)) || gain.lte(0)) return null
  const shareOf = (high: Amount): Amount => cents(high.times(amount(rules.allocationPct)).div(100))
  const value = shareOf(profit).minus(shareOf(amount(book.highUsd)))
  const parts = splitByShares(value, rules.shares)
  const bags = rules.shares.map((share) => {
    const bag = bagOf(book, share.asset)
    return { ...bag, pendingUsd: plus(bag.pendingUsd, parts.get(share.asset) ?? ZERO) }
  })
  return { book: withBags({ ...book, highUsd: text(profit) }, bags), amountUsd: text(value) }
}

/** Coins (or cash) that came into a bag. USD beside the quantity. */
export interface Bought {
  readonly asset: Asset
  readonly quantity: Numeric
  readonly costUsd: Numeric
  readonly fees: Numeric
  readonly orderId: OrderId | null
}

/** What was pending has become part of the bag: exactly what was paid, with fees. */
export function withBought(book: HodlBook, { asset: of, quantity, costUsd, fees }: Bought): HodlBook {
  const bag = bagOf(book, of)
  const paid = amount(costUsd).plus(amount(fees))
  return withBags(book, [
    {
      asset: of,
      quantity: plus(bag.quantity, amount(quantity)),
      pendingUsd: plus(bag.pendingUsd, paid.negated()),
      spentUsd: plus(bag.spentUsd, paid),
    },
  ])
}

/** What no trade may touch, by asset: configured amounts and what the ledger holds. */
export function protectedAmounts(
  configured: Readonly<Record<string, Numeric>>,
  book: HodlBook,
): Readonly<Record<string, Numeric>> {
  const total: Record<string, Numeric> = { ...configured }
  for (const bag of book.bags) total[bag.asset] = plus(total[bag.asset] ?? '0', amount(bag.quantity))
  return total
}
