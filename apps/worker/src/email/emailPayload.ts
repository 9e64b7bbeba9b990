import { Schema } from 'effect';

/** A header is one line: a line break in it would begin another header. */
const HeaderText = Schema.String.check(
  Schema.isMaxLength(998),
  Schema.makeFilter((text) => !hasControlCharacter(text) || 'expected text without line breaks and control characters'),
);
const Address = HeaderText.check(
  Schema.makeFilter((text) => /^[^@]+@[^@]+$/.test(text) || 'expected one e-mail address'),
);
const Addresses = Schema.Union([Address, Schema.Array(Address).check(Schema.isMinLength(1), Schema.isMaxLength(100))]);

export const EmailPayload = Schema.Struct({
  to: Addresses,
  cc: Schema.optionalKey(Addresses),
  bcc: Schema.optionalKey(Addresses),
  from: Schema.optionalKey(Address),
  replyTo: Schema.optionalKey(Address),
  subject: Schema.optionalKey(HeaderText),
  text: Schema.optionalKey(Schema.String),
  html: Schema.optionalKey(Schema.String),
});
export type EmailPayload = typeof EmailPayload.Type;

function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
