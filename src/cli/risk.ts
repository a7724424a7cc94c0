/** `triplegain risk`: the trading book against its limits, and which breakers stand. */
import type { Command } from 'commander'
import { z } from 'zod'
import { type AskArguments, addAskOptions, ask, baseUrl } from './ask.ts'
import { breakersShape, standing } from './breakers.ts'
import type { CliParts } from './parts.ts'
import { shortTime, table } from './table.ts'

const percent = z.string().nullable()
const shape = z.looseObject({
  readings: z.looseObject({
    ...{ dayLossPct: percent, weekLossPct: percent, drawdownPct: percent, lossStreak: z.number() },
    ...{ isFrozen: z.boolean(), staleMarks: z.array(z.string()) },
  }),
  thresholds: z.looseObject({
    ...{ dailyLossPct: z.number(), weeklyLossPct: z.number(), drawdownPct: z.number(), straightLosses: z.number() },
  }),
  breakers: breakersShape,
  cooldowns: z.record(z.string(), z.string()),
})
type Answer = z.output<typeof shape>

const reading = (name: string, value: string | null, threshold: number): readonly string[] => [
  ...[name, value === null ? 'unknown' : `${value} %`, `of ${threshold} %`],
]

function riskLines({ readings, thresholds, breakers, cooldowns }: Answer): readonly string[] {
  const rows = [
    reading('loss of the day', readings.dayLossPct, thresholds.dailyLossPct),
    reading('loss of the week', readings.weekLossPct, thresholds.weeklyLossPct),
    reading('drawdown', readings.drawdownPct, thresholds.drawdownPct),
    ['losses in a row', String(readings.lossStreak), `of ${thresholds.straightLosses}`],
  ]
  const stands = breakers.map((one) => `breaker ${one.name} ${standing(one)}`)
  const rests = Object.entries(cooldowns).map(([symbol, until]) => `${symbol} rests until ${shortTime(until)}`)
  const frozen = readings.isFrozen ? [`frozen: no fresh price of ${readings.staleMarks.join(', ')}`] : []
  return [...table(rows, [1]), ...stands, ...rests, ...frozen]
}

export function addRisk(program: Command, parts: CliParts): void {
  addAskOptions(program.command('risk').description('losses against their limits, and breakers that stand')).action(
    async (given: AskArguments, command: Command) => {
      const answer = await ask(parts, baseUrl(command, given), '/api/v1/risk', shape)
      if (given.json) parts.out(JSON.stringify(answer))
      else for (const line of riskLines(answer)) parts.out(line)
    },
  )
}
