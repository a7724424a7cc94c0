import { Migration } from '@mikro-orm/migrations'

/** What agents and models said, decided and cost. */
export class Agents extends Migration {
  override up(): void {
    this.addSql(`create table agent_outputs (
      account text not null, output_id text not null, agent text not null, symbol text not null,
      confidence double precision not null, reasoning text not null, model text not null,
      tokens int not null, cost_usd numeric(38,18) not null, latency_ms double precision not null,
      prompt_hash text, snapshot_hash text not null, used_fallback boolean not null,
      body json not null, at timestamptz not null, primary key (account, output_id)
    )`)
    this.addSql('create index agent_outputs_latest on agent_outputs (account, agent, symbol, at)')
    this.addSql(`create table trading_decisions (
      account text not null, proposal_id text not null, symbol text not null, action text not null,
      confidence double precision not null, entry_price numeric(38,18), stop_loss numeric(38,18),
      take_profit numeric(38,18), size_pct double precision not null, leverage int not null,
      multiplier double precision, agreeing int, present int, outcome text not null, drop_reason text,
      risk_codes json not null, risk_warnings json not null, position_id text,
      correlation_id text not null, at timestamptz not null, primary key (account, proposal_id)
    )`)
    this.addSql('create index trading_decisions_time on trading_decisions (account, symbol, at)')
    this.addSql(`create table model_comparisons (
      account text not null, proposal_id text not null, model text not null, symbol text not null,
      action text, confidence double precision, problem text, agreed boolean not null,
      tokens int not null, cost_usd numeric(38,18) not null, latency_ms double precision not null,
      price_at_decision numeric(38,18) not null, price_after_1h numeric(38,18),
      price_after_4h numeric(38,18), price_after_24h numeric(38,18), was_right boolean,
      at timestamptz not null, primary key (account, proposal_id, model)
    )`)
    this.addSql(`create table llm_calls (
      account text not null, call_id text not null, purpose text not null, provider text not null,
      model text not null, symbol text, prompt_hash text not null, prompt text not null, answer text,
      status text not null, problem text, attempts int not null, input_tokens int not null,
      output_tokens int not null, cost_usd numeric(38,18) not null,
      latency_ms double precision not null, correlation_id text not null, at timestamptz not null,
      primary key (account, call_id)
    )`)
    this.addSql('create index llm_calls_time on llm_calls (account, at)')
    this.addSql('create index llm_calls_prompt on llm_calls (prompt_hash)')
  }
}
