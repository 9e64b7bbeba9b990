import type { AuditFilter, AuditOutcome } from '@jobstream/client';

/** The filters of the audit log, as they stand in the address. */
export type AuditSearch = AuditFilter;

export const outcomes: readonly AuditOutcome[] = ['succeeded', 'refused', 'unknown'];

const TEXTS = ['actor', 'action', 'subjectKind', 'subjectId', 'from', 'to'] as const;

/** Reads the filters of an address, and leaves out what is none. */
export function readAuditSearch(search: Readonly<Record<string, unknown>>): AuditSearch {
  // The router reads `?subjectId=42` as a number.
  const texts = TEXTS.flatMap((name) => {
    const value = search[name];
    const isText = (typeof value === 'string' && value !== '') || typeof value === 'number';
    return isText && isPossible(name, String(value)) ? [[name, String(value)]] : [];
  });
  const outcome = outcomes.find((one) => one === search['outcome']);
  return { ...Object.fromEntries(texts), ...(outcome === undefined ? {} : { outcome }) };
}

function isPossible(name: (typeof TEXTS)[number], text: string): boolean {
  return (name !== 'from' && name !== 'to') || !Number.isNaN(Date.parse(text));
}
