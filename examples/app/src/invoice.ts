import type { PayloadOutput, ResultInput } from '@jobstream/client';
import type { invoice } from './jobs.ts';

/** Adds an order up. The number is that of the order: when the job runs twice, it issues one invoice. */
export function issueInvoice({ order, lines }: PayloadOutput<typeof invoice>): ResultInput<typeof invoice> {
  const cents = lines.reduce((sum, line) => sum + line.cents * line.count, 0);
  return { number: `INV-${order}`, cents };
}
