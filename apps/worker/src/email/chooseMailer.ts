import type { Logger } from '@jobstream/runtime';
import { loggingMailer } from './loggingMailer.ts';
import type { Mailer } from './mailer.ts';
import { smtpMailer } from './smtpMailer.ts';

/** Mail goes to the server at `smtpUrl`; without one it is only logged, for development. */
export function chooseMailer(smtpUrl: string | undefined, logger: Logger): Mailer {
  return smtpUrl === undefined ? loggingMailer(logger) : smtpMailer(smtpUrl);
}
