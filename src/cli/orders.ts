/** `triplegain orders`: the orders of a running process. */
import type { Command } from 'commander'
import { z } from 'zod'
import { ask, baseUrl } from './ask.ts'
import {
  addListOptions,
  addStatusOptions,
  type ListArguments,
  listPath,
  olderLines,
  printCsv,
  refuseTwoForms,
  type StatusArguments,
  statusOf,
} from './listing.ts'
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
  nextCursor: z.string().nullable(),
})
type Answer = z.output<typeof shape>

interface OrdersArguments extends ListArguments, StatusArguments {}

function orderLines({ orders, nextCursor }: Answer): readonly string[] {
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
  return [...table([head, ...rows], [5, 6, 7]), ...olderLines(nextCursor, orders.length)]
}

export function addOrders(program: Command, parts: CliParts): void {
  const command = program.command('orders').description('orders of a running process, newest first')
  addStatusOptions(addListOptions(command, 'created'), 'open, closed, all, or one such as FILLED').action(
    async (given: OrdersArguments, asked: Command) => {
      refuseTwoForms(asked, given)
      const base = baseUrl(asked, given)
      const path = listPath('orders', given, { status: statusOf(asked, given) })
      if (given.csv) return printCsv(parts, base, path)
      const answer = await ask(parts, base, path, shape)
      if (given.json) parts.out(JSON.stringify(answer))
      else for (const line of orderLines(answer)) parts.out(line)
    },
  )
}
