import { describe, expect, it } from 'vitest'
import { KrakenRefusal } from '../../src/sandbox/refusal.ts'
import {
  bodyFields,
  countField,
  flagField,
  formFields,
  jsonFields,
  listField,
  rowsField,
  textField,
} from '../../src/sandbox/rest/fields.ts'

/** Fields have no prototype; this gives them one, so that they compare with literals. */
const plain = (fields: unknown): unknown => JSON.parse(JSON.stringify(fields))

describe('a form', () => {
  it('nests by brackets, also encoded, and counts where a name ends with them', () => {
    const form =
      'pair=XBTUSDT&close[ordertype]=limit&close%5Bprice%5D=1.5&orders[0][type]=buy&orders[1][type]=sell&ids[]=a&ids[]=b'
    expect(plain(formFields(form))).toEqual({
      pair: 'XBTUSDT',
      close: { ordertype: 'limit', price: '1.5' },
      orders: [{ type: 'buy' }, { type: 'sell' }],
      ids: ['a', 'b'],
    })
  })

  it('keeps plus signs that were encoded, as relative prices have them', () => {
    expect(textField(formFields('price=%2B1%25'), 'price')).toBe('+1%')
  })

  it('cannot reach what every object has', () => {
    const fields = formFields('__proto__[polluted]=1&constructor=2')
    expect(({} as { polluted?: string }).polluted).toBeUndefined()
    expect(textField(fields, 'constructor')).toBe('2')
    expect(textField(fields, 'toString')).toBeNull()
  })
})

describe('JSON', () => {
  it('keeps numbers as they were written, and takes null for absent', () => {
    const fields = jsonFields(
      '{"nonce":18446744073709551615,"price":0.10,"deep":{"volume":1e-8},"flag":true,"none":null}',
    )
    expect(plain(fields)).toEqual({
      nonce: '18446744073709551615',
      price: '0.10',
      deep: { volume: '1e-8' },
      flag: 'true',
    })
  })

  it.each(['', '[]', '"text"', '7', 'null', '{"a":'])('%j is no request', (text) => {
    expect(() => jsonFields(text)).toThrow(KrakenRefusal)
  })

  it('is known by its type or by its look', () => {
    expect(plain(bodyFields('{"a":1}', 'application/json; charset=utf-8'))).toEqual({ a: '1' })
    expect(plain(bodyFields(' {"a":1}', ''))).toEqual({ a: '1' })
    expect(plain(bodyFields('a=1', ''))).toEqual({ a: '1' })
  })
})

describe('a field', () => {
  const fields = jsonFields(
    '{"yes":"1","no":false,"odd":"maybe","many":["a",7],"part":{},"list":"[{\\"a\\":1}]","n":"12"}',
  )

  it('is a flag, a count, a list or a refusal that names it', () => {
    expect([flagField(fields, 'yes'), flagField(fields, 'no'), flagField(fields, 'absent')]).toEqual([
      true,
      false,
      false,
    ])
    expect(() => flagField(fields, 'odd')).toThrow('EGeneral:Invalid arguments:odd')
    expect([countField(fields, 'n', 0), countField(fields, 'absent', 5)]).toEqual([12, 5])
    expect(() => countField(fields, 'odd', 0)).toThrow('EGeneral:Invalid arguments:odd')
    expect(listField(fields, 'many')).toEqual(['a', '7'])
    expect(listField(formFields('ids=a, b'), 'ids')).toEqual(['a', 'b'])
    expect(() => textField(fields, 'part')).toThrow('EGeneral:Invalid arguments:part')
  })

  it('is a list of objects also where a form carries it as JSON', () => {
    expect(plain(rowsField(fields, 'list'))).toEqual([{ a: '1' }])
    expect(() => rowsField(fields, 'odd')).toThrow('EGeneral:Invalid arguments:odd')
  })
})
