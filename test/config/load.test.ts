import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError, type ConfigProblem } from '../../config/config-error.ts'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { DEFAULT_CONSENSUS } from '../../src/domain/consensus.ts'
import { DEFAULT_DEGRADATION } from '../../src/domain/degradation.ts'
import { DEFAULT_RISK_LIMITS } from '../../src/domain/risk-limits.ts'
import { OWNERS_DCA, OWNERS_EXECUTION, OWNERS_LIMITS, OWNERS_ORCHESTRATION, OWNERS_PORTFOLIO } from './owners-files.ts'

const SHIPPED = resolve(import.meta.dirname, '../../config')

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'triplegain-config-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const write = (name: string, content: string): void => writeFileSync(join(dir, name), content)
const load = (env: Record<string, string> = {}, overrides: Record<string, string> = {}): Config =>
  loadConfig({ dir, env, overrides })
const problemsOf = (
  env: Record<string, string> = {},
  overrides: Record<string, string> = {},
): readonly ConfigProblem[] => {
  try {
    load(env, overrides)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

const LIVE = {
  KRAKEN_API_KEY: 'the-key',
  KRAKEN_API_SECRET: 'the-secret',
  DATABASE_URL: 'postgres://me:hush@db/tg',
  TRIPLEGAIN_LIVE: 'yes-trade-real-money',
}

describe("the owner's files", () => {
  beforeEach(() => {
    write('orchestration.yaml', OWNERS_ORCHESTRATION)
    write('portfolio.yaml', OWNERS_PORTFOLIO)
    write('execution.yaml', OWNERS_EXECUTION)
  })

  it('load as they are', () => {
    const config = load()
    expect(config.coordinator.symbols).toEqual(['BTC/USDT', 'XRP/USDT'])
    expect(config.coordinator.llm.fallback).toEqual({ provider: 'anthropic', model: 'claude-3-5-sonnet-20241022' })
    expect(config.coordinator.conflicts).toEqual({ invokeLlmThreshold: 0.2, maxResolutionTimeMs: 10_000 })
    expect(config.portfolio.targetAllocation).toEqual({ btcPct: '33.33', xrpPct: '33.33', usdtPct: '33.34' })
    expect(config.portfolio.hodlBags).toMatchObject({ enabled: true, btcAmount: '0', allocationPct: '10' })
    expect(config.execution.kraken.rateLimit).toMatchObject({ callsPerMinute: 60, orderCallsPerMinute: 30 })
    expect(config.execution.kraken.apiKey).toBeUndefined()
    expect(config.execution.orders).toMatchObject({ timeInForce: 'GTC', maxRetryCount: 3, retryDelayMs: 5_000 })
    expect(config.execution.positions.syncIntervalMs).toBe(30_000)
  })

  it("give the owner's schedules under the system's task names", () => {
    const { schedules } = load()
    expect(schedules.ta_analysis).toMatchObject({ enabled: true, intervalMs: 60_000, timeoutMs: 30_000 })
    expect(schedules.sentiment_analysis).toMatchObject({ enabled: false, intervalMs: 1_800_000 })
    expect(schedules.portfolio_check).toMatchObject({ enabled: true, intervalMs: 3_600_000, firstRunAfterMs: 60_000 })
    expect(schedules.trading_decision.dependsOn).toEqual(['ta_analysis', 'regime_detection'])
  })

  it('mean five positions in all: of the six and the five the smaller wins', () => {
    const config = load()
    expect(config.execution.positions.maxOpenPositions).toBe(6)
    expect(config.execution.positionLimits).toEqual({ maxPerSymbol: 2, maxTotal: 5 })
    expect(config.risk.maxPositions).toBe(5)
  })

  it("take the text's DCA block, position limits and trailing stop as written", () => {
    write('portfolio.yaml', OWNERS_DCA)
    write('execution.yaml', OWNERS_EXECUTION + OWNERS_LIMITS)
    const config = load()
    expect(config.portfolio.rebalancing.dca).toEqual({
      enabled: true,
      thresholdUsd: '500',
      batches: 6,
      intervalMs: 4 * 3_600_000,
    })
    expect(config.portfolio.hodlBags.allocationPct).toBe('10')
    expect(config.execution.positionLimits).toEqual({ maxPerSymbol: 2, maxTotal: 5 })
    expect(config.execution.trailingStop).toEqual({
      enabled: true,
      activationPct: '1',
      trailDistancePct: '1.5',
      updateIntervalMs: 60_000,
    })
  })
})

describe('the shipped configuration', () => {
  it('says the same as the defaults', () => {
    const shipped = loadConfig({ dir: SHIPPED, env: {} })
    const { checkIntervalMs, ...rebalancing } = shipped.portfolio.rebalancing
    const { maxOpenPositions, ...positions } = shipped.execution.positions
    expect(checkIntervalMs).toBe(3_600_000)
    expect(maxOpenPositions).toBe(6)
    expect({
      ...shipped,
      portfolio: { ...shipped.portfolio, rebalancing },
      execution: { ...shipped.execution, positions },
    }).toEqual(load())
  })

  it('holds the figures that the domain was built with', () => {
    const shipped = loadConfig({ dir: SHIPPED, env: {} })
    expect(shipped.risk).toEqual(DEFAULT_RISK_LIMITS)
    expect(shipped.coordinator.consensus).toEqual(DEFAULT_CONSENSUS)
    expect(shipped.coordinator.degradation).toEqual(DEFAULT_DEGRADATION)
    expect(shipped.execution.paper.startingBalances).toEqual({ USDT: '1000', XRP: '500' })
    expect(shipped.storage.databaseUrl).toBeNull()
  })

  it('trades live only with every consent given', () => {
    const overrides = { 'execution.mode': 'live', 'execution.feed': 'kraken' }
    const config = loadConfig({ dir: SHIPPED, env: LIVE, overrides })
    expect(config.execution.mode).toBe('live')
    expect(config.execution.kraken.apiSecret?.reveal()).toBe('the-secret')
    for (const missing of Object.keys(LIVE)) {
      const env = { ...LIVE, [missing]: '' }
      expect(() => loadConfig({ dir: SHIPPED, env, overrides }), missing).toThrow(ConfigError)
    }
    expect(() => loadConfig({ dir: SHIPPED, env: LIVE, overrides: { 'execution.mode': 'live' } })).toThrow(
      /execution\.feed must be kraken in live mode/,
    )
    const almost = { ...LIVE, TRIPLEGAIN_LIVE: 'yes' }
    expect(() => loadConfig({ dir: SHIPPED, env: almost, overrides })).toThrow(/TRIPLEGAIN_LIVE must be/)
  })
})

describe('numbers', () => {
  it('that are money keep every digit', () => {
    write('portfolio.yaml', 'portfolio:\n  hodl_bags:\n    btc_amount: 0.123456789012345678901\n')
    expect(load().portfolio.hodlBags.btcAmount).toBe('0.123456789012345678901')
  })

  it('may be written as text, and flags too', () => {
    write('execution.yaml', 'execution:\n  orders: {max_retry_count: "4"}\n  margin: {enabled: "yes"}\n')
    expect(load().execution.orders.maxRetryCount).toBe(4)
    expect(load().execution.margin.enabled).toBe(true)
  })

  it('must lie within their bounds', () => {
    write(
      'execution.yaml',
      'execution:\n  orders:\n    max_retry_count: 2.5\n  fees: {maker_pct: -0.1, taker_pct: .8%}\n',
    )
    expect(problemsOf()).toEqual([
      { file: 'execution.yaml', line: 3, path: 'execution.orders.max_retry_count', message: 'must be a whole number' },
      { file: 'execution.yaml', line: 4, path: 'execution.fees.maker_pct', message: 'must be at least 0' },
      { file: 'execution.yaml', line: 4, path: 'execution.fees.taker_pct', message: 'must be a decimal number' },
    ])
  })
})

describe('variables', () => {
  it('come from the environment, with a default where one is given', () => {
    write('execution.yaml', `execution:\n  feed: \${FEED:-simulated}\n  paper: {seed: "run-\${RUN}"}\n`)
    expect(load().execution).toMatchObject({ feed: 'simulated', paper: { seed: 'triplegain' } })
    expect(load({ FEED: 'kraken', RUN: '7' }).execution).toMatchObject({ feed: 'kraken', paper: { seed: 'run-7' } })
  })

  it('that are set to nothing count as unset', () => {
    write('execution.yaml', OWNERS_EXECUTION)
    expect(load({ KRAKEN_API_KEY: '', KRAKEN_API_SECRET: 'x' }).execution.kraken.apiKey).toBeUndefined()
  })

  it('must be closed', () => {
    write('execution.yaml', `execution:\n  feed: \${FEED\n`)
    expect(problemsOf()[0]).toMatchObject({ file: 'execution.yaml', line: 2, path: 'execution.feed' })
  })
})

describe("Kraken's addresses", () => {
  it('may be unencrypted on this machine alone: keys and orders travel there', () => {
    write(
      'execution.yaml',
      'execution:\n  kraken: {rest_url: "http://127.0.0.1:8080/", ws_auth_url: "ws://[::1]:8080/v2"}\n',
    )
    expect(load().execution.kraken).toMatchObject({
      restUrl: 'http://127.0.0.1:8080',
      wsUrl: 'wss://ws.kraken.com/v2',
      wsAuthUrl: 'ws://[::1]:8080/v2',
    })
    write('execution.yaml', 'execution:\n  kraken:\n    rest_url: http://example.com\n    ws_url: nowhere\n')
    expect(problemsOf().map(({ path }) => path)).toEqual(['execution.kraken.rest_url', 'execution.kraken.ws_url'])
  })
})

describe('secrets', () => {
  it('are never shown by accident', () => {
    write('execution.yaml', OWNERS_EXECUTION)
    const config = load(LIVE)
    for (const shown of [JSON.stringify(config), inspect(config, { depth: 9 }), `${config.execution.kraken.apiKey}`]) {
      expect(shown).not.toMatch(/the-key|the-secret|hush/)
      expect(shown).toContain('[redacted]')
    }
    expect(config.storage.databaseUrl?.reveal()).toBe(LIVE.DATABASE_URL)
  })

  it('are not repeated by an error, wherever they were put', () => {
    const bad = `mode: \${K}\n  kraken:\n    api_key: \${K}\n    rate_limit:\n      calls_per_minute: \${K}\n`
    write('execution.yaml', `execution:\n  ${bad}`)
    const failure = problemsOf({ K: 'hush-hush', DATABASE_URL: 'mysql://hush-hush' })
    expect(failure).toHaveLength(3)
    expect(JSON.stringify(failure)).not.toContain('hush-hush')
  })

  it('are not quoted from a file that is no YAML', () => {
    write('execution.yaml', 'execution:\n  kraken:\n    api_key: "hush-hush\n')
    expect(new ConfigError(problemsOf()).message).not.toContain('hush')
  })
})

describe('mistakes', () => {
  it('are all told at once, each with its file, line and path', () => {
    write(
      'portfolio.yaml',
      'portfolio:\n  target_allocation:\n    btc_pct: 40\n    xrp_pct: 33.33\n    usdt_pct: 33.34\n',
    )
    write('execution.yaml', 'execution:\n  mode: yolo\n  orders:\n    defalt_type: limit\n  trailing_stop: on\n')
    write('risk.yaml', 'risk:\n  limits:\n    max_leverage: 50\n')
    write('orchestration.yaml', 'coordinator:\n  symbols: [DOGE/USDT]\n')
    const told = problemsOf().map(({ file, line, path, message }) => `${file}:${line} ${path} ${message}`)
    expect(told.sort()).toEqual([
      'execution.yaml:2 execution.mode must be one of paper, live',
      'execution.yaml:4 execution.orders.defalt_type is not a known key',
      'execution.yaml:5 execution.trailing_stop must be a map of keys',
      'orchestration.yaml:2 coordinator.symbols.0 must be one of BTC/USDT, XRP/USDT, XRP/BTC, ETH/USDT, ETH/BTC',
      'portfolio.yaml:2 portfolio.target_allocation sums to 106.67 and must sum to 100 (±0.1)',
      'risk.yaml:3 risk.limits.max_leverage must be at most 5',
    ])
  })

  it('name a pair that a trade would pay for with core coins, and why it is not traded', () => {
    write('orchestration.yaml', 'coordinator:\n  symbols: [BTC/USDT, ETH/BTC]\n')
    expect(problemsOf()).toMatchObject([{ file: 'orchestration.yaml', line: 2, path: 'coordinator.symbols.1' }])
    expect(problemsOf()[0]?.message).toMatch(/^ETH\/BTC is paid in BTC.* core .* hodl .* never spends/)
  })

  it('in the YAML itself are told with file and line', () => {
    write('risk.yaml', 'risk:\n  limits:\n    max_leverage: 5\n   max_risk_pct: 2\n')
    expect(problemsOf()[0]).toMatchObject({ file: 'risk.yaml', line: 4 })
    expect(problemsOf()[0]?.message).toMatch(/^is not valid YAML: /)
    write('risk.yaml', 'risk: {}\nrisk: {}\n')
    expect(problemsOf()[0]).toMatchObject({ file: 'risk.yaml', line: 2 })
  })

  it('such as a check interval that differs from the schedule name both', () => {
    write('portfolio.yaml', OWNERS_PORTFOLIO.replace('check_interval_seconds: 3600', 'check_interval_seconds: 1800'))
    const [problem, ...others] = problemsOf()
    expect(others).toEqual([])
    expect(problem).toMatchObject({ file: 'portfolio.yaml', path: 'portfolio.rebalancing.check_interval_seconds' })
    expect(problem?.message).toMatch(/is 1800 but coordinator\.schedules\.portfolio_check\.interval_seconds is 3600/)
    write('orchestration.yaml', 'coordinator:\n  schedules:\n    portfolio_rebalance: {interval_seconds: 1800}\n')
    expect(load().schedules.portfolio_check.intervalMs).toBe(1_800_000)
  })

  it('such as one task under both of its names are refused', () => {
    write(
      'orchestration.yaml',
      'coordinator:\n  schedules:\n    ta_analysis: {}\n    technical_analysis: {interval_seconds: 30}\n',
    )
    expect(problemsOf()).toEqual([
      {
        file: 'orchestration.yaml',
        line: 4,
        path: 'coordinator.schedules.technical_analysis',
        message: 'is given twice: also as ta_analysis',
      },
    ])
  })

  it('inside a task are told under the name that the file uses', () => {
    write('orchestration.yaml', 'coordinator:\n  schedules:\n    technical_analysis:\n      interval_seconds: soon\n')
    expect(problemsOf()).toMatchObject([{ line: 4, path: 'coordinator.schedules.technical_analysis.interval_seconds' }])
  })

  it('such as tasks that wait for each other are refused', () => {
    write(
      'orchestration.yaml',
      'coordinator:\n  schedules:\n    ta_analysis: {depends_on: [trading_decision]}\n    trading_decision: {depends_on: [technical_analysis]}\n',
    )
    expect(problemsOf()[0]?.message).toBe('makes the task wait for itself')
  })

  it('such as an unknown file, or the same block in two files, are refused', () => {
    write('risks.yaml', 'risk: {}\n')
    write('risk.yaml', 'risk: {}\nportfolio: {}\n')
    write('portfolio.yaml', 'portfolio: {}\n')
    expect(problemsOf().map(({ file, message }) => `${file} ${message.slice(0, 30)}`)).toEqual([
      'risks.yaml is not a known file: there are',
      'risk.yaml is already in portfolio.yaml',
    ])
  })

  it('such as a folder that does not exist are told', () => {
    expect(() => loadConfig({ dir: join(dir, 'nowhere'), env: {} })).toThrow(/cannot be read/)
  })

  it('on the command line are told as such', () => {
    expect(problemsOf({}, { 'execution.feed': 'carrier-pigeon' })).toMatchObject([
      { file: 'override', line: null, path: 'execution.feed' },
    ])
  })
})

describe('the loaded configuration', () => {
  it('cannot be changed', () => {
    const config = load()
    expect(Object.isFrozen(config.execution.paper.startingBalances)).toBe(true)
    expect(Object.isFrozen(config.risk.breakers)).toBe(true)
  })

  it('waits for sentiment before deciding, where sentiment is on', () => {
    write('orchestration.yaml', 'coordinator: {schedules: {sentiment_analysis: {enabled: true}}}\n')
    expect(load().schedules.trading_decision.dependsOn).toContain('sentiment_analysis')
  })

  it('accepts a target of 99.9 and refuses 99.89', () => {
    const target = (usdt: string): string =>
      `portfolio: {target_allocation: {btc_pct: 33, xrp_pct: 33, usdt_pct: ${usdt}}}\n`
    write('portfolio.yaml', target('33.9'))
    expect(load().portfolio.targetAllocation.usdtPct).toBe('33.9')
    write('portfolio.yaml', target('33.89'))
    expect(problemsOf()[0]?.message).toMatch(/sums to 99\.89/)
  })
})
