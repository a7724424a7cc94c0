/** API keys of the sandbox: signatures, nonces, permissions. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { KrakenRefusal } from './refusal.ts'

/** Kraken's names of what a key may do. */
export const PERMISSIONS = [
  'query-funds',
  'add-funds',
  'withdraw-funds',
  'earn-funds',
  'query-open-trades',
  'query-closed-trades',
  'modify-trades',
  'close-trades',
  'query-ledger',
  'export-data',
  'access-websocket-api',
] as const
export type Permission = (typeof PERMISSIONS)[number]

export interface ApiKey {
  readonly key: string
  /** Base64, as Kraken hands it out. */
  readonly secret: string
  readonly name: string
  readonly permissions: readonly Permission[]
  /**
   * How far below the highest nonce another, unused one may lie. 0: each must be above all before. In units of the
   * nonce.
   */
  readonly nonceWindow: number
  /** Milliseconds UTC. */
  readonly createdAt: number
}

export interface AcceptedNonce {
  readonly key: string
  readonly nonce: string
  readonly method: string
  readonly at: number
}

export const INVALID_KEY = 'EAPI:Invalid key'
export const INVALID_SIGNATURE = 'EAPI:Invalid signature'
export const INVALID_NONCE = 'EAPI:Invalid nonce'
export const PERMISSION_DENIED = 'EGeneral:Permission denied'

/** Base64 of HMAC-SHA512 over path and SHA256(nonce + body), keyed with the secret (Kraken, REST authentication). */
export function signatureOf(secret: string, path: string, nonce: string, body: string | Uint8Array): string {
  const digest = createHash('sha256').update(nonce).update(body).digest()
  return createHmac('sha512', Buffer.from(secret, 'base64')).update(path).update(digest).digest('base64')
}

function isSame(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}

const NONCE = /^\d{1,20}$/
const LARGEST_NONCE = 2n ** 64n - 1n
/** Accepted nonces that the state tells of. */
const KEPT = 20_000

export interface SignedRequest {
  readonly key: string
  readonly signature: string
  /** From `/0/private/` on, without a query. */
  readonly path: string
  readonly method: string
  readonly nonce: string
  /** The bytes as they were sent. */
  readonly body: Uint8Array
}

interface KeyState {
  readonly apiKey: ApiKey
  highest: bigint
  /** Nonces within the window that were used. */
  readonly used: Set<bigint>
  usedAt: number | null
}

export class ApiKeys {
  readonly #keys = new Map<string, KeyState>()
  #accepted: AcceptedNonce[] = []

  add(apiKey: ApiKey): void {
    this.#keys.set(apiKey.key, { apiKey, highest: -1n, used: new Set(), usedAt: null })
  }

  /** Nonces in the order they were accepted. */
  get accepted(): readonly AcceptedNonce[] {
    return this.#accepted
  }

  get(key: string): ApiKey | null {
    return this.#keys.get(key)?.apiKey ?? null
  }

  /** Key, signature and nonce of a request, in this order; a nonce is used up only by a request that is signed. */
  authenticate({ key, signature, path, method, nonce, body }: SignedRequest, at: number): ApiKey {
    const state = this.#keys.get(key)
    if (state === undefined) throw new KrakenRefusal(INVALID_KEY)
    if (!isSame(signatureOf(state.apiKey.secret, path, nonce, body), signature))
      throw new KrakenRefusal(INVALID_SIGNATURE)
    if (!NONCE.test(nonce) || !this.#use(state, BigInt(nonce))) throw new KrakenRefusal(INVALID_NONCE)
    state.usedAt = at
    this.#accepted.push({ key, nonce, method, at })
    if (this.#accepted.length > 2 * KEPT) this.#accepted = this.#accepted.slice(-KEPT)
    return state.apiKey
  }

  /** The highest nonce accepted so far and when the key was last used; for `GetApiKeyInfo`. */
  usage(key: string): { readonly nonce: string; readonly usedAt: number | null } {
    const state = this.#keys.get(key)
    return {
      nonce: String(state === undefined || state.highest < 0n ? 0n : state.highest),
      usedAt: state?.usedAt ?? null,
    }
  }

  #use(state: KeyState, nonce: bigint): boolean {
    if (nonce > LARGEST_NONCE) return false
    const window = BigInt(state.apiKey.nonceWindow)
    if (nonce <= state.highest && (nonce <= state.highest - window || state.used.has(nonce))) return false
    if (nonce > state.highest) state.highest = nonce
    if (window > 0n) {
      state.used.add(nonce)
      for (const each of state.used) if (each <= state.highest - window) state.used.delete(each)
    }
    return true
  }
}

/** What Kraken asks of a key before it obeys; methods that are not listed need none. Any one of a list will do. */
const NEEDED: Readonly<Record<string, readonly Permission[]>> = {
  Balance: ['query-funds'],
  BalanceEx: ['query-funds'],
  TradeBalance: ['query-funds'],
  TradeVolume: ['query-funds'],
  OpenOrders: ['query-open-trades'],
  ClosedOrders: ['query-closed-trades'],
  QueryOrders: ['query-open-trades', 'query-closed-trades'],
  TradesHistory: ['query-closed-trades', 'query-open-trades'],
  QueryTrades: ['query-closed-trades', 'query-open-trades'],
  OpenPositions: ['query-open-trades'],
  Ledgers: ['query-ledger'],
  QueryLedgers: ['query-ledger'],
  AddOrder: ['modify-trades'],
  AddOrderBatch: ['modify-trades'],
  AmendOrder: ['modify-trades'],
  EditOrder: ['modify-trades'],
  CancelOrder: ['close-trades', 'modify-trades'],
  CancelOrderBatch: ['close-trades', 'modify-trades'],
  CancelAll: ['close-trades', 'modify-trades'],
  CancelAllOrdersAfter: ['close-trades', 'modify-trades'],
  GetWebSocketsToken: ['access-websocket-api'],
}

/** @throws KrakenRefusal when the key may not call the method. */
export function checkPermission(apiKey: ApiKey, method: string): void {
  const needed = NEEDED[method]
  if (needed !== undefined && !needed.some((each) => apiKey.permissions.includes(each)))
    throw new KrakenRefusal(PERMISSION_DENIED)
}
