/** `triplegain orders`: the orders of a running process. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { Pair } from '../domain/ids.ts'
import { symbolArgument } from './arguments.ts'
import { type AskArguments, addAskOptions, ask, baseUrl, queryOf } from './ask.ts'
import type { CliParts } from './parts.ts'
import { shortTime, table } from './table.ts'

const shape = z.looseObject({
  orders: z.array(
    z.looseObject({
      orderId: z.string(),
      status: z.string(),
      phase: z.string(),
      quantity: z.string(),
      filled: z.string(),
      limitPrice: z.string().nullable(),
      triggerPrice: z.string().nullable(),
      updatedAt: z.string(),
      request: z.looseObject({ symbol: z.string(), side: z.string(), type: z.string(), purpose: z.string() }),
    }),
  ),
  total: z.number(),
})
type Answer = z.output<typeof shape>

interface OrdersArguments extends AskArguments {
  readonly status?: string
  readonly symbol?: Pair
}

function orderLines({ orders, total }: Answer): readonly string[] {
  if (orders.length === 0) return ['no orders']
  const head = ['updated', 'symbol', 'side', 'type', 'for', 'quantity', 'filled', 'price', 'status', 'phase', 'order']
  const rows = orders.map((order) => [
    shortTime(order.updatedAt),
    order.request.symbol,
    order.request.side,
    order.request.type,
    order.request.purpose,
    order.quantity,
    order.filled,
    order.limitPrice ?? order.triggerPrice ?? 'market',
    order.status,
    order.phase,
    order.orderId,
  ])
  const lines = table([head, ...rows], [5, 6, 7])
  return orders.length === total ? lines : [...lines, `the newest ${orders.length} of ${total}`]
}

export function addOrders(program: Command, parts: CliParts): void {
  addAskOptions(program.command('orders').description('orders of a running process, newest first'))
    .option('--status <status>', 'live, final, all, or one such as FILLED (default: live)')
    .option('--symbol <pair>', 'of one pair only', symbolArgument)
    .action(async (given: OrdersArguments, command: Command) => {
      const path = `/api/v1/orders${queryOf({ status: given.status, symbol: given.symbol })}`
      const answer = await ask(parts, baseUrl(command, given), path, shape)
      if (given.json) parts.out(JSON.stringify(answer))
      else for (const line of orderLines(answer)) parts.out(line)
    })
}
