/** Real money: Kraken's own exchange behind the port, once the live gate is passed. */
import { realIds } from '../adapters/chance/real.ts'
import { krakenExchange } from '../adapters/exchange/kraken/exchange.ts'
import { fieldsOf, numberOf } from '../adapters/kraken/exact-json.ts'
import { restCalls } from '../adapters/kraken/rest-call.ts'
import type { Pair } from '../domain/ids.ts'
import type { Numeric } from '../domain/units.ts'
import { passLiveGate } from './live-gate.ts'
import type { OpenVenue, VenueParts } from './venue.ts'

const MINUTE_MS = 60_000
/** How far back a last price is looked for. */
const LAST_PRICE_MS = 30 * MINUTE_MS

/** @throws CliError when the gate is not passed; nothing was placed then. */
export async function openLiveVenue(parts: VenueParts): Promise<OpenVenue> {
  const { chosen, clock, config, log, nonces, onFenced, random, store, symbols } = parts
  const { apiKey, apiSecret, rateLimit, restUrl, wsAuthUrl } = config.execution.kraken
  const exchange = krakenExchange({
    ...{ restUrl, socketUrl: wsAuthUrl, apiKey: apiKey?.reveal() ?? '', apiSecret: apiSecret?.reveal() ?? '' },
    ...{ nonces, lease: () => store.leadership.held(), clock, log, fetch },
    stillLeading: async () => (await store.leadership.renew()) !== null,
    onLeadershipLost: (problem) => {
      log.error('another process has the account', { problem })
      onFenced()
    },
    ...{ chance: random.stream('private line'), publicPaceMs: rateLimit.publicPaceMs },
  })
  const lastPrice = async (symbol: Pair): Promise<Numeric | null> => {
    const now = clock.now()
    const minutes = await chosen.feed.history({ symbol, timeframe: '1m', from: now - LAST_PRICE_MS, to: now })
    return minutes.at(-1)?.close ?? null
  }
  const venueTime = async (): Promise<number> => {
    const ask = restCalls({ baseUrl: restUrl, fetch, clock, paceMs: rateLimit.publicPaceMs })
    return numberOf(fieldsOf(await ask('Time'))?.unixtime, 'unixtime') * 1000
  }
  const account = await passLiveGate({
    ...{ exchange, symbols, instruments: chosen.instruments, lastPrice, venueTime, clock, ids: realIds() },
  })
  return { mode: 'live', exchange, feed: chosen.feed, account, catchUp: async () => undefined }
}
