/** `triplegain migrate`: brings the database up to this version. */
import type { Command } from 'commander'
import { textArgument } from './arguments.ts'
import { exitWith } from './exit.ts'
import type { CliParts } from './parts.ts'

interface MigrateArguments {
  readonly dataDir?: string
  readonly config?: string
}

export function addMigrate(program: Command, parts: CliParts): void {
  program
    .command('migrate')
    .description('bring the database up to this version; `run` does it by itself')
    .option('--data-dir <folder>', 'folder of the embedded database', textArgument)
    .option('--config <folder>', 'folder of the YAML configuration', textArgument)
    .action(async ({ dataDir, config }: MigrateArguments) => {
      exitWith(await parts.migrate({ dataDir: dataDir ?? null, configDir: config ?? null }))
    })
}
