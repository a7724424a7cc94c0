import { describe, expect, it } from 'vitest'
import { readEnvelope } from '../../../src/adapters/kraken/envelope.ts'
import { classOf, throttledUntil } from '../../../src/adapters/kraken/errors.ts'

describe('Kraken’s error strings', () => {
  it.each([
    ['EAPI:Invalid nonce', 'nonce'],
    ['EAPI:Invalid key', 'auth'],
    ['EAPI:Invalid signature', 'auth'],
    ['EGeneral:Permission denied', 'auth'],
    ['EGeneral:Temporary lockout', 'auth'],
    ['EAuth:Account temporary disabled', 'auth'],
    ['EAccount:Invalid permissions:USDT trading restricted', 'auth'],
    ['EAPI:Rate limit exceeded', 'rate'],
    ['EOrder:Rate limit exceeded', 'rate'],
    ['EOrder:Domain rate limit exceeded', 'rate'],
    ['EService: Throttled: 1700000000', 'rate'],
    ['EGeneral:Too many requests', 'rate'],
    ['EService:Unavailable', 'outage'],
    ['EService:Busy', 'outage'],
    ['EService:Timeout', 'outage'],
    ['EGeneral:Internal error', 'outage'],
    ['EGeneral:Internal error:23', 'outage'],
    ['EService:Deadline elapsed', 'deadline'],
    ['EService:Market in cancel_only mode', 'mode'],
    ['EService:Market in post_only mode', 'mode'],
    ['EOrder:Insufficient funds', 'funds'],
    ['EOrder:Insufficient margin', 'funds'],
    ['EOrder:Margin allowance exceeded', 'funds'],
    ['EOrder:Order minimum not met', 'validation'],
    ['EOrder:Cost minimum not met', 'validation'],
    ['EOrder:Tick size check failed', 'validation'],
    ['EOrder:Invalid price', 'validation'],
    ['EOrder:Post only order', 'validation'],
    ['EGeneral:Invalid arguments:volume', 'validation'],
    ['EQuery:Unknown asset pair', 'validation'],
    ['EOrder:Orders limit exceeded', 'limits'],
    ['EOrder:Positions limit exceeded', 'limits'],
    ['EOrder:Scheduled orders limit exceeded', 'limits'],
    ['EOrder:Unknown order', 'gone'],
    ['EOrder:Invalid order', 'gone'],
  ] as const)('%s is of the class %s', (error, expected) => {
    expect(classOf(error)).toBe(expected)
  })

  it('an error that nobody has documented leaves the outcome open', () => {
    expect(classOf('EService:Something new')).toBe('outage')
    expect(classOf('EGeneral:Never seen')).toBe('outage')
  })

  it('says from when a throttled call may be sent again', () => {
    expect(throttledUntil('EService: Throttled: 1700000000')).toBe(1_700_000_000_000)
    expect(throttledUntil('EService:Throttled:[1700000000]')).toBe(1_700_000_000_000)
    expect(throttledUntil('EAPI:Rate limit exceeded')).toBeNull()
  })

  it('takes warnings that come with a result for warnings', () => {
    expect(readEnvelope('{"error":["WGeneral:Danger"],"result":{"a":1}}')).toEqual({
      errors: [],
      warnings: ['WGeneral:Danger'],
      result: { a: '1' },
    })
  })
})
