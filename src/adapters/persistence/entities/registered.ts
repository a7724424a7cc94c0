/** Every table, once. What is missing here does not exist for the database layer. */
import { AgentOutputsTable, LlmCallsTable, ModelComparisonsTable, TradingDecisionsTable } from './agent.ts'
import {
  ConflictResolutionLogTable,
  CoordinatorStateTable,
  RiskStateHistoryTable,
  RiskStateTable,
} from './coordinator.ts'
import { JournalTable, LeadershipTable, ProjectionsTable, SessionTable } from './journal.ts'
import { CandlesTable, PaperVenueTable } from './market.ts'
import { ExecutionEventsTable, FillsTable, OrderStatusLogTable, OrdersTable } from './order.ts'
import {
  HodlBagHistoryTable,
  HodlBagsTable,
  PortfolioSnapshotsTable,
  RebalancePlansTable,
  RebalancingHistoryTable,
  ScheduledTradesTable,
} from './portfolio.ts'
import { PositionChargesTable, PositionSnapshotsTable, PositionsTable } from './position.ts'

export const ENTITIES = [
  JournalTable,
  ProjectionsTable,
  LeadershipTable,
  SessionTable,
  CandlesTable,
  PaperVenueTable,
  OrdersTable,
  FillsTable,
  OrderStatusLogTable,
  ExecutionEventsTable,
  PositionsTable,
  PositionChargesTable,
  PositionSnapshotsTable,
  PortfolioSnapshotsTable,
  HodlBagsTable,
  HodlBagHistoryTable,
  RebalancePlansTable,
  RebalancingHistoryTable,
  ScheduledTradesTable,
  CoordinatorStateTable,
  ConflictResolutionLogTable,
  RiskStateTable,
  RiskStateHistoryTable,
  AgentOutputsTable,
  TradingDecisionsTable,
  ModelComparisonsTable,
  LlmCallsTable,
] as const
