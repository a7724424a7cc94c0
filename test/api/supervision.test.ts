import { describe, expect, it } from 'vitest'
import { deskAndApi } from './test-desk.ts'

describe('supervision', () => {
  it('shows the tree with restarts and last errors, but no stack trace', async () => {
    const { status, json, text } = await deskAndApi().get('/api/v1/supervision')
    expect(status).toBe(200)
    expect(json).toMatchObject({ name: 'system', state: 'trading' })
    expect(json.children[0]).toMatchObject({ name: 'market', restarts: 2, lastError: 'Error: boom' })
    expect(text).not.toContain('secret.ts')
  })
})
