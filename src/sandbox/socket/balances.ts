/** The balances channel: totals per asset, then every entry of the ledger, with a sequence from 1 in each subscription. */
import type { LedgerRow } from '../../adapters/exchange/simulated/venue-events.ts'
import { written } from '../market/written.ts'
import { assetNamed } from '../pairs.ts'
import { exact, type JsonFields } from './exact-json.ts'
import type { PrivateParts } from './executions.ts'
import { microTime } from './stamps.ts'

/** The one wallet that the sandbox has. */
const WALLET = { type: 'spot', id: 'main' } as const

function entryRow(entry: LedgerRow): JsonFields {
  const { decimals } = assetNamed(entry.asset)
  return {
    ...{ ledger_id: entry.ledgerId, ref_id: entry.refId, timestamp: microTime(entry.at) },
    ...{ type: entry.kind, asset: entry.asset, asset_class: 'currency', category: categoryOf(entry.kind) },
    ...{ wallet_type: WALLET.type, wallet_id: WALLET.id },
    amount: exact(written(entry.amount, decimals)),
    fee: exact(written(entry.fee, decimals)),
    balance: exact(written(entry.balance, decimals)),
  }
}

/** Kraken's second word for a movement. */
function categoryOf(kind: string): string {
  if (kind === 'margin') return 'margin-trade'
  if (kind === 'settled') return 'margin-settle'
  return kind === 'rollover' ? 'marginrollover' : kind
}

/** Begins with the snapshot where one is wanted. The answer ends it. */
export function balancesFeed({ venue, send }: PrivateParts, snapshot: boolean): () => void {
  let sequence = 0
  const frame = (type: 'snapshot' | 'update', data: readonly JsonFields[]): void => {
    sequence += 1
    send({ channel: 'balances', type, data, sequence }, null)
  }
  if (snapshot)
    frame(
      'snapshot',
      venue.balances().map(({ asset, total }) => {
        const balance = exact(written(total, assetNamed(asset).decimals))
        return { asset, asset_class: 'currency', balance, wallets: [{ ...WALLET, balance }] }
      }),
    )
  return venue.onEvent((event) => {
    if (event.kind === 'booked') frame('update', [entryRow(event.entry)])
  })
}
