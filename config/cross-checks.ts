/**
 * What no single key can be wrong about: live trading's conditions, and settings that must agree. Judged on the texts,
 * so that these are said together with whatever else is wrong.
 */
import { amount } from '../src/domain/units.ts'
import { type Environment, isRawMap, type Raw, type RawMap } from './read-yaml.ts'

export interface CrossProblem {
  readonly path: string
  readonly message: string
}

const LIVE_CONSENT = 'yes-trade-real-money'
const CHECK_INTERVAL = 'portfolio.rebalancing.check_interval_seconds'
const SCHEDULE_INTERVAL = 'coordinator.schedules.portfolio_check.interval_seconds'
const DEFAULT_CHECK_SECONDS = '3600'
const TRUE = /^(?:true|yes|on)$/i

/** The text at a dotted path; null when there is none. */
function textAt(tree: RawMap, path: string): string | null {
  let node: Raw | undefined = tree
  for (const part of path.split('.')) node = isRawMap(node) ? node[part] : undefined
  return typeof node === 'string' ? node : null
}

const isSet = (value: string | null | undefined): boolean => value !== null && value !== undefined && value !== ''

/** Problems between keys, and between keys and the environment. */
export function crossProblems(tree: RawMap, env: Environment): readonly CrossProblem[] {
  return [...intervalProblems(tree), ...databaseProblems(env), ...liveProblems(tree, env)]
}

function intervalProblems(tree: RawMap): readonly CrossProblem[] {
  const check = textAt(tree, CHECK_INTERVAL)
  const schedule = textAt(tree, SCHEDULE_INTERVAL) ?? DEFAULT_CHECK_SECONDS
  if (check === null || !isNumber(check) || !isNumber(schedule) || amount(check).eq(amount(schedule))) return []
  const message =
    `is ${check} but ${SCHEDULE_INTERVAL} is ${schedule}: ` +
    'the schedule decides when the portfolio is checked, so make them equal or leave this one out'
  return [{ path: CHECK_INTERVAL, message }]
}

const isNumber = (given: string): boolean => /^[+-]?\d+(?:\.\d+)?$/.test(given)

function databaseProblems(env: Environment): readonly CrossProblem[] {
  const url = env.DATABASE_URL
  if (url === undefined || url === '' || /^postgres(?:ql)?:\/\//.test(url)) return []
  return [{ path: 'DATABASE_URL', message: 'must begin with postgres:// or postgresql://' }]
}

function liveProblems(tree: RawMap, env: Environment): readonly CrossProblem[] {
  if (textAt(tree, 'execution.mode') !== 'live') return []
  const problems: CrossProblem[] = []
  for (const key of ['api_key', 'api_secret']) {
    const path = `execution.kraken.${key}`
    if (isSet(textAt(tree, path))) continue
    problems.push({ path, message: `is needed in live mode (usually from KRAKEN_${key.toUpperCase()})` })
  }
  if (!isSet(env.DATABASE_URL)) {
    const message = 'is needed in live mode: the embedded database does not survive a power loss'
    problems.push({ path: 'DATABASE_URL', message })
  }
  if (env.TRIPLEGAIN_LIVE !== LIVE_CONSENT) {
    problems.push({ path: 'TRIPLEGAIN_LIVE', message: `must be ${LIVE_CONSENT} in the environment for live mode` })
  }
  if ((textAt(tree, 'execution.feed') ?? 'auto') !== 'kraken') {
    problems.push({ path: 'execution.feed', message: 'must be kraken in live mode' })
  }
  if (TRUE.test(textAt(tree, 'execution.exchange.wire') ?? 'false')) {
    problems.push({ path: 'execution.exchange.wire', message: 'is for paper trading: live mode has its own wire' })
  }
  return problems
}
