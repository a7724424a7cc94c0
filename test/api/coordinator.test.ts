import { describe, expect, it } from 'vitest'
import { deskAndApi } from './test-desk.ts'

describe('coordinator status', () => {
  it('tells the state, the permission and the tasks, with times as ISO text', async () => {
    const { get } = deskAndApi()
    const { status, json } = await get('/api/v1/coordinator/status')
    expect(status).toBe(200)
    expect(json).toMatchObject({ state: 'RUNNING', mayOpenRisk: true, degradation: 'NORMAL', reconciliation: 'READY' })
    expect(json.tasks[0]).toMatchObject({
      task: 'ta_analysis',
      lastRunAt: '2021-05-19T12:30:00.000Z',
      nextRunAt: '2021-05-19T12:31:00.000Z',
      intervalSeconds: 60,
    })
    expect(json.tasks[1].lastRunAt).toBeNull()
  })

  it('says loudly that the feed is a fallback and that agents run on rules', async () => {
    const { get } = deskAndApi()
    const { json } = await get('/api/v1/coordinator/status')
    expect(json.system.feed).toEqual({
      name: 'simulated',
      fallback: true,
      reason: 'Kraken did not answer within 5 s',
    })
    expect(json.system).toMatchObject({ agents: { mode: 'rules' }, now: '2021-05-19T12:30:00.000Z' })
  })

  it('sees what no fact tells of, such as a task that ran well, within a second', async () => {
    const { clock, desk, get } = deskAndApi()
    await get('/api/v1/coordinator/status')
    desk.coordinatorNow = { ...desk.coordinatorNow, statistics: { decisions: 4 } }
    expect((await get('/api/v1/coordinator/status')).json.statistics.decisions).toBe(3)
    clock.advanceTo(clock.now() + 1_000)
    expect((await get('/api/v1/coordinator/status')).json.statistics.decisions).toBe(4)
  })
})
