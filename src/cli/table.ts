/** Aligned text. */

/** Columns as wide as their widest cell, two spaces apart; no trailing spaces. Numbers' columns go to the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): readonly string[] {
  const widths: number[] = []
  for (const row of rows)
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length)
    })
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return right.includes(column) ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
}

/** `2021-05-19 12:30:00` of an ISO time; a dash for none. */
export const shortTime = (iso: string | null): string => (iso === null ? '–' : iso.slice(0, 19).replace('T', ' '))
