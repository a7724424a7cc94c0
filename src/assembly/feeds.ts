/** Which market the process listens to: chosen once, at start, and said aloud when it is not the one wished for. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectedFeed } from '../../actors/connection.actor.ts'
import { krakenRest } from '../adapters/market/kraken/rest.ts'
import { krakenSocket } from '../adapters/market/kraken/socket.ts'
import { simulatedFeed } from '../adapters/market/simulated/simulated-feed.ts'
import { CliError } from '../cli/parts.ts'
import type { FactDraft } from '../domain/facts.ts'
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../domain/instrument.ts'
import type { Clock, RandomSource } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { MarketFeed } from '../ports/market-feed.ts'

export interface FeedWish {
  readonly kind: 'auto' | 'kraken' | 'simulated'
  readonly folder: string
  readonly clock: Clock
  readonly random: RandomSource
  readonly log: Log
  /** What the line says of itself. */
  readonly onFact: (fact: FactDraft) => void
  /** A bug ended the line; the feed may be started again. */
  readonly onCrash: (error: unknown) => void
  readonly krakenRestUrl: string
  readonly krakenSocketUrl: string
  /** Between two public calls. */
  readonly krakenPaceMs: number
}

export interface ChosenFeed {
  readonly feed: MarketFeed
  readonly instruments: readonly Instrument[]
  readonly fallback: boolean
  /** Why it is a fallback. */
  readonly reason: string | null
}

const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Kraken's public market. @throws KrakenRestError when it does not answer within 5 s. */
async function krakenMarket(wish: FeedWish): Promise<ChosenFeed> {
  const { clock, log, onFact, onCrash, random } = wish
  const rest = krakenRest({ baseUrl: wish.krakenRestUrl, fetch, clock, paceMs: wish.krakenPaceMs })
  await rest.ping()
  const instruments = await rest.instruments()
  const socket = krakenSocket({ url: wish.krakenSocketUrl, clock, decimals: rest.decimals })
  const feed = connectedFeed({ socket, clock, chance: random, log, onFact, onCrash, history: rest.history })
  return { feed, instruments, fallback: false, reason: null }
}

/** When the simulated market stood at its start prices: kept, so that a restart goes on where the market would be. */
function simulatedOrigin({ folder, clock }: FeedWish): number {
  const file = join(folder, 'simulated-market.json')
  if (existsSync(file)) {
    const { origin } = JSON.parse(readFileSync(file, 'utf8')) as { origin?: unknown }
    if (typeof origin === 'number') return origin
  }
  const origin = clock.now()
  writeFileSync(file, JSON.stringify({ origin }))
  return origin
}

function simulatedMarket(wish: FeedWish, reason: string | null): ChosenFeed {
  const { clock, random, log } = wish
  const feed = simulatedFeed({ clock, random: random.stream('market'), origin: simulatedOrigin(wish), log })
  return { feed, instruments: BUILT_IN_INSTRUMENTS, fallback: reason !== null, reason }
}

/**
 * The feed that was wished for; `auto` is Kraken when it answers, else the simulated market.
 * @throws CliError when Kraken alone was wished for and does not answer.
 */
export async function chooseFeed(wish: FeedWish): Promise<ChosenFeed> {
  if (wish.kind === 'simulated') return simulatedMarket(wish, null)
  try {
    return await krakenMarket(wish)
  } catch (error) {
    const reason = `Kraken does not answer: ${problemOf(error)}`
    if (wish.kind === 'kraken') throw new CliError(`${reason}. Check the network, or run with --feed auto or simulated`)
    wish.log.warn('the simulated market stands in', { reason })
    return simulatedMarket(wish, reason)
  }
}
