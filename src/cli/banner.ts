/** The lines that a start prints: what it does, where to look, how to stop. */
import type { Pair } from '../domain/ids.ts'
import type { SystemStatus } from '../ports/desk.ts'
import { table } from './table.ts'

export interface BannerFacts extends Pick<SystemStatus, 'mode' | 'feed' | 'agents'> {
  readonly symbols: readonly Pair[]
  /** Whether trades on margin are allowed. */
  readonly margin: boolean
  /** The driver, and where its data is: a folder, or a server without its password. */
  readonly database: { readonly driver: string; readonly where: string }
  /** Of the API; null where none is served. */
  readonly url: string | null
}

const MODES = { paper: 'PAPER: no real money', live: 'LIVE: REAL MONEY', backtest: 'BACKTEST: no real money' } as const
export const MARGIN = 'MARGIN IS ON: shorts and leverage are traded, and more than what is held can be lost'
const FEEDS: Readonly<Record<string, string>> = {
  kraken: 'kraken, live prices',
  simulated: 'simulated, invented prices',
  replay: 'replay, recorded prices',
}

function feedText({ name, fallback, reason }: BannerFacts['feed']): string {
  const what = FEEDS[name] ?? name
  return fallback ? `${what}. A FALLBACK: ${reason ?? 'Kraken could not be reached'}` : what
}

const AGENTS = { rules: 'rules (no LLM is asked)', llm: 'LLMs' } as const

export function bannerLines({ mode, feed, agents, symbols, margin, database, url }: BannerFacts): readonly string[] {
  return table([
    ['TripleGain', MODES[mode]],
    ['  trades', symbols.join(', ')],
    ...(margin ? [['  margin', MARGIN]] : []),
    ['  feed', feedText(feed)],
    ['  agents', AGENTS[agents.mode]],
    ['  database', `${database.driver}, ${database.where}`],
    ...(url === null
      ? []
      : [['  look at', `${url}/api/v1/coordinator/status, or: npm run -s triplegain -- status --url ${url}`]]),
    ['  stop', feed.name === 'replay' ? 'by itself, or Ctrl-C' : 'Ctrl-C drains and saves; a second start resumes'],
  ])
}
