import { createHash } from 'node:crypto';
import type { Job, JobError } from '@jobstream/domain';

/** Longer messages are alike if they begin alike. */
const MAX_CHARS = 300;

/** The beginning of a message that is stored encrypted; it says nothing about the failure. */
const ENCRYPTED = '$jwe:';

/** What varies from job to job, and what stands for it; in this order, since later patterns match parts of earlier ones. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/(?<![\w'])'[^']*'(?!\w)|"[^"]*"|`[^`]*`/gu, '<text>'],
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/giu, '<id>'],
  [/\b0x[0-9a-f]+\b|\b(?=[a-f]*\d)[0-9a-f]{8,}\b/giu, '<hex>'],
  [/\b(?=[a-z_-]*\d)[\w-]{16,}\b/giu, '<id>'],
  [/\d+(?:[.,:]\d+)*/gu, '<n>'],
  [/\s+/gu, ' '],
];

/** A message of an error without its numbers, ids, hexadecimal digits and quoted texts; empty if it is encrypted. */
export function normalMessage(message: string): string {
  if (message.startsWith(ENCRYPTED)) return '';
  const beginning = message.slice(0, MAX_CHARS);
  return VARYING.reduce((text, [pattern, placeholder]) => text.replaceAll(pattern, placeholder), beginning).trim();
}

/** The digest of what is alike of a failed job and others of its group, as the table has it; undefined for other jobs. */
export function failureGroup({ status, type, error }: Pick<Job, 'status' | 'type' | 'error'>): string | undefined {
  return status === 'failed' && error !== undefined ? groupOf(type, error) : undefined;
}

function groupOf(type: string, { name, code, message }: JobError): string {
  const alike = JSON.stringify([type, name, code, normalMessage(message)]);
  return createHash('sha256').update(alike).digest('hex').slice(0, 16);
}

/** More words are left out of a name. */
const WORDS_CHARS = 48;

/** What stands in an address, and in its logs, without saying anything of a customer: no addresses, paths and hosts, and no placeholder. */
const SAYS_TOO_MUCH = /[@/\\<>]|\w[.:]\w/u;

/**
 * Makes the name of a group: words of the type, the name, code and message of the error, for people, and the digest, which alone finds its
 * jobs, for `groupDigest`. Words are of the letters a to z and digits, so that a name is the same in addresses, shells and files.
 *
 * @example
 * groupName('8d0c1f7b2a964e31', { type: 'email', error }); // email-smtperror-e452-mailbox-is-full-8d0c1f7b2a964e31
 */
export function groupName(
  digest: string,
  { type, error }: { readonly type: string; readonly error: JobError },
): string {
  const { name, code = '', message } = error;
  const said = normalMessage(message).split(' ');
  const harmless = said.filter((word) => !SAYS_TOO_MUCH.test(word)).join(' ');
  const [first = '', ...others] = new Set([type, name, code, harmless].flatMap(wordsOf));
  let words = first.slice(0, WORDS_CHARS);
  for (const word of others) {
    if (words.length + 1 + word.length > WORDS_CHARS) break;
    words += `-${word}`;
  }
  return `${words}-${digest}`;
}

function wordsOf(text: string): readonly string[] {
  const plain = text
    .slice(0, MAX_CHARS)
    .normalize('NFKD')
    .replaceAll(/[\p{Mark}'’]/gu, '');
  return plain.toLowerCase().match(/[a-z0-9]+/gu) ?? [];
}

/** The digest of a group by its name, of which the words need not be there; what is no name finds no group. */
export function groupDigest(name: string): string {
  return /[0-9a-f]{16}$/u.exec(name)?.[0] ?? name;
}
