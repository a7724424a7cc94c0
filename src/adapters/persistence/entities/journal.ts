import { defineEntity, p } from '@mikro-orm/core'
import { time, whole } from './columns.ts'

export const JournalTable = defineEntity({
  name: 'Journal',
  tableName: 'journal',
  properties: {
    account: p.text().primary(),
    pos: whole().primary(),
    epoch: whole(),
    incarnation: p.text(),
    stream: p.text(),
    sequence: whole(),
    id: p.text(),
    kind: p.text(),
    type: p.text(),
    version: p.integer(),
    /** Canonical JSON, never parsed on the way: a re-read must give the same bytes. */
    body: p.text().columnType('json'),
    correlationId: p.text().nullable(),
    causationId: p.text().nullable(),
    at: time(),
    recordedAt: time(),
  },
})

export const ProjectionsTable = defineEntity({
  name: 'Projection',
  tableName: 'projections',
  properties: {
    account: p.text().primary(),
    name: p.text().primary(),
    version: p.integer(),
    /** The last journal row that it has taken in. */
    pos: whole(),
  },
})

export const LeadershipTable = defineEntity({
  name: 'Leadership',
  tableName: 'leadership',
  properties: {
    account: p.text().primary(),
    holder: p.text(),
    incarnation: p.text(),
    epoch: whole(),
    expiresAt: time(),
    nonceNext: whole(),
  },
})

export const SessionTable = defineEntity({
  name: 'Session',
  tableName: 'session',
  properties: {
    single: p.boolean().primary(),
    kind: p.text(),
    key: p.text(),
    claimedAt: time(),
  },
})
