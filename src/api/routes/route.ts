/** What a route is made of; every group of routes is a list of these. */
import type { Context } from 'hono'
import type { Desk } from '../../ports/desk.ts'
import type { MoneyHistory } from '../../ports/money-history.ts'
import type { OrderHistory } from '../../ports/order-history.ts'
import type { ReadModels } from '../read-models.ts'

export interface RouteParts {
  readonly desk: Desk
  readonly readModels: ReadModels
  readonly history: OrderHistory
  readonly money: MoneyHistory
}

/** Read-only: answers GET (and HEAD). */
export interface Route {
  readonly path: string
  readonly answer: (context: Context) => Response | Promise<Response>
}
