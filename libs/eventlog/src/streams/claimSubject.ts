const PREFIX = 'unique.';

/** The subjects of all claims. */
export const CLAIMS_FILTER = `${PREFIX}>`;

/** Returns the subject of the claims of a unique key: `unique.<key>`. */
export function claimSubject(key: string): string {
  return `${PREFIX}${key}`;
}

/** Returns the unique key whose claims have this subject; undefined for another subject. */
export function keyOfClaim(subject: string): string | undefined {
  return subject.startsWith(PREFIX) ? subject.slice(PREFIX.length) : undefined;
}
