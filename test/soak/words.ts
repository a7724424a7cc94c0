/** What a process said, beside what was drawn for it: lines of errors, secrets, and what held it when it was done. */
import type { LogLine, RunningProcess } from '../e2e/process.ts'
import type { Plan } from './draw.ts'

/** Errors that are told because of what was drawn, and of nothing else. */
const EXPLAINED = {
  ask: ['trading.halted'],
  fall: ['risk.breakerTripped', 'trading.halted'],
  // The venue's counter of the key goes on over a start.
  kill: ['order.filledLate', 'reconciliation.failed'],
  faults: [
    'order.filledLate',
    'position.unprotected',
    'position.emergency',
    'reconciliation.failed',
    'connection.changed',
  ],
} as const satisfies Readonly<Record<Plan['happenings'][number]['kind'], readonly string[]>>
/** Heard by a machine that has no answer to it. */
const UNHANDLED = 'actor.unhandled'
const NOT_DONE = ['still held by', 'Unhandled', 'Error:', 'could not']

const textOf = (life: RunningProcess): readonly string[] => [
  ...[...life.out, ...life.said],
  ...life.log.map((line) => JSON.stringify(line)),
]

/** Lines that none of the happenings explains. */
export function wrongWords(
  lives: readonly RunningProcess[],
  plan: Plan,
  secrets: readonly string[],
): readonly string[] {
  const explained = new Set<string>(plan.happenings.flatMap(({ kind }) => EXPLAINED[kind]))
  const isWrong = ({ level, msg }: LogLine): boolean => msg === UNHANDLED || (level === 'error' && !explained.has(msg))
  const errors = lives.flatMap(({ log }) => log.filter(isWrong))
  const said = lives.flatMap((life) => life.said.filter((line) => NOT_DONE.some((word) => line.includes(word))))
  const secret = lives.flatMap(textOf).filter((line) => secrets.some((one) => line.includes(one)))
  return [
    ...errors.map((line) => `unexplained: ${JSON.stringify(line)}`),
    ...said.map((line) => `said: ${line}`),
    // The line itself stays untold.
    ...(secret.length === 0 ? [] : [`${secret.length} lines tell a secret`]),
  ]
}

/** All that was said, life by life. */
export const words = (lives: readonly RunningProcess[]): readonly string[] =>
  lives.flatMap((life, index) => [`life ${index + 1}:`, ...textOf(life)])
