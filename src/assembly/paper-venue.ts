/** The paper venue's figures out of the configuration. */
import type { Config } from '../../config/schema.ts'
import type { SimulatedExchangeOptions } from '../adapters/exchange/simulated/exchange.ts'
import { LATENCY_DEFAULTS } from '../adapters/exchange/simulated/latency.ts'
import type { Instrument } from '../domain/instrument.ts'
import { amount, text } from '../domain/units.ts'
import { share } from './settings.ts'

const BPS = 10_000

export function paperExchangeOptions(
  { execution: { fees, paper } }: Config,
  instruments: readonly Instrument[],
): Pick<SimulatedExchangeOptions, 'instruments' | 'startingBalances' | 'parameters' | 'latency'> {
  return {
    instruments,
    startingBalances: paper.startingBalances,
    parameters: {
      makerFee: share(fees.makerPct),
      takerFee: share(fees.takerPct),
      participation: share(paper.participationPct),
      halfSpread: text(amount(paper.halfSpreadBps).div(BPS)),
      slippageTicks: paper.slippageTicks,
    },
    latency: { ...LATENCY_DEFAULTS, medianMs: paper.latencyMs },
  }
}
