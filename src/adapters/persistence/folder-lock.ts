/**
 * One process per folder. A lock file names its holder; it is never removed while it is the newest, so the next holder
 * always takes the next number, and no two processes can come to hold one folder, however they race.
 */
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const LOCK_FILE = /^lock\.(\d+)$/
const ATTEMPTS = 100

interface Holder {
  readonly pid: number
  /** Which process of that number: boot and start time, where the system tells; a number may be used again. */
  readonly born: string | null
  readonly free: boolean
}

/** Another process works in the folder. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError'
  readonly pid: number

  constructor(folder: string, pid: number) {
    super(`folder in use by process ${pid}: ${folder}`)
    this.pid = pid
  }
}

const isMissing = (cause: unknown): boolean => (cause as NodeJS.ErrnoException).code === 'ENOENT'

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (isMissing(cause)) return null
    throw cause
  }
}

/** Boot and start time of a process; null where there is no /proc to tell, or no such process. */
function bornOf(pid: number): string | null {
  const stat = contentOf(`/proc/${pid}/stat`)
  // The second field is the program's name in brackets and may itself hold blanks and brackets.
  const startTicks = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  return startTicks === undefined ? null : `${contentOf('/proc/sys/kernel/random/boot_id')?.trim()}/${startTicks}`
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const holds = ({ free, pid, born }: Holder): boolean =>
  !free && isRunning(pid) && (born === null || bornOf(pid) === null || born === bornOf(pid))

const locksOf = (folder: string): readonly number[] =>
  readdirSync(folder)
    .map((name) => LOCK_FILE.exec(name)?.[1])
    .filter((number) => number !== undefined)
    .map(Number)

const lockPath = (folder: string, number: number): string => join(folder, `lock.${number}`)

/** Puts a whole file in place in one step; false where the name is taken. */
function placed(path: string, holder: Holder): boolean {
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, JSON.stringify(holder))
  try {
    linkSync(draft, path)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cause
  } finally {
    rmSync(draft, { force: true })
  }
}

export interface FolderLock {
  /** Lets the next process in. */
  release(): void
}

/**
 * Takes the folder, at once or not at all; a lock whose process is dead counts for nothing.
 * Processes that cannot see each other's numbers (two containers on one volume) are not kept apart.
 * @throws FolderInUseError
 */
export function lockFolder(folder: string): FolderLock {
  const mine: Holder = { pid: process.pid, born: bornOf(process.pid), free: false }
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const newest = Math.max(0, ...locksOf(folder))
    const found = newest === 0 ? null : contentOf(lockPath(folder, newest))
    // The newest lock went away between the two looks: a newer one stands.
    if (newest > 0 && found === null) continue
    const holder = found === null ? null : (JSON.parse(found) as Holder)
    if (holder !== null && holds(holder)) throw new FolderInUseError(folder, holder.pid)

    const number = newest + 1
    if (!placed(lockPath(folder, number), mine)) continue
    const all = locksOf(folder)
    if (all.some((other) => other > number)) {
      rmSync(lockPath(folder, number), { force: true })
      continue
    }
    for (const older of all) if (older < number) rmSync(lockPath(folder, older), { force: true })
    return { release: () => freeLock(lockPath(folder, number), mine) }
  }
  throw new Error(`could not take ${folder}: other processes keep taking it`)
}

/** The process that holds the folder; null when none does. */
export function holderOf(folder: string): number | null {
  const newest = Math.max(0, ...locksOf(folder))
  const found = newest === 0 ? null : contentOf(lockPath(folder, newest))
  const holder = found === null ? null : (JSON.parse(found) as Holder)
  return holder !== null && holds(holder) ? holder.pid : null
}

function freeLock(path: string, mine: Holder): void {
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, JSON.stringify({ ...mine, free: true }))
  renameSync(draft, path)
}
