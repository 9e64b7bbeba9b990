import { Schema } from 'effect';

const HttpUrl = Schema.String.check(
  Schema.makeFilter((text) => isHttpUrl(text) || 'expected a URL beginning with http:// or https://'),
);

/** What the client and the signature rely on is not for payloads to set. */
const reserved = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'expect',
]);

const Headers = Schema.Record(Schema.String, Schema.String).check(
  Schema.makeFilter((headers) => {
    const refused = Object.entries(headers).find((header) => !isAllowedHeader(header));
    return refused === undefined || `the header ${JSON.stringify(refused[0])} is reserved or malformed`;
  }),
);

/** `body` is any JSON, null unless told. */
export const WebhookPayload = Schema.Struct({
  url: HttpUrl,
  body: Schema.optionalKey(Schema.Unknown),
  headers: Schema.optionalKey(Headers),
});
export type WebhookPayload = typeof WebhookPayload.Type;

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function isAllowedHeader([name, value]: [string, string]): boolean {
  const lower = name.toLowerCase();
  if (reserved.has(lower) || lower.startsWith('x-jobstream-')) return false;
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}
