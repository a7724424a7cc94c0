/**
 * `Approved<T>` is what gateways take. Only the functions of `risk.ts` make one, so an order that nobody judged does
 * not compile. The brand has no run-time form: an approved request is plain JSON.
 */
declare const passed: unique symbol
export type Approved<T> = T & { readonly [passed]: true }

/** For `risk.ts` alone; a test holds that nobody else imports it. */
export const stampApproved = <T>(request: T): Approved<T> => request as Approved<T>
