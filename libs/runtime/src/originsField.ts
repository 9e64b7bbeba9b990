import type { Field } from './configField.ts';

/** Origins as browsers send them, such as `https://app.example.com`. A wildcard is none: it would let every page in. */
export function origins(): Field<readonly string[] | undefined> {
  return (raw) => {
    if (raw === undefined) return { value: undefined };
    const given = raw.split(',').map((origin) => origin.trim());
    return given.every(isOrigin)
      ? { value: given }
      : { expected: 'origins such as https://app.example.com, separated by commas' };
  };
}

function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
