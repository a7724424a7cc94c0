import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const ROOT = resolve(fileURLToPath(import.meta.url), '../../..')

it('only the risk engine makes approved orders', () => {
  const files = ['src', 'machines', 'actors'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(folder, file)),
  )
  const makers = files.filter((file) => readFileSync(join(ROOT, file), 'utf8').includes('stampApproved'))
  expect(files.length).toBeGreaterThan(40)
  expect(makers.sort()).toEqual(['src/domain/approved.ts', 'src/domain/risk.ts'])
})
