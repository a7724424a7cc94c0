import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  answerRequest,
  leaveRequest,
  requestPath,
  takeAnswer,
  takeRequest,
} from '../../../src/adapters/persistence/folder-requests.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'triplegain-requests-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a request in a data folder', () => {
  it.each(['reset', 'pause', 'resume'] as const)('to %s is taken once', (request) => {
    expect(takeRequest(folder, request)).toBeNull()
    leaveRequest(folder, request, 'a')
    expect([takeRequest(folder, request), takeRequest(folder, request)]).toEqual(['a', null])
  })

  it('to halt stands as long as its file does, also one made by hand', () => {
    leaveRequest(folder, 'halt', 'a')
    expect([takeRequest(folder, 'halt'), takeRequest(folder, 'halt')]).toEqual(['a', 'a'])
    rmSync(requestPath(folder, 'halt'))
    expect(takeRequest(folder, 'halt')).toBeNull()
    writeFileSync(join(folder, 'HALT'), '')
    expect(takeRequest(folder, 'halt')).toBe('')
  })

  it.each([
    ['pause', 'resume'] as const,
    ['resume', 'pause'] as const,
    ['halt', 'reset'] as const,
    ['reset', 'halt'] as const,
  ])('to %s is taken back by a later one to %s', (first, second) => {
    leaveRequest(folder, first, 'a')
    leaveRequest(folder, second, 'b')
    expect([takeRequest(folder, first), takeRequest(folder, second)]).toEqual([null, 'b'])
  })

  it('is answered to whoever asked, once, and to nobody who left no name', () => {
    const answer = { id: 'a', refused: 'why', trading: { state: 'RUNNING' } }
    answerRequest(folder, 'reset', answer)
    expect(takeAnswer(folder, 'reset', 'b')).toBeNull()
    expect(takeAnswer(folder, 'pause', 'a')).toBeNull()
    expect([takeAnswer(folder, 'reset', 'a'), takeAnswer(folder, 'reset', 'a')]).toEqual([answer, null])
    answerRequest(folder, 'reset', { ...answer, id: '' })
    expect(readdirSync(folder)).toEqual([])
    expect(existsSync(requestPath(folder, 'reset'))).toBe(false)
  })
})
