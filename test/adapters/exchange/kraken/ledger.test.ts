/** A long ledger is read in parts, and comes to its end. */
import { describe, expect, it } from 'vitest'
import { readFlows } from '../../../../src/adapters/exchange/kraken/account.ts'
import { LedgerPages } from '../../../../src/adapters/exchange/kraken/ledger-pages.ts'
import { asset } from '../../../../src/domain/ids.ts'

const NOON = Date.UTC(2026, 0, 5, 12)
const names = { assetOf: (id: string) => asset(id) } as never

/** A ledger of so many entries, the oldest a deposit, each page 50 of them, newest first. */
function venue(count: number) {
  const entry = (index: number) => ({
    ...{
      refid: 'R',
      time: String(NOON / 1000 + 1 + index),
      type: index % 1_000 === 0 ? 'deposit' : 'trade',
      asset: 'XBT',
    },
    ...{ amount: '0.5', fee: '0' },
  })
  const entries = Array.from({ length: count }, (_, index) => [`L${index}`, entry(index)] as const)
  const asked: number[] = []
  let allowed = Number.POSITIVE_INFINITY
  const calls = {
    ask: async ({ form }: { readonly form: Readonly<Record<string, string>> }) => {
      allowed -= 1
      if (allowed < 0) {
        return { kind: 'refused', code: 'rate', message: 'EAPI:Rate limit exceeded' }
      }
      const ofs = Number(form.ofs)
      asked.push(ofs)
      const page = entries.toReversed().slice(ofs, ofs + 50)
      return { kind: 'done', value: { ledger: Object.fromEntries(page), count: String(count) } }
    },
  } as never
  return {
    ...{ calls, asked },
    allow: (pages: number) => {
      allowed = pages
    },
    grow: (by: number) => {
      for (let index = 0; index < by; index += 1) entries.push([`L${entries.length}`, entry(entries.length)])
    },
  }
}

/** As often as it takes, at most so often. */
async function flowsOf({ calls }: ReturnType<typeof venue>, most: number, between: () => void = () => {}) {
  const ledger = new LedgerPages(calls)
  for (let time = 1; time <= most; time += 1) {
    const answer = await readFlows(ledger, names, NOON)
    if (answer.kind === 'done') return { time, flows: answer.value.map(({ flowId }) => flowId) }
    between()
  }
  return null
}

describe('the ledger', () => {
  it('of more entries than one look reads is read on where it stopped, until all of it is', async () => {
    expect(await flowsOf(venue(2_345), 20)).toMatchObject({ flows: ['L0', 'L1000', 'L2000'] })
  })

  it('goes on after a refusal, and reads nothing twice but where it stopped', async () => {
    const kraken = venue(990)
    kraken.allow(3)
    expect(await flowsOf(kraken, 20, () => kraken.allow(3))).toMatchObject({ flows: ['L0'] })
    expect(kraken.asked.length).toBeLessThan(35)
  })

  it('that grows meanwhile is told whole', async () => {
    const kraken = venue(990)
    expect(await flowsOf(kraken, 20, () => kraken.grow(7))).toMatchObject({ flows: ['L0', 'L1000'] })
    const busy = venue(990)
    expect(await flowsOf(busy, 20, () => busy.grow(60))).toMatchObject({ flows: ['L0', 'L1000'] })
  })
})
