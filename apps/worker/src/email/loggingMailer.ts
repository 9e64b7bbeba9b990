import type { Logger } from '@jobstream/runtime';
import type { Mailer } from './mailer.ts';

/** For development: messages are logged in full and sent nowhere. */
export function loggingMailer(logger: Logger): Mailer {
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
