import type { IncomingMessage } from 'node:http';

/** The strong entity tag of a version of a job. */
export function entityTag(version: number): string {
  return `"${version}"`;
}

/** Whether the sender has this version already. `Cache-Control: no-cache` in a request concerns caches, not us. */
export function hasVersion(req: IncomingMessage, tag: string): boolean {
  const given = req.headers['if-none-match'];
  if (given === undefined) return false;
  return given.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
}
