/** Which positions a breaker still has work with. Core holdings and hodl bags are no positions: nothing here touches them. */
import type { PositionId } from '../src/domain/ids.ts'
import type { PositionPhase } from '../src/domain/position.ts'
import type { Books } from './books.ts'

const LEAVING: readonly PositionPhase[] = ['closing', 'emergencyExit', 'closed']

type Known = Pick<Books, 'openPositions' | 'halvedAt'>

/** Open positions that are not on their way out. */
export const unclosed = (books: Known): readonly PositionId[] =>
  books.openPositions().flatMap(({ positionId, phase }) => (LEAVING.includes(phase) ? [] : [positionId]))

/** Those of them that hold something and were not reduced by a breaker since then. */
export const unhalved = (books: Known, since: number): readonly PositionId[] =>
  unclosed(books).filter((positionId) => {
    const halvedAt = books.halvedAt(positionId)
    const holds = books.openPositions().some((one) => one.positionId === positionId && one.quantity !== '0')
    return holds && (halvedAt === null || halvedAt < since)
  })
