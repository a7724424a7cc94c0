/** One life of the process under test, as its parent sees it. */
import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Tells, Told } from './child.ts'
import type { Moment } from './steps.ts'

export type Look = Extract<Tells, { type: 'look' }>
export interface Death {
  readonly step: string
  readonly moment: Moment
}

/** How long a life may be silent when it was asked something. */
const ANSWER_MS = 10_000
const LINES_KEPT = 40

export interface LifeOptions {
  readonly dataDir: string
  readonly configDir: string
  readonly env: Readonly<Record<string, string>>
  /** Where it is to die, already while it starts. */
  readonly death: Death | null
  readonly onStep: (step: string) => void
}

export class Life {
  readonly #child: ChildProcess
  readonly #lines: string[] = []
  #isRunning = false
  #exit: string | null = null
  #answer: ((look: Look | null) => void) | null = null
  readonly ended: Promise<string>

  constructor({ configDir, dataDir, env, death, onStep }: LifeOptions) {
    const root = resolve(import.meta.dirname, '../..')
    const given = [configDir, dataDir, JSON.stringify(death)]
    this.#child = fork(resolve(import.meta.dirname, 'child.ts'), given, {
      ...{ cwd: root, env: { PATH: process.env.PATH, ...env } },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    // It may die while it is being told something.
    this.#child.on('error', () => undefined)
    this.#child.stderr?.on('data', (data: Buffer) => this.#keep(data.toString().trimEnd()))
    this.#child.on('message', (message) => this.#hear(message as Tells, onStep))
    this.ended = new Promise((done) => {
      this.#child.once('exit', (code, signal) => {
        this.#exit = signal ?? String(code)
        this.#answer?.(null)
        done(this.#exit)
      })
    })
  }

  /** The system is built and has told so. */
  get isRunning(): boolean {
    return this.#isRunning && this.#exit === null
  }

  /** It stands still (Linux: state T in /proc). */
  isStopped(): boolean {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')
  }

  /** The signal or code it ended with; null while it lives. */
  get exit(): string | null {
    return this.#exit
  }

  /** Its last log lines, for a report of a failure. */
  get lines(): readonly string[] {
    return this.#lines
  }

  tell(told: Told): void {
    if (this.#exit === null && this.#child.connected) this.#child.send(told, () => undefined)
  }

  /** What it believes; null where it died before it answered. */
  async look(wait: (ms: number) => Promise<void>): Promise<Look | null> {
    if (!this.isRunning) return null
    const answer = new Promise<Look | null>((done) => {
      this.#answer = done
    })
    this.tell({ type: 'look' })
    return Promise.race([answer, wait(ANSWER_MS).then(() => null)])
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  #hear(message: Tells, onStep: (step: string) => void): void {
    if (message.type === 'running') this.#isRunning = true
    else if (message.type === 'step') onStep(message.step)
    else if (message.type === 'line')
      this.#keep(`${message.level} ${message.message} ${JSON.stringify(message.fields)}`)
    else {
      this.#answer?.(message)
      this.#answer = null
    }
  }

  #keep(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length > LINES_KEPT) this.#lines.shift()
  }
}
