/** `triplegain halt`, `reset`, `pause`, `resume` and `flatten`: by way of the data folder, so that they work with the API down too. */
import type { Command } from 'commander'
import { textArgument } from './arguments.ts'
import type { CliParts } from './parts.ts'

interface FolderArguments {
  readonly dataDir?: string
}

export function addHalt(program: Command, parts: CliParts): void {
  program
    .command('halt')
    .description('stop opening anything, now and after restarts; stops and exits go on')
    .option('--data-dir <folder>', 'folder of the running process', textArgument)
    .action(({ dataDir }: FolderArguments) => {
      parts.out(parts.halt(dataDir ?? null))
    })
  program
    .command('reset')
    .description('lead out of HALTED again, once you know why it was, and acknowledge the breakers that tripped')
    .option('--data-dir <folder>', 'folder of the running process', textArgument)
    .action(({ dataDir }: FolderArguments) => {
      parts.out(parts.reset(dataDir ?? null))
    })
  program
    .command('pause')
    .description('act on no signal until `resume`; stops, exits and analyses go on')
    .option('--data-dir <folder>', 'folder of the running process', textArgument)
    .action(({ dataDir }: FolderArguments) => {
      parts.out(parts.pause(dataDir ?? null))
    })
  program
    .command('resume')
    .description('take your pause back; the pause of a daily loss ends by itself')
    .option('--data-dir <folder>', 'folder of the running process', textArgument)
    .action(({ dataDir }: FolderArguments) => {
      parts.out(parts.resume(dataDir ?? null))
    })
  program
    .command('flatten')
    .description('halt, and sell at market what all positions hold; core holdings stay')
    .option('--data-dir <folder>', 'folder of the running process', textArgument)
    .requiredOption('--yes', 'that you mean it')
    .action(({ dataDir }: FolderArguments) => {
      parts.out(parts.flatten(dataDir ?? null))
    })
}
