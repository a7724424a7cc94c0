/** `triplegain indicators`: every indicator of a candle file, one line a bar. */
import type { Command } from 'commander'
import { textArgument } from './arguments.ts'
import type { CliParts } from './parts.ts'

interface IndicatorArguments {
  readonly data: string
  readonly json?: boolean
}

/** `ema_9=1.5 macd.line=0.2 …`: nested readings by their path; a dash while warming up. */
function barText(reading: Readonly<Record<string, unknown>>, prefix = ''): string {
  return Object.entries(reading)
    .map(([key, value]) => {
      if (typeof value === 'object' && value !== null)
        return barText(value as Readonly<Record<string, unknown>>, `${prefix}${key}.`)
      return `${prefix}${key}=${value === null ? '–' : String(value)}`
    })
    .join(' ')
}

export function addIndicators(program: Command, parts: CliParts): void {
  program
    .command('indicators')
    .description('every indicator of a candle file, one line a bar; null while warming up')
    .requiredOption('--data <file>', 'a candle file, .csv or .csv.gz', textArgument)
    .option('--json', 'one JSON object a line')
    .action(async ({ data, json }: IndicatorArguments) => {
      for await (const reading of parts.indicators(data)) parts.out(json ? JSON.stringify(reading) : barText(reading))
    })
}
