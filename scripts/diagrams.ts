/**
 * Draws every machine into docs/machines/<machine>.md: a Mermaid state diagram and a table of its states.
 *
 * `node scripts/diagrams.ts` writes; with `--check` it writes nothing, names what is stale and exits with 1.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AnyStateMachine } from 'xstate'
import { drawMachine } from './statechart.ts'

const MACHINES = fileURLToPath(new URL('../machines', import.meta.url))
export const DOCS = fileURLToPath(new URL('../docs/machines', import.meta.url))
const SUFFIX = '.machine.ts'

const isMachine = (value: unknown): value is AnyStateMachine =>
  typeof value === 'object' && value !== null && 'root' in value && 'getStateNodeById' in value

/** Every machine's page by file name. @throws when a file in machines/ holds no machine. */
export async function drawAll(): Promise<ReadonlyMap<string, string>> {
  const pages = new Map<string, string>()
  const files = readdirSync(MACHINES).filter((file) => file.endsWith(SUFFIX))
  for (const file of files.sort()) {
    const found: Record<string, unknown> = await import(join(MACHINES, file))
    const machine = Object.values(found).find(isMachine)
    if (machine === undefined) throw new Error(`machines/${file} exports no machine`)
    pages.set(`${file.slice(0, -SUFFIX.length)}.md`, drawMachine(machine, `machines/${file}`))
  }
  return pages
}

const read = (folder: string, file: string): string | null =>
  readdirSync(folder).includes(file) ? readFileSync(join(folder, file), 'utf8') : null

/** Pages that differ from what would be written, and pages of machines that are gone. */
export function stalePages(pages: ReadonlyMap<string, string>, folder: string = DOCS): string[] {
  mkdirSync(folder, { recursive: true })
  const changed = [...pages].flatMap(([file, text]) => (read(folder, file) === text ? [] : [file]))
  const gone = readdirSync(folder).filter((file) => file.endsWith('.md') && !pages.has(file))
  return [...changed, ...gone]
}

export function writePages(pages: ReadonlyMap<string, string>, folder: string = DOCS): void {
  for (const file of stalePages(pages, folder)) {
    const text = pages.get(file)
    if (text === undefined) rmSync(join(folder, file))
    else writeFileSync(join(folder, file), text)
  }
}

if (import.meta.main) {
  const pages = await drawAll()
  const stale = stalePages(pages)
  if (process.argv.includes('--check')) {
    for (const file of stale) process.stderr.write(`docs/machines/${file} is stale: run \`npm run diagrams\`\n`)
    process.exitCode = stale.length === 0 ? 0 : 1
  } else {
    writePages(pages)
    process.stdout.write(`${pages.size} machines drawn, ${stale.length} pages changed\n`)
  }
}
