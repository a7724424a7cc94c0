/** The command line as a whole: `triplegain <command>`. */
import { Command, CommanderError } from 'commander'
import { FAILED, MISUSED } from './exit.ts'
import { addFills } from './fills.ts'
import { addHalt } from './halt.ts'
import { addHodl } from './hodl.ts'
import { addIndicators } from './indicators.ts'
import { addMigrate } from './migrate.ts'
import { addOrders } from './orders.ts'
import type { CliParts } from './parts.ts'
import { addPositions } from './positions.ts'
import { addRebalances } from './rebalances.ts'
import { addRisk } from './risk.ts'
import { addRun } from './run.ts'
import { addSandbox } from './sandbox.ts'
import { addStatus } from './status.ts'

const NAME = 'triplegain'

const EXAMPLES = `
Examples:
  ${NAME} run                             paper trading, on Kraken's prices where they can be had
  ${NAME} run --feed simulated --seed 7   an invented market, the same each time
  ${NAME} run --feed replay:data --from 2021-05-01 --to 2021-06-01 --json
  ${NAME} status                          what the process on this machine does
  ${NAME} sandbox --json                  a Kraken on this machine, for any client of Kraken
  ${NAME} fills --from 2025-01-01 --to 2026-01-01 --csv > fills.csv
  ${NAME} indicators --data candles.csv --json

Exit codes: 0 done, 1 failed, 2 misused,
            3 another process holds the data folder or the account.`

const oneLine = (text: string): string =>
  text
    .trim()
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')

const inLines = (print: (line: string) => void) => (text: string) => {
  for (const line of text.trimEnd().split('\n')) print(line)
}

/**
 * The commands over their parts. Nothing here ends the process: `parseAsync` rejects with a `CommanderError` that
 * carries the exit code. `execute` turns that into a number.
 */
export function buildProgram(parts: CliParts): Command {
  const program = new Command(NAME)
  program
    .description('Trading agents over one account, kept in order by statecharts. On paper unless told otherwise.')
    .addHelpText('after', EXAMPLES)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: inLines(parts.out),
      writeErr: inLines(parts.err),
      outputError: (text) => parts.err(`${NAME}: ${oneLine(text)}`),
    })
  for (const add of [
    addRun,
    addStatus,
    addOrders,
    addFills,
    addPositions,
    addRebalances,
    addHodl,
    addRisk,
    addIndicators,
    addMigrate,
    addHalt,
    addSandbox,
  ])
    add(program, parts)
  return program
}

const codeOf = (error: CommanderError): number =>
  error.code.startsWith('commander.') && error.exitCode !== 0 ? MISUSED : error.exitCode

/**
 * Runs one command line (without the program's own name) and answers its exit code: 0 done, 1 failed, 2 misused, or
 * what the command says. Whatever is thrown becomes one line, never a stack trace.
 */
export async function execute(parts: CliParts, argv: readonly string[]): Promise<number> {
  try {
    await buildProgram(parts).parseAsync([...argv], { from: 'user' })
    return 0
  } catch (thrown) {
    if (thrown instanceof CommanderError) return codeOf(thrown)
    parts.err(`${NAME}: ${oneLine(thrown instanceof Error ? thrown.message : String(thrown))}`)
    return FAILED
  }
}
