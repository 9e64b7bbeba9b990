import * as Schema from 'effect/Schema';
import addressparser from 'nodemailer/lib/addressparser';
import { jobHandler, type Handler } from '@jobstream/worker/engine';
import { effectJob } from '../../effectJob.ts';
import type { Mailer, MailMessage } from './mailer.ts';

/** A header is one line: a line break in it would begin another header. */
const HeaderText = Schema.String.check(
  Schema.isMaxLength(998),
  Schema.makeFilter((text) => !hasControlCharacter(text) || 'expected text without line breaks and control characters'),
);
const Address = HeaderText.check(Schema.makeFilter((text) => isOneAddress(text) || 'expected one e-mail address'));
const Addresses = Schema.Union([Address, Schema.Array(Address).check(Schema.isMinLength(1), Schema.isMaxLength(100))]);

const EmailPayload = Schema.Struct({
  to: Addresses,
  cc: Schema.optionalKey(Addresses),
  bcc: Schema.optionalKey(Addresses),
  from: Schema.optionalKey(Address),
  replyTo: Schema.optionalKey(Address),
  subject: Schema.optionalKey(HeaderText),
  text: Schema.optionalKey(Schema.String),
  html: Schema.optionalKey(Schema.String),
});

const emailJob = effectJob('email', EmailPayload);

interface EmailOptions {
  readonly mailer: Mailer;
  /** The sender of messages that name none. */
  readonly from: string;
}

/** Sends one e-mail; its result is the mail server's receipt. */
export function emailHandler({ mailer, from }: EmailOptions): Handler {
  return jobHandler(emailJob, (payload, { job, signal }) =>
    mailer.send(compose(payload, { from, jobId: job.id }), signal),
  );
}

/** The message id comes from the job, so a message that a retry sends twice can be recognised as one. */
function compose(
  { to, cc = [], bcc = [], subject = '(no subject)', text, html, ...rest }: typeof EmailPayload.Type,
  defaults: { from: string; jobId: string },
): MailMessage {
  const from = rest.from ?? defaults.from;
  const domain = /@([^@>\s]+)>?\s*$/.exec(from)?.[1] ?? 'localhost';
  const body = { ...(html === undefined ? { text: text ?? '' } : { html }), ...(text === undefined ? {} : { text }) };
  const messageId = `<${defaults.jobId}@${domain}>`;
  return { ...rest, messageId, from, to: [to].flat(), cc: [cc].flat(), bcc: [bcc].flat(), subject, ...body };
}

/** Whether the mail library reads one recipient in the text, `user@example.com` or `Name <user@example.com>`. */
function isOneAddress(text: string): boolean {
  const [first, ...others] = addressparser(text, { flatten: false });
  if (first === undefined || others.length > 0 || !('address' in first)) return false;
  const { address = '' } = first;
  const whole = text.trim() === address || text.trim().endsWith(`<${address}>`);
  return whole && /^[^@\s]+@[^@\s]+$/.test(address) && text.split('@').length === 2;
}

function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
