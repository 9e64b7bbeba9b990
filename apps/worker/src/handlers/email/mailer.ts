import type { Logger, Service } from '@jobstream/runtime';
import { createTransport } from 'nodemailer';
import { UnrecoverableError } from '@jobstream/worker';

export interface MailMessage {
  readonly messageId: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly replyTo?: string;
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
}

/** The mail server's response to a message. */
interface MailReceipt {
  readonly messageId: string;
  readonly accepted: readonly string[];
  readonly rejected: readonly string[];
  readonly response: string;
}

/** The port through which mail is sent. */
export interface Mailer extends Service {
  send(message: MailMessage, signal: AbortSignal): Promise<MailReceipt>;
}

/** Sends mail to the server at `smtpUrl`; without one it only logs the messages, for development. */
export function createMailer(smtpUrl: string | undefined, logger: Logger): Mailer {
  return smtpUrl === undefined ? loggingMailer(logger) : smtpMailer(smtpUrl);
}

function loggingMailer(logger: Logger): Mailer {
  return {
    name: 'mailer',
    async start() {
      logger.info('SMTP_URL is not set: mail is logged, not sent');
    },
    async stop() {},
    async send(message) {
      logger.info({ message }, 'mail, not sent');
      const accepted = [...message.to, ...message.cc, ...message.bcc];
      return { messageId: message.messageId, accepted, rejected: [], response: 'logged, not sent' };
    },
  };
}

/**
 * Sends over SMTP on a few connections that are kept open (`?maxConnections=` in the URL changes how many). Text that
 * looks like a path or an address is never loaded into a message.
 */
function smtpMailer(url: string): Mailer {
  const transport = createTransport({ url, pool: true, disableFileAccess: true, disableUrlAccess: true });
  return {
    name: 'mailer',
    async start() {},
    async stop() {
      transport.close();
    },
    async send(message, signal) {
      try {
        return receipt(await transport.sendMail({ ...mutable(message), signal }));
      } catch (error) {
        throw smtpFailure(error);
      }
    },
  };
}

function mutable({ to, cc, bcc, ...rest }: MailMessage) {
  return { ...rest, to: [...to], cc: [...cc], bcc: [...bcc] };
}

function receipt({ messageId, accepted, rejected, response }: MailReceipt): MailReceipt {
  return { messageId, accepted, rejected, response };
}

/**
 * What a failure to send means for the job: a server's permanent refusal (5xx) or an impossible envelope fails it for
 * good. A refused login is the operator's mistake rather than the message's, and is retried as all others are.
 */
function smtpFailure(failure: unknown): unknown {
  if (!(failure instanceof Error)) return failure;
  const { code, responseCode } = failure as { code?: unknown; responseCode?: unknown };
  if (code === 'EAUTH' || !isPermanent(code, responseCode)) return failure;
  const reason = typeof responseCode === 'number' ? `SMTP_${responseCode}` : String(code);
  return new UnrecoverableError(failure.message, { code: reason, cause: failure });
}

function isPermanent(code: unknown, responseCode: unknown): boolean {
  if (typeof responseCode === 'number') return responseCode >= 500;
  return code === 'EENVELOPE' || code === 'EMESSAGE';
}
