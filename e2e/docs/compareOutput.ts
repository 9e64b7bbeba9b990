const STATUS_LINE = /^HTTP\/1\.1 \d{3}.*$/m;
const HEADER = /^([A-Z][A-Za-z-]*): /;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z/g;

/**
 * What a page shows as an answer and the answer has not, or undefined. Compared are the status line, the names of headers,
 * the names and types of fields, and texts, but for ids and times and what `…` stands for. An answer may have more.
 */
export function unlikeAnswer(documented: string, actual: string): string | undefined {
  const status = STATUS_LINE.exec(documented)?.[0];
  if (status !== undefined && !actual.includes(status)) return status;
  const names = documented.split('\n').flatMap((line) => HEADER.exec(line)?.[1] ?? []);
  const missing = names.find((name) => !new RegExp(`^${name}: `, 'im').test(actual));
  if (missing !== undefined) return missing;
  const [shown, given] = [jsonIn(documented), jsonIn(actual)];
  const place = shown.findIndex((value) => !given.some((candidate) => has(candidate, value)));
  return place === -1 ? undefined : JSON.stringify(shown[place]);
}

/** The JSON texts, each of one line or, for a single one, of all lines from its beginning on. */
function jsonIn(text: string): unknown[] {
  const whole = parse(text.slice(Math.max(text.search(/^[{[]/m), 0)));
  return whole === undefined ? text.split('\n').flatMap((line) => parse(line) ?? []) : [whole];
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function has(actual: unknown, shown: unknown): boolean {
  if (typeof shown === 'string') return typeof actual === 'string' && patternOf(plain(shown)).test(plain(actual));
  if (typeof shown !== 'object' || shown === null) return typeof actual === typeof shown;
  if (typeof actual !== 'object' || actual === null) return false;
  const fields = actual as Readonly<Record<string, unknown>>;
  return Object.entries(shown).every(([name, value]) => name in fields && has(fields[name], value));
}

function plain(text: string): string {
  return text.replaceAll(UUID, '<id>').replaceAll(TIME, '<time>');
}

/**
 * The first line of what a page says that is not in the output, or undefined when all are there in this order. `…` stands for
 * anything; how many spaces there are does not matter. The output may have more lines.
 */
export function missingLine(documented: string, output: string): string | undefined {
  const actual = output.split('\n').map(withoutWidth);
  let next = 0;
  return documented.split('\n').find((line) => {
    const pattern = patternOf(withoutWidth(line));
    const found = actual.findIndex((candidate, index) => index >= next && pattern.test(candidate));
    next = found + 1;
    return found === -1;
  });
}

function withoutWidth(line: string): string {
  return line.replaceAll(/\s+/g, ' ').trim();
}

/** What is exactly this text, where `…` stands for anything. */
function patternOf(text: string): RegExp {
  return new RegExp(`^${text.split('…').map(escaped).join('.*')}$`);
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}
