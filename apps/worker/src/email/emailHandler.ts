import { defineHandler } from '../handler/defineHandler.ts';
import type { Handler } from '../handler/defineHandler.ts';
import type { Mailer, MailMessage } from './mailer.ts';
import { EmailPayload } from './emailPayload.ts';

export interface EmailOptions {
  readonly mailer: Mailer;
  /** The sender of messages that name none. */
  readonly from: string;
}

/** Sends one e-mail; its result is the mail server's receipt. */
export function emailHandler({ mailer, from }: EmailOptions): Handler {
  return defineHandler({
    type: 'email',
    payload: EmailPayload,
    run: (payload, { job, signal }) => mailer.send(compose(payload, { from, jobId: job.id }), signal),
  });
}

/** The message id comes from the job, so a message that a retry sends twice can be recognised as one. */
function compose(
  { to, cc = [], bcc = [], subject = '(no subject)', text, html, ...rest }: EmailPayload,
  defaults: { from: string; jobId: string },
): MailMessage {
  const from = rest.from ?? defaults.from;
  const domain = /@([^@>\s]+)>?\s*$/.exec(from)?.[1] ?? 'localhost';
  const body = { ...(html === undefined ? { text: text ?? '' } : { html }), ...(text === undefined ? {} : { text }) };
  const messageId = `<${defaults.jobId}@${domain}>`;
  return { ...rest, messageId, from, to: [to].flat(), cc: [cc].flat(), bcc: [bcc].flat(), subject, ...body };
}
