/** Comma-separated values after RFC 4180, for spreadsheets and tax programs. */

/** A column: its name in the header row, and its cell. */
export interface Column<T> {
  readonly name: string
  readonly cell: (row: T) => string
}
type Shown = string | null

/** Text from outside that begins like this would be calculated by a spreadsheet: an apostrophe in front keeps it text. */
const FORMULA = /^\s*[=+\-@\t\r\n＝＋－＠]/
const NEEDS_QUOTES = /[",\r\n]/

const quoted = (cell: string): string => (NEEDS_QUOTES.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

/** Words and names; never a formula. Null is an empty cell. */
export const words = <T>(name: string, of: (row: T) => Shown): Column<T> => ({
  name,
  cell: (row) => {
    const given = of(row) ?? ''
    return quoted(FORMULA.test(given) ? `'${given}` : given)
  },
})

/** A decimal number as it is, also below zero, or a time in ISO 8601: nothing that anybody could have worded. */
export const figure = <T>(name: string, of: (row: T) => Shown): Column<T> => ({ name, cell: (row) => of(row) ?? '' })

export const csvHeader = <T>(columns: readonly Column<T>[]): string =>
  `${columns.map(({ name }) => quoted(name)).join(',')}\r\n`

export const csvRows = <T>(columns: readonly Column<T>[], rows: readonly T[]): string =>
  rows.map((row) => `${columns.map(({ cell }) => cell(row)).join(',')}\r\n`).join('')
