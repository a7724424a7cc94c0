import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import { DataFolder, DataFolderError } from '../../../src/adapters/persistence/data-folder.ts'
import { FolderInUseError } from '../../../src/adapters/persistence/folder-lock.ts'
import { T0 } from './entries.ts'

const MINUTE = 60_000

let root: string
let children: ChildProcess[]

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'triplegain-folder-'))
  children = []
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

const path = (): string => join(root, 'deep', 'data')
const open = (at = T0): DataFolder => DataFolder.open(path(), simulatedClock(at), { next: () => 'a fresh id' })

/** Another process that holds the folder, or tried to: what it said on either stream. */
async function otherProcess(): Promise<{ child: ChildProcess; said: string; ended: Promise<void> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'hold-folder.ts'), path()], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  children.push(child)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const said = await new Promise<string>((resolve) => {
    let heard = ''
    const hear = (piece: Buffer): void => {
      heard += piece.toString()
      if (heard.includes('holding')) resolve(heard)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('close', () => resolve(heard))
  })
  return { child, said, ended }
}

describe('data folder', () => {
  it('is made where it is missing and keeps its id', () => {
    const first = open()
    expect(first.id).toBe('a fresh id')
    expect(first.databaseDir).toBe(join(path(), 'database'))
    first.close()
    const second = DataFolder.open(path(), simulatedClock(T0), { next: () => 'another id' })
    expect(second.id).toBe('a fresh id')
    second.close()
  })

  it('takes one process, and names it to the second', async () => {
    const { child, said } = await otherProcess()
    expect(said).toContain('holding id of the child')
    expect(() => open()).toThrow(FolderInUseError)
    expect(() => open()).toThrow(`folder in use by process ${child.pid}`)
  })

  it('refuses another process while this one holds it', async () => {
    const folder = open()
    const { said } = await otherProcess()
    expect(said).toContain(`folder in use by process ${process.pid}`)
    folder.close()
  })

  it('is not taken twice by the same process', () => {
    const folder = open()
    expect(() => open()).toThrow(FolderInUseError)
    folder.close()
    open().close()
  })

  it('is taken over from a killed process, whose end counts as abnormal', async () => {
    const { child, ended } = await otherProcess()
    child.kill('SIGKILL')
    await ended
    const folder = open()
    expect(folder.id).toBe('id of the child')
    expect(folder.abnormalExits(10 * MINUTE)).toBe(1)
    folder.close()
    const next = open()
    expect(next.abnormalExits(10 * MINUTE)).toBe(1)
    next.close()
  })

  it('is not held by a lock whose process number now belongs to another process', () => {
    open().close()
    const foreign = { pid: process.pid, born: 'another boot/1', free: false }
    writeFileSync(join(path(), 'lock.7'), JSON.stringify(foreign))
    if (existsSync('/proc/self/stat')) open().close()
    else expect(() => open()).toThrow(FolderInUseError)
  })

  it('goes to exactly one of several processes that ask at once, also over a dead lock', async () => {
    const { child, ended } = await otherProcess()
    child.kill('SIGKILL')
    await ended
    const said = await Promise.all(Array.from({ length: 5 }, async () => (await otherProcess()).said))
    expect(said.filter((line) => line.includes('holding')).length).toBe(1)
    expect(said.filter((line) => line.includes('folder in use by process')).length).toBe(4)
    expect(readdirSync(path()).filter((name) => name.startsWith('lock.')).length).toBe(1)
  })

  it('counts abnormal exits of the last minutes only', () => {
    open().close()
    for (const minute of [0, 4, 8, 12]) {
      writeFileSync(
        join(path(), 'runs.json'),
        JSON.stringify({
          state: 'running',
          abnormalAt: Array.from({ length: minute / 4 }, (_, n) => T0 + n * 4 * MINUTE),
        }),
      )
      open(T0 + minute * MINUTE).close()
    }
    const folder = open(T0 + 13 * MINUTE)
    expect(folder.abnormalExits(10 * MINUTE)).toBe(3)
    expect(folder.abnormalExits(60 * MINUTE)).toBe(4)
    expect(folder.abnormalExits(1)).toBe(0)
    folder.close()
  })

  it('names the file that cannot be read, and holds no lock then', () => {
    open().close()
    writeFileSync(join(path(), 'folder.json'), '{')
    expect(() => open()).toThrow(DataFolderError)
    expect(() => open()).toThrow('folder.json cannot be read')
    writeFileSync(join(path(), 'folder.json'), '{"id":"mended"}')
    const folder = open()
    expect(folder.id).toBe('mended')
    folder.close()
  })
})
