/** The real process, as a user starts it: `node src/main.ts …`, its lines as they come, and how it ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Arrivals } from '../support/kraken-server.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** Before a wait for a line is given up; below the time of the tests that wait. */
const PATIENCE_MS = 90_000

/** One line of the log; the message of a fact is its type. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string }

export interface RunningProcess {
  readonly child: ChildProcess
  readonly out: readonly string[]
  /** Lines for people on standard error: what is not the log. */
  readonly said: readonly string[]
  readonly log: readonly LogLine[]
  /**
   * The next line of the log that fits, come or yet to come; rejects, with the last lines, when the process ends without it
   * or a minute and a half has gone by.
   */
  logged(fits: (line: LogLine) => boolean): Promise<LogLine>
  /** What a `--json` run prints when it is ready. */
  ready(): Promise<{ readonly url: string; readonly feed: { readonly fallback: boolean } }>
  signal(name: NodeJS.Signals): void
  /** Exit code; null after a signal. Rejects, with the last lines, where it goes on for a minute and a half from now. */
  readonly ended: Promise<number | null>
}

const isLogLine = (line: string): boolean => line.startsWith('{"level"')

/** Processes and folders of one test file; `cleanUp` ends and removes them. */
export function bench() {
  const children: ChildProcess[] = []
  const folders: string[] = []

  function triplegain(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningProcess {
    const child = spawn(process.execPath, ['src/main.ts', ...args], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.push(child)
    const out = new Arrivals<string>()
    const log = new Arrivals<LogLine>()
    const said: string[] = []
    createInterface({ input: child.stdout }).on('line', (line) => out.push(line))
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (isLogLine(line)) log.push(JSON.parse(line) as LogLine)
      else said.push(line)
    })
    // `close` and not `exit`: by then everything said has been read.
    const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)))
    const orEnds = <T>(wanted: Promise<T>): Promise<T> =>
      Promise.race([
        wanted,
        ended.then((code) => {
          throw new Error(`it ended with ${code}: ${said.join(' | ')}`)
        }),
      ])
    const within = <T>(wanted: Promise<T>): Promise<T> => {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_, reject) => {
        const tail = () => [...said, ...log.all.slice(-25).map((line) => JSON.stringify(line))].join('\n')
        timer = setTimeout(() => reject(new Error(`waited ${PATIENCE_MS / 1000} s in vain:\n${tail()}`)), PATIENCE_MS)
      })
      return Promise.race([wanted, late]).finally(() => clearTimeout(timer))
    }
    const inTime = <T>(wanted: Promise<T>): Promise<T> => within(orEnds(wanted))
    return {
      child,
      out: out.all,
      said,
      log: log.all,
      logged: (fits) => inTime(log.next(fits)),
      ready: async () => JSON.parse(await inTime(out.next((line) => line.startsWith('{')))),
      signal: (name) => void child.kill(name),
      get ended() {
        return within(ended)
      },
    }
  }

  return {
    triplegain,
    /** Runs to its end. */
    async run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
      const started = triplegain(args, env)
      return { code: await started.ended, out: started.out, said: started.said }
    },
    folder(): string {
      const folder = mkdtempSync(join(tmpdir(), 'triplegain-e2e-'))
      folders.push(folder)
      return folder
    },
    cleanUp(): void {
      for (const child of children) child.kill('SIGKILL')
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A GET of the API, as JSON. */
export async function get(url: string, path: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(PATIENCE_MS) })
  return { status: response.status, body: await response.json() }
}

export const isFact =
  (type: string) =>
  ({ msg }: LogLine): boolean =>
    msg === type
