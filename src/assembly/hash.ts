/** SHA-256 of a text, in hexadecimal: how the evidence behind a view is named. */
import { createHash } from 'node:crypto'

export const sha256 = (given: string): string => createHash('sha256').update(given).digest('hex')
