import { createTransport } from 'nodemailer';
import type { MailMessage, Mailer, MailReceipt } from './mailer.ts';
import { smtpFailure } from './smtpFailure.ts';

/**
 * Sends over SMTP on a few connections that are kept open (`?maxConnections=` in the URL changes how many). Text that
 * looks like a path or an address is never loaded into a message.
 */
export function smtpMailer(url: string): Mailer {
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
