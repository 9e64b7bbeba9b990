import type { AuthSettings, Logger } from '@jobstream/runtime';

/** Nobody should find out later that everybody was let in. */
export function warnIfOpen({ open }: AuthSettings, logger: Logger): void {
  if (open) logger.warn('AUTH is open: every client that reaches this address may do everything');
}
