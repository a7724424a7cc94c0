/** Whether trading goes on, why not and until when: what `status` says, and what a request to halt or pause comes to. */
import { z } from 'zod'
import { breakersShape, endOf, standing } from './breakers.ts'

export const tradingShape = z.looseObject({
  state: z.string(),
  pauseReasons: z.array(z.string()),
  haltReason: z.string().nullable(),
  haltedSymbols: z.record(z.string(), z.string()),
  breakers: breakersShape,
  mayOpenRisk: z.boolean(),
})
type Trading = z.output<typeof tradingShape>

export const because = (reasons: readonly string[]): string => (reasons.length === 0 ? '' : `: ${reasons.join('; ')}`)

/** A breaker that pauses gives its name as the reason, and ends that pause itself; any other is a person's. */
function pauseText(reason: string, breakers: Trading['breakers']): string {
  const breaker = breakers.find(({ name }) => name === reason)
  return `${reason} until ${breaker === undefined ? '`resume`' : endOf(breaker)}`
}

function stateText({ state, pauseReasons, haltReason, breakers, mayOpenRisk }: Trading): string {
  const reasons = haltReason === null ? pauseReasons.map((one) => pauseText(one, breakers)) : [haltReason]
  return `${state}${because(reasons)}, ${mayOpenRisk ? 'may open risk' : 'opens nothing'}`
}

/** Rows of a table: the state with its reasons, then what else stands in the way. */
export const tradingRow = (trading: Trading): readonly string[] => ['trading', stateText(trading)]
export const standingRows = ({ breakers, haltedSymbols }: Trading): readonly (readonly string[])[] => [
  ...breakers.map((one) => [`breaker ${one.name}`, standing(one)]),
  ...Object.entries(haltedSymbols).map(([symbol, reason]) => [`${symbol} halted`, reason]),
]
