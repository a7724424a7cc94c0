/** What the command line is handed: it reads options and prints; the work is done by these. */
import type { Request } from '../domain/commands.ts'
import type { Pair } from '../domain/ids.ts'
import type { Numeric } from '../domain/units.ts'
import type { VenueTier } from '../domain/venue-limits.ts'

/** Where `run` takes prices from. */
export type FeedChoice =
  | { readonly kind: 'auto' | 'kraken' | 'simulated' }
  | {
      readonly kind: 'replay'
      /** A candle file or a folder of them. */
      readonly path: string
      /** Inclusive, milliseconds UTC; null for where the data begins. */
      readonly from: number | null
      /** Exclusive, milliseconds UTC; null for where the data ends. */
      readonly to: number | null
      /** `max`, or replayed seconds a second. */
      readonly speed: 'max' | number
      /** Keep one venue's files only, in lower case. */
      readonly source: string | null
    }

/** Checked; null where not given, so that the configuration decides. */
export interface RunOptions {
  readonly feed: FeedChoice | null
  readonly symbols: readonly Pair[] | null
  readonly dataDir: string | null
  /** 0 for any; null where not given (`DEFAULT_PORT`). */
  readonly port: number | null
  readonly json: boolean
  readonly seed: string | null
  readonly configDir: string | null
}

export interface MigrateOptions {
  readonly dataDir: string | null
  readonly configDir: string | null
}

/** Where the sandbox takes prices from. */
export type SandboxFeed =
  | { readonly kind: 'simulated' | 'manual' }
  | {
      readonly kind: 'replay'
      /** A candle file or a folder of them. */
      readonly path: string
      /** Inclusive, milliseconds UTC; null for where the data begins. */
      readonly from: number | null
      /** Exclusive, milliseconds UTC; null for where the data ends. */
      readonly to: number | null
      /** Replayed seconds a second. */
      readonly speed: number
    }

export interface SandboxCommand {
  /** 0 for any. */
  readonly port: number
  readonly seed: string
  readonly feed: SandboxFeed
  /** JSON; null for none. */
  readonly faultsFile: string | null
  /** Totals by asset code. */
  readonly balances: Readonly<Record<string, Numeric>>
  readonly tier: VenueTier
  /** Are rate limits enforced? */
  readonly limits: boolean
  readonly json: boolean
}

export const DEFAULT_PORT = 3000

/** What came of a request: answered, left for the next start where no process works, or not heard of again. */
export type Outcome = { readonly folder: string } & (
  | { readonly kind: 'left' | 'unanswered' }
  | { readonly kind: 'answered'; readonly refused: string | null; readonly trading: unknown }
)

export interface CliParts {
  /** Resolves with the exit code once the run is over. */
  run(options: RunOptions): Promise<number>
  migrate(options: MigrateOptions): Promise<number>
  /** Serves until it is told to end. */
  sandbox(command: SandboxCommand): Promise<number>
  /** Asks it of the process of a data folder, and waits some seconds for what comes of it. @throws CliError */
  ask(request: Request, dataDir: string | null): Promise<Outcome>
  /** Asks it to halt and to sell what all positions hold. @throws CliError */
  flatten(dataDir: string | null): string
  /** One reading per bar of a candle file, in order of time, with the keys of `IndicatorReading` and `t`. */
  indicators(file: string): AsyncIterable<Readonly<Record<string, unknown>>>
  /** One line to standard output. */
  out(line: string): void
  /** One line to standard error. */
  err(line: string): void
  /** A GET that gives up by itself after some seconds. */
  fetch(url: string): Promise<Response>
}

/** Something went wrong that a person can act on: printed as one line, exit code 1. */
export class CliError extends Error {
  override readonly name = 'CliError'
}
