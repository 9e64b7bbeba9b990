import type { HandlerRegistrar } from '@jobstream/worker';
import { issueInvoice } from './invoice.ts';
import { invoice, thumbnail } from './jobs.ts';
import { makeThumbnail } from './thumbnail.ts';

/** The handlers of this app, for its worker and for its tests. */
export function registerHandlers(worker: HandlerRegistrar): void {
  worker.handle(thumbnail, makeThumbnail).handle(invoice, issueInvoice);
}
