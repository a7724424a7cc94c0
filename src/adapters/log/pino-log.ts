/** The log: JSON lines for machines, coloured lines for a terminal. Written before the call returns, one line a fact. */
import { type DestinationStream, destination as fileDescriptor, pino } from 'pino'
import { prettyFactory } from 'pino-pretty'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { redactFields, redactText } from './redact.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export interface PinoLogOptions {
  readonly level: LogLevel
  /** For people at a terminal; JSON lines otherwise. */
  readonly pretty: boolean
  /** Takes whole lines, newline included; standard output unless told. */
  readonly destination?: { write(line: string): unknown }
  /** Stamps the lines; wall time unless told. */
  readonly clock?: Pick<Clock, 'now'>
}

const STANDARD_OUTPUT = 1
/** Names that the line itself uses: a field of the same name would stand in it twice. */
const OWN_NAMES: readonly string[] = ['level', 'time', 'msg']

const withoutClashes = (fields: Record<string, unknown>): Record<string, unknown> =>
  OWN_NAMES.some((name) => Object.hasOwn(fields, name))
    ? Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [OWN_NAMES.includes(name) ? `${name}_` : name, value]),
      )
    : fields

function streamOf({ pretty, destination }: PinoLogOptions): DestinationStream {
  const lines = destination ?? fileDescriptor({ dest: STANDARD_OUTPUT, sync: true })
  if (!pretty) return { write: (line) => void lines.write(line) }
  const colorize = destination === undefined && process.stdout.isTTY === true
  const prettify = prettyFactory({ colorize, singleLine: true, translateTime: 'UTC:yyyy-mm-dd HH:MM:ss.l' })
  return { write: (line) => void lines.write(prettify(line)) }
}

/** A log that redacts secrets in fields at any depth worth logging and in texts; a field `level`, `time` or `msg` gets a `_`. */
export function pinoLog(options: PinoLogOptions): Log {
  const now = options.clock === undefined ? () => Date.now() : options.clock.now.bind(options.clock)
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    streamOf(options),
  )
  const write =
    (level: Exclude<LogLevel, 'silent'>) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void => {
      if (!logger.isLevelEnabled(level)) return
      logger[level](fields === undefined ? {} : withoutClashes(redactFields(fields)), redactText(message))
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}
