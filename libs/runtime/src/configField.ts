/** One of several mistakes in a value, in words that complete "expected X to …, got: …". */
export interface Mistake {
  readonly expected: string;
  readonly got: string;
}

/**
 * How one environment variable is read: its value, or what was expected in words that complete "expected X to be …", or
 * the mistakes in it.
 */
export type Field<Value> = (
  raw: string | undefined,
) => { readonly value: Value } | { readonly expected: string } | { readonly mistakes: readonly Mistake[] };

const DURATION_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export function text(fallback?: string): Field<string> {
  return withFallback(fallback, (raw) => ({ value: raw }));
}

export function urlOf(protocols: readonly string[], fallback?: string): Field<string> {
  const expected = `a URL beginning with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
  return withFallback(fallback, (raw) => {
    const servers = raw.split(',').map((server) => server.trim());
    return servers.every((server) => hasProtocol(server, protocols)) ? { value: raw } : { expected };
  });
}

export function count({ min, max, fallback }: { min: number; max: number; fallback: number }): Field<number> {
  const expected = `an integer from ${min} to ${max}`;
  return withFallback(fallback, (raw) => {
    const value = Number(raw);
    return /^\d+$/.test(raw) && value >= min && value <= max ? { value } : { expected };
  });
}

export function port(fallback?: number): Field<number> {
  const expected = 'a port number from 0 to 65535';
  return withFallback(fallback, (raw) =>
    /^\d{1,5}$/.test(raw) && Number(raw) <= 65_535 ? { value: Number(raw) } : { expected },
  );
}

export function bool(fallback: boolean): Field<boolean> {
  return withFallback(fallback, (raw) =>
    raw === 'true' || raw === 'false' ? { value: raw === 'true' } : { expected: 'true or false' },
  );
}

export function choice<const Choice extends string>(choices: readonly Choice[], fallback?: Choice): Field<Choice> {
  return withFallback(fallback, (raw) => {
    const value = choices.find((one) => one === raw);
    return value === undefined ? { expected: `one of ${choices.join(', ')}` } : { value };
  });
}

/** Milliseconds; the unit may be ms, s, m, h or d, and 0 means no limit. */
export function duration(fallback: number): Field<number> {
  return withFallback(fallback, (raw) => {
    const match = /^(\d+)(ms|s|m|h|d)?$/.exec(raw);
    if (match === null) return { expected: 'a duration such as 90s, 12h or 30d, or 0' };
    return { value: Number(match[1]) * DURATION_MS[(match[2] ?? 'ms') as keyof typeof DURATION_MS] };
  });
}

export function list(): Field<readonly string[]> {
  return withFallback<readonly string[]>(undefined, (raw) => ({
    value: raw
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  }));
}

export function optional<Value>(field: Field<Value>): Field<Value | undefined> {
  return (raw) => (raw === undefined ? { value: undefined } : field(raw));
}

function withFallback<Value>(
  fallback: Value | undefined,
  parse: (raw: string) => ReturnType<Field<Value>>,
): Field<Value> {
  return (raw) => {
    if (raw !== undefined) return parse(raw);
    return fallback === undefined ? { expected: 'given' } : { value: fallback };
  };
}

function hasProtocol(raw: string, protocols: readonly string[]): boolean {
  return URL.canParse(raw) && protocols.some((protocol) => raw.startsWith(`${protocol}//`));
}
