/** The paper venue's ids, in Kraken's form: a letter, then 5-5-6 characters. */
import type { RandomSource } from '../../../ports/clock.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Makes the venue's ids: O… for orders, T… for trades, L… for ledger entries. */
export type IdOf = (prefix: 'O' | 'T' | 'L', sequence: number) => string

/** Ten characters that all ids of one paper account begin with, so that a reset account never repeats an id. */
export const seriesOf = (random: RandomSource): string =>
  Array.from({ length: 10 }, () => ALPHABET[Math.floor(random.next() * ALPHABET.length)]).join('')

/** The first ten characters name the account, the last six count in base 36. */
export const venueId = (prefix: 'O' | 'T' | 'L', series: string, sequence: number): string =>
  `${prefix}${series.slice(0, 5)}-${series.slice(5, 10)}-${sequence.toString(36).toUpperCase().padStart(6, '0')}`
