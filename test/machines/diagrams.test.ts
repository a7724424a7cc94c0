/** The diagrams in docs/machines show the machines as they are. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { drawAll, stalePages, writePages } from '../../scripts/diagrams.ts'

it('every diagram is fresh', async () => {
  expect(stalePages(await drawAll())).toEqual([])
})

it('names a changed page, a missing one and one whose machine is gone; writing mends all three', async () => {
  const pages = await drawAll()
  const folder = mkdtempSync(join(tmpdir(), 'diagrams-'))
  try {
    writePages(pages, folder)
    expect(stalePages(pages, folder)).toEqual([])
    writeFileSync(join(folder, 'order.md'), 'an older order')
    rmSync(join(folder, 'task.md'))
    writeFileSync(join(folder, 'forgotten.md'), 'of a machine that is gone')
    expect(stalePages(pages, folder).sort()).toEqual(['forgotten.md', 'order.md', 'task.md'])
    writePages(pages, folder)
    expect(readdirSync(folder).sort()).toEqual([...pages.keys()].sort())
    expect(readFileSync(join(folder, 'order.md'), 'utf8')).toBe(pages.get('order.md'))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('every state says in a sentence what it means', async () => {
  const rows = [...(await drawAll()).values()].flatMap((page) =>
    page.split('\n').filter((line) => line.startsWith('| `')),
  )
  expect(rows.length).toBeGreaterThan(60)
  expect(rows.filter((row) => (row.split(' | ')[1] ?? '').trim() === '')).toEqual([])
})

it('draws nested and parallel states, guards in brackets', async () => {
  const pages = await drawAll()
  expect(pages.get('order.md')).toContain('state "settling" as settling {')
  expect(pages.get('coordinator.md')?.match(/^ +--$/gm)).toHaveLength(2)
  expect(pages.get('position.md')).toContain('protecting --> emergencyExit: deadline.reached [isDue protect]')
})
