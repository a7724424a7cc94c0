/** How a command ends with another code than 0: by the error that the argument parser itself uses. */
import { type Command, CommanderError } from 'commander'

export const FAILED = 1
export const MISUSED = 2

/** Ends the command with this code; 0 simply returns. */
export function exitWith(code: number): void {
  if (code !== 0) throw new CommanderError(code, 'triplegain.exit', '')
}

/** One line about what cannot be meant, exit code 2. */
export function refuse(command: Command, problem: string): never {
  return command.error(`error: ${problem}`, { exitCode: MISUSED, code: 'triplegain.misused' })
}
