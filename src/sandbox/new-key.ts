/** API keys out of seeded chance: the same seed gives the same key and secret. */
import type { RandomSource } from '../ports/clock.ts'
import { type ApiKey, PERMISSIONS, type Permission } from './api-keys.ts'

const KEY_BYTES = 42
const SECRET_BYTES = 64

/** Everything but moving money out, as a key for trading should be. */
const TRADING_PERMISSIONS: readonly Permission[] = PERMISSIONS.filter((each) => each !== 'withdraw-funds')

const bytes = (random: RandomSource, count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, () => Math.floor(random.next() * 256)))

export interface KeyTerms {
  readonly name?: string | undefined
  readonly permissions?: readonly Permission[] | undefined
  readonly nonceWindow?: number | undefined
  readonly createdAt: number
}

/** A key and its secret, both in base64. Not for secrets that matter: whoever knows the seed knows them. */
export function newApiKey(random: RandomSource, terms: KeyTerms): ApiKey {
  return {
    key: bytes(random, KEY_BYTES).toString('base64'),
    secret: bytes(random, SECRET_BYTES).toString('base64'),
    name: terms.name ?? 'sandbox',
    permissions: terms.permissions ?? TRADING_PERMISSIONS,
    nonceWindow: terms.nonceWindow ?? 0,
    createdAt: terms.createdAt,
  }
}
