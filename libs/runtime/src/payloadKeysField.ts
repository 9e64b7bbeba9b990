import type { Field } from './configField.ts';

/** A key that protects the keys of jobs; `secret` has 32 bytes. */
export interface PayloadKey {
  readonly id: string;
  readonly secret: Uint8Array;
}

const ENTRY = /^([a-z0-9][a-z0-9-]{0,31}):([A-Za-z0-9+/]{43}=)$/;

/** Keys by name, the one for new jobs first. What was given never appears in a message. */
export function payloadKeys(): Field<readonly PayloadKey[] | undefined> {
  const expected = 'be keys such as 2026:<32 bytes in Base64>, the newest first, separated by commas';
  return (raw) => {
    if (raw === undefined) return { value: undefined };
    const keys = raw.split(',').map((entry) => keyOf(entry.trim()));
    const known = keys.filter((key) => key !== undefined);
    const isSound = known.length === keys.length && new Set(known.map(({ id }) => id)).size === keys.length;
    return isSound ? { value: known } : { mistakes: [{ expected, got: '***' }] };
  };
}

function keyOf(entry: string): PayloadKey | undefined {
  const [, id, secret] = ENTRY.exec(entry) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret: Buffer.from(secret, 'base64') };
}
