/** A value that was typed, or what is wrong with it. */
export type TypedJson = { readonly value: unknown } | { readonly mistake: string };

/** Reads what a person has typed as JSON. Integers that JavaScript would change are mistakes: the API refuses them, too. */
export function readJson(text: string): TypedJson {
  const changed: string[] = [];
  const keepDigits = (_name: string, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    if (typeof value === 'number' && source !== undefined && isChanged(value, source)) changed.push(source);
    return value;
  };
  try {
    const value: unknown = JSON.parse(text, keepDigits);
    const [first] = changed;
    if (first === undefined) return { value };
    return { mistake: `${first} has more digits than a number can hold: write it as a text, "${first}"` };
  } catch (error) {
    return { mistake: error instanceof Error ? error.message : String(error) };
  }
}

function isChanged(value: number, source: string): boolean {
  return /^-?\d+$/.test(source) && source !== '-0' && BigInt(source) !== BigInt(Math.trunc(value));
}

/** Writes a value as people edit it. */
export function writeJson(value: unknown): string {
  return JSON.stringify(value ?? null, undefined, 2);
}
