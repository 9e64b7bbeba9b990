/** A mistake in a value, in words that complete "expected X to …, got: …". */
export interface Mistake {
  readonly expected: string;
  readonly got: string;
}

/** The value of a setting, or the mistakes in its text. */
export type Outcome<Value> = { readonly value: Value } | { readonly mistakes: readonly Mistake[] };

/** Reads the text of one environment variable; `undefined` stands for a variable that is not set. */
export type Setting<Value> = (text: string | undefined) => Outcome<Value>;

/** A setting that is optional or has a default. */
export interface OptionalSetting<Value> extends Setting<Value | undefined> {
  or(fallback: Value): Setting<Value>;
}

const DURATION_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BUCKET = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[\w!.*'()/-]*)?$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?|::ffff:127(?:\.\d{1,3}){3})$/i;

/** Creates a setting from a parser that returns undefined for text that is not `expected`. */
function setting<Value>(expected: string, read: (text: string) => Value | undefined): OptionalSetting<Value> {
  return settingOf((text) => {
    const value = read(text);
    return value === undefined ? { mistakes: [{ expected: `be ${expected}`, got: text }] } : { value };
  });
}

/** Creates a setting from a parser that describes the mistakes itself. */
export function settingOf<Value>(read: (text: string) => Outcome<Value>): OptionalSetting<Value> {
  const withFallback =
    <Fallback extends Value | undefined>(fallback: Fallback) =>
    (text: string | undefined): Outcome<Value | Fallback> =>
      text === undefined ? { value: fallback } : read(text);
  return Object.assign(withFallback(undefined), { or: (fallback: Value) => withFallback(fallback) });
}

export const text = setting('text', (raw) => raw);

export const bool = setting('true or false', (raw) => raw === 'true' || (raw === 'false' ? false : undefined));

export const port = setting('a port number from 0 to 65535', (raw) => integerIn(raw, 0, 65_535));

/** Names separated by commas. */
export const list = setting<readonly string[]>('names, separated by commas', (raw) => parts(raw, ','));

/** The absolute path of a folder, since processes may run in different folders, or a bucket of S3. */
export const archivePlace = setting('the whole path of a folder, or s3://bucket/prefix', (raw) =>
  raw.startsWith('/') || BUCKET.test(raw) ? raw : undefined,
);

/** Milliseconds; the unit may be ms, s, m, h or d, and 0 means no limit. */
export const duration = setting('a duration such as 90s, 12h or 30d, or 0', (raw) => {
  const [, amount, unit = 'ms'] = /^(\d+)(ms|s|m|h|d)?$/.exec(raw) ?? [];
  return amount === undefined ? undefined : Number(amount) * DURATION_MS[unit as keyof typeof DURATION_MS];
});

/** Bytes; the unit may be KB, MB, GB or TB, each 1,024 of the one before. */
export const bytes = setting('a size such as 500MB or 20GB', (raw) => {
  const [, amount, unit = ''] = /^([1-9]\d{0,11})(KB|MB|GB|TB)?$/.exec(raw) ?? [];
  return amount === undefined ? undefined : Number(amount) * 1_024 ** ['', 'KB', 'MB', 'GB', 'TB'].indexOf(unit);
});

/** Origins as browsers send them, such as `https://app.example.com`. A wildcard is refused: it would allow every page. */
export const origins = setting('origins such as https://app.example.com, separated by commas', (raw) => {
  const given = raw.split(',').map((origin) => origin.trim());
  return given.every(isOrigin) ? given : undefined;
});

/** At most `count` of something within any `perMs` milliseconds. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

/** `100/s`, `600/m`, `5/h`, or `off`. */
export const rate = setting<Rate | 'off'>('a rate such as 100/s, 600/m or 5/h, or off', (raw) => {
  const [, count, unit] = /^([1-9]\d{0,6})\/([smh])$/.exec(raw) ?? [];
  if (count === undefined) return raw === 'off' ? raw : undefined;
  return { count: Number(count), perMs: DURATION_MS[unit as keyof typeof DURATION_MS] };
});

/** A key that encrypts the keys of jobs; `secret` has 32 bytes. */
interface PayloadKey {
  readonly id: string;
  readonly secret: Uint8Array;
}

/** Keys by name, the one for new jobs first. No part of the text appears in a message. */
export const payloadKeys = settingOf<readonly PayloadKey[]>((raw) => {
  const keys = raw.split(',').flatMap((entry) => {
    const [, id, secret] = /^([a-z0-9][a-z0-9-]{0,31}):([A-Za-z0-9+/]{43}=)$/.exec(entry.trim()) ?? [];
    return id === undefined || secret === undefined ? [] : [{ id, secret: Buffer.from(secret, 'base64') }];
  });
  if (new Set(keys.map(({ id }) => id)).size === raw.split(',').length) return { value: keys };
  const expected = 'be keys such as 2026:<32 bytes in Base64>, the newest first, separated by commas';
  return { mistakes: [{ expected, got: '***' }] };
});

/** One URL or several, separated by commas, each with one of these protocols. */
export function urlOf(...protocols: readonly string[]): OptionalSetting<string> {
  const { prefixes, areKnown } = prefixed(protocols);
  return setting(`a URL beginning with ${prefixes.join(' or ')}`, (raw) =>
    areKnown(raw.split(',').map((url) => url.trim())) ? raw : undefined,
  );
}

/** As `urlOf`, one by one. No part of the text appears in a message, since any of them may have a password. */
export function urls(...protocols: readonly string[]): OptionalSetting<readonly string[]> {
  const { prefixes, areKnown } = prefixed(protocols);
  const expected = `be URLs beginning with ${prefixes.join(' or ')}, separated by commas`;
  return settingOf((raw) => {
    const value = parts(raw, ',');
    return value.length > 0 && areKnown(value) ? { value } : { mistakes: [{ expected, got: '***' }] };
  });
}

function prefixed(protocols: readonly string[]) {
  const prefixes = protocols.map((protocol) => `${protocol}://`);
  const isKnown = (url: string) => URL.canParse(url) && prefixes.some((prefix) => url.startsWith(prefix));
  return { prefixes, areKnown: (given: readonly string[]) => given.every(isKnown) };
}

export function integer(min: number, max: number): OptionalSetting<number> {
  return setting(`an integer from ${min} to ${max}`, (raw) => integerIn(raw, min, max));
}

export function choice<const Choice extends string>(...choices: readonly Choice[]): OptionalSetting<Choice> {
  return setting(`one of ${choices.join(', ')}`, (raw) => choices.find((one) => one === raw));
}

/** Splits a text at separators, without blanks and empty parts. */
export function parts(raw: string, separator: string): readonly string[] {
  return raw.split(separator).flatMap((part) => part.trim() || []);
}

/** Parses an integer from `min` to `max`; undefined for any other text. */
export function integerIn(raw: string, min: number, max: number): number | undefined {
  const value = Number(raw);
  return /^\d+$/.test(raw) && value >= min && value <= max ? value : undefined;
}

/** Returns whether the host is a loopback address or `localhost`. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

function isOrigin(raw: string): boolean {
  return /^https?:\/\//.test(raw) && URL.canParse(raw) && new URL(raw).origin === raw;
}
