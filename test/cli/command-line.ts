/** The command line with captured output and parts that write down what they were asked. */

import type { CliParts, MigrateOptions, RunOptions, SandboxCommand } from '../../src/cli/parts.ts'
import { buildProgram, execute } from '../../src/cli/program.ts'

export function commandLine(over: Partial<CliParts> = {}) {
  const out: string[] = []
  const err: string[] = []
  const runs: RunOptions[] = []
  const migrations: MigrateOptions[] = []
  const sandboxes: SandboxCommand[] = []
  const urls: string[] = []
  const parts: CliParts = {
    run: async (options) => {
      runs.push(options)
      return 0
    },
    ask: async (request, dataDir) => ({ kind: 'left', folder: `${dataDir} to ${request}` }),
    flatten: (dataDir) => `flattens ${dataDir}`,
    migrate: async (options) => {
      migrations.push(options)
      return 0
    },
    sandbox: async (command) => {
      sandboxes.push(command)
      return 0
    },
    indicators: async function* () {
      yield { t: 0, ema_9: null }
    },
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    fetch: async () => new Response('{}'),
    ...over,
  }
  const execution = async (...argv: string[]) => {
    const fetch = (url: string): Promise<Response> => {
      urls.push(url)
      return parts.fetch(url)
    }
    const code = await execute({ ...parts, fetch }, argv)
    return { code, out: out.join('\n'), err: err.join('\n') }
  }
  const program = () => buildProgram(parts)
  return { triplegain: execution, program, out, err, runs, migrations, sandboxes, urls }
}
