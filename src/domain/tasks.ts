/** The owner's five scheduled tasks. */
export const TASKS = [
  'ta_analysis',
  'regime_detection',
  'sentiment_analysis',
  'trading_decision',
  'portfolio_check',
] as const
export type TaskName = (typeof TASKS)[number]

/** Names in the owner's configuration that mean the same task. */
export const TASK_ALIASES: Readonly<Record<string, TaskName>> = {
  technical_analysis: 'ta_analysis',
  portfolio_rebalance: 'portfolio_check',
}

export function parseTask(name: string): TaskName | null {
  const task = TASKS.find((known) => known === name)
  return task ?? TASK_ALIASES[name] ?? null
}
