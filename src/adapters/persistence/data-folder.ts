/** The folder that holds everything of one installation: its identity, its lock, its database, how it last ended. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Clock, IdSource } from '../../ports/clock.ts'
import { type FolderLock, holderOf, lockFolder } from './folder-lock.ts'

/** Remembered ends; more within the asked-for time change nothing. */
const REMEMBERED_EXITS = 20

interface Runs {
  readonly state: 'running' | 'clean'
  /** When an abnormal end was found, at the start that followed it; milliseconds UTC. */
  readonly abnormalAt: readonly number[]
}

/** A file of the folder cannot be read as what it should be. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError'
}

/** Whole or not at all, and on the disk when it returns. */
function writeWhole(path: string, content: unknown): void {
  const draft = `${path}.draft`
  const file = openSync(draft, 'w')
  try {
    writeSync(file, `${JSON.stringify(content)}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(draft, path)
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new DataFolderError(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

function folderId(path: string, ids: IdSource): string {
  if (!existsSync(path)) writeWhole(path, { id: ids.next() })
  const { id } = readJson(path) as { readonly id?: unknown }
  if (typeof id !== 'string' || id === '') throw new DataFolderError(`${path} holds no id`)
  return id
}

function readRuns(path: string): Runs {
  if (!existsSync(path)) return { state: 'clean', abnormalAt: [] }
  const { state, abnormalAt } = readJson(path) as Partial<Runs>
  if ((state !== 'running' && state !== 'clean') || !Array.isArray(abnormalAt)) {
    throw new DataFolderError(`${path} does not tell how the last run ended`)
  }
  return { state, abnormalAt }
}

/** Tells the process of a folder to sell what its positions hold. @throws DataFolderError when none runs there. */
export function requestFlatten(path: string): void {
  const pid = holderOf(resolve(path))
  if (pid === null) throw new DataFolderError(`no process works in ${path}`)
  process.kill(pid, 'SIGUSR2')
}

export class DataFolder {
  readonly path: string
  /** Fresh at the folder's first use, the same ever after: a paper account is `paper:<folder id>`. */
  readonly id: string
  readonly #lock: FolderLock
  readonly #clock: Clock
  readonly #runsPath: string
  readonly #abnormalAt: readonly number[]

  private constructor(path: string, lock: FolderLock, clock: Clock, ids: IdSource) {
    this.path = path
    this.#lock = lock
    this.#clock = clock
    this.#runsPath = join(path, 'runs.json')
    this.id = folderId(join(path, 'folder.json'), ids)
    const { state, abnormalAt } = readRuns(this.#runsPath)
    const found = state === 'running' ? [...abnormalAt, clock.now()] : abnormalAt
    this.#abnormalAt = found.slice(-REMEMBERED_EXITS)
    writeWhole(this.#runsPath, { state: 'running', abnormalAt: this.#abnormalAt })
  }

  /**
   * Creates the folder where it is missing, takes its lock, and notes that a run has begun. To be called before the
   * embedded database is opened, which has no lock of its own.
   * @throws FolderInUseError, DataFolderError
   */
  static open(path: string, clock: Clock, ids: IdSource): DataFolder {
    const folder = resolve(path)
    mkdirSync(folder, { recursive: true })
    const lock = lockFolder(folder)
    try {
      return new DataFolder(folder, lock, clock, ids)
    } catch (cause) {
      lock.release()
      throw cause
    }
  }

  /** Where the embedded database lives. */
  get databaseDir(): string {
    return join(this.path, 'database')
  }

  /** What the journal holds while the database is away. */
  get spoolPath(): string {
    return join(this.path, 'spool.ndjson')
  }

  /** How many runs before this one ended without `close`, found within the last `withinMs`. */
  abnormalExits(withinMs: number): number {
    const since = this.#clock.now() - withinMs
    return this.#abnormalAt.filter((at) => at >= since).length
  }

  /** A clean end: notes it and lets the next process in. Call it last, when the database is closed. */
  close(): void {
    writeWhole(this.#runsPath, { state: 'clean', abnormalAt: this.#abnormalAt })
    this.#lock.release()
  }
}
