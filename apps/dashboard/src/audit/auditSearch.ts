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
    return (typeof value === 'string' && value !== '') || typeof value === 'number' ? [[name, String(value)]] : [];
  });
  const outcome = outcomes.find((one) => one === search['outcome']);
  return { ...Object.fromEntries(texts), ...(outcome === undefined ? {} : { outcome }) };
}
