/**
 * Where journal rows go while the database is away: a file beside it, one line for each group of rows, on the disk before
 * anything that they tell of may leave. The database has them once it is back; then the file is emptied.
 */
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { NumberedRow } from './journal-rows.ts'

/** The spool could not be written: nothing of what was given is certain to be on the disk. */
export class SpoolFailedError extends Error {
  override readonly name = 'SpoolFailedError'
}

/** A complete line of the spool is not what this code wrote. */
export class SpoolDamagedError extends Error {
  override readonly name = 'SpoolDamagedError'
}

const isRows = (value: unknown): value is readonly NumberedRow[] =>
  Array.isArray(value) && value.every((row) => typeof row?.pos === 'number' && typeof row?.bodyText === 'string')

export class JournalSpool {
  readonly path: string
  #length = 0

  constructor(path: string) {
    this.path = path
  }

  /** Adds the rows as one line and waits until they are on the disk. @throws SpoolFailedError */
  append(rows: readonly NumberedRow[]): void {
    try {
      const isNew = !existsSync(this.path)
      const file = openSync(this.path, isNew ? 'wx' : 'r+')
      try {
        // After a write that failed midway its torn line must not stand before this one.
        ftruncateSync(file, this.#length)
        const line = Buffer.from(`${JSON.stringify(rows)}\n`)
        writeSync(file, line, 0, line.length, this.#length)
        fsyncSync(file)
        if (isNew) this.#syncFolder()
        this.#length += line.length
      } finally {
        closeSync(file)
      }
    } catch (cause) {
      throw new SpoolFailedError(`${this.path}: ${cause instanceof Error ? cause.message : String(cause)}`)
    }
  }

  /**
   * The rows of every complete line, in order. What follows the last line break was being written when the process died:
   * nothing that it tells of has left, so it is left out.
   * @throws SpoolDamagedError
   */
  read(): readonly NumberedRow[] {
    if (!existsSync(this.path)) return []
    const content = readFileSync(this.path, 'utf8')
    const complete = content.slice(0, content.lastIndexOf('\n') + 1)
    this.#length = Buffer.byteLength(complete)
    return complete.split('\n').flatMap((line, index) => (line === '' ? [] : this.#rowsOf(line, index + 1)))
  }

  /** Everything is in the database: an empty spool. @throws SpoolFailedError */
  clear(): void {
    if (!existsSync(this.path)) return
    try {
      const file = openSync(this.path, 'r+')
      try {
        ftruncateSync(file, 0)
        fsyncSync(file)
        this.#length = 0
      } finally {
        closeSync(file)
      }
    } catch (cause) {
      throw new SpoolFailedError(`${this.path}: ${cause instanceof Error ? cause.message : String(cause)}`)
    }
  }

  /** Keeps the file under another name, for a person to read. Answers the name. */
  setAside(at: number): string {
    const kept = `${this.path}.set-aside-${at}`
    renameSync(this.path, kept)
    this.#length = 0
    return kept
  }

  #rowsOf(line: string, number: number): readonly NumberedRow[] {
    let read: unknown = null
    try {
      read = JSON.parse(line)
    } catch {
      // Said below, in the same words as for JSON that holds no rows.
    }
    if (isRows(read)) return read
    throw new SpoolDamagedError(`${this.path}, line ${number}: not a group of journal rows`)
  }

  #syncFolder(): void {
    const folder = openSync(dirname(this.path), 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  }
}
