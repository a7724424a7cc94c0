/** The owner's configuration, byte for byte. Held here as text so that every change of the schema is measured by it. */

export const OWNERS_ORCHESTRATION = `coordinator:
  llm:
    primary:
      provider: deepseek
      model: deepseek-chat
    fallback:
      provider: anthropic
      model: claude-3-5-sonnet-20241022

  symbols:
    - BTC/USDT
    - XRP/USDT

  schedules:
    technical_analysis:
      interval_seconds: 60
      enabled: true
    regime_detection:
      interval_seconds: 300
      enabled: true
    sentiment_analysis:
      interval_seconds: 1800
      enabled: false  # Phase 4
    trading_decision:
      interval_seconds: 3600
      enabled: true
    portfolio_rebalance:
      interval_seconds: 3600
      enabled: true

  conflicts:
    invoke_llm_threshold: 0.2
    max_resolution_time_ms: 10000
`

export const OWNERS_PORTFOLIO = `portfolio:
  target_allocation:
    btc_pct: 33.33
    xrp_pct: 33.33
    usdt_pct: 33.34

  rebalancing:
    threshold_pct: 5.0
    min_trade_usd: 10.0
    execution_type: limit
    check_interval_seconds: 3600

  hodl_bags:
    enabled: true
    btc_amount: 0
    xrp_amount: 0
    usdt_amount: 0
`

export const OWNERS_EXECUTION = `execution:
  kraken:
    api_key: \${KRAKEN_API_KEY}
    api_secret: \${KRAKEN_API_SECRET}
    rate_limit:
      calls_per_minute: 60
      order_calls_per_minute: 30

  orders:
    default_type: limit
    time_in_force: GTC
    max_retry_count: 3
    retry_delay_seconds: 5

  positions:
    sync_interval_seconds: 30
    max_open_positions: 6
`

/** Section 3: the portfolio block with DCA. */
export const OWNERS_DCA = `portfolio:
  target_allocation:
    btc_pct: 33.33
    xrp_pct: 33.33
    usdt_pct: 33.34

  rebalancing:
    threshold_pct: 5.0      # Trigger when deviation exceeds
    min_trade_usd: 10.0     # Minimum trade size
    execution_type: limit   # Default order type
    dca:
      enabled: true
      threshold_usd: 500    # DCA for trades > $500
      batches: 6            # Split into 6 batches
      interval_hours: 4     # 4 hours between batches

  hodl_bags:
    enabled: true
    allocation_pct: 10      # % of profits to hodl
`

/** Sections 4 and 5: position limits and trailing stop, which stand alone there. */
export const OWNERS_LIMITS = `position_limits:
  max_per_symbol: 2    # Max 2 open positions per symbol
  max_total: 5         # Max 5 total open positions
trailing_stop:
  enabled: true
  activation_pct: 1.0      # Activate when profit >= 1%
  trail_distance_pct: 1.5  # Trail 1.5% behind highest/lowest
  update_interval_seconds: 60
`
