import type { Service } from '@jobstream/runtime';

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

/** What the mail server said to a message. */
export interface MailReceipt {
  readonly messageId: string;
  readonly accepted: readonly string[];
  readonly rejected: readonly string[];
  readonly response: string;
}

/** The way out for mail. */
export interface Mailer extends Service {
  send(message: MailMessage, signal: AbortSignal): Promise<MailReceipt>;
}
