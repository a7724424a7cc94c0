import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const DATA = process.env.TRIPLEGAIN_DATA ?? join(ROOT, '../shared/data')

/** Path of a file or folder of the market data beside the checkout; null where it is absent ('skipped: no market data'). */
export function marketData(relativePath: string): string | null {
  const path = join(DATA, relativePath)
  return existsSync(path) ? path : null
}
