/** Option values as the rest wants them. What cannot be read becomes one clear line and exit code 2. */
import { InvalidArgumentError } from 'commander'
import { type Pair, parsePair, SUPPORTED_PAIRS } from '../domain/ids.ts'
import { paymentProblem } from '../domain/trading-money.ts'
import { parseTime } from '../domain/utc.ts'

/** 0–65535. */
export function portArgument(given: string): number {
  const port = /^\d{1,5}$/.test(given) ? Number(given) : Number.NaN
  if (!(port <= 65_535)) throw new InvalidArgumentError('A port is a whole number from 0 to 65535.')
  return port
}

/** One supported pair, with a slash or an underscore. */
export function symbolArgument(given: string): Pair {
  const symbol = parsePair(given)
  if (symbol === null || !SUPPORTED_PAIRS.some((supported) => supported === symbol))
    throw new InvalidArgumentError(`${given} is not one of ${SUPPORTED_PAIRS.join(', ')}.`)
  return symbol
}

/** Pairs that can be traded between commas, each once. */
export function symbolsArgument(given: string): readonly Pair[] {
  const symbols = given.split(',').map((one) => symbolArgument(one.trim()))
  for (const symbol of symbols) {
    const problem = paymentProblem(symbol)
    if (problem !== null) throw new InvalidArgumentError(`${problem}.`)
  }
  return [...new Set(symbols)]
}

/** `YYYY-MM-DD` or an ISO time, UTC unless it names an offset: milliseconds. */
export function timeArgument(given: string): number {
  const at = parseTime(given)
  if (at === null) throw new InvalidArgumentError('A time is YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ, UTC.')
  return at
}

/** `max`, or a number above 0. */
export function speedArgument(given: string): 'max' | number {
  if (given === 'max') return 'max'
  const speed = /^\d+(?:\.\d+)?$/.test(given) ? Number(given) : 0
  if (!(speed > 0 && Number.isFinite(speed)))
    throw new InvalidArgumentError('A speed is max, or how many replayed seconds pass in one: 1, 60, 0.5.')
  return speed
}

/** Text that says something. */
export function textArgument(given: string): string {
  if (given.trim() === '') throw new InvalidArgumentError('It must not be empty.')
  return given
}

/** An http address without a path. */
export function urlArgument(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : null
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new InvalidArgumentError('An address is http://HOST:PORT, such as http://127.0.0.1:3000.')
  return url.origin
}
