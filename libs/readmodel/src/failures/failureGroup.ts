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

/** The name of the group to which a failed job belongs; undefined for other jobs. */
export function failureGroup({ status, type, error }: Pick<Job, 'status' | 'type' | 'error'>): string | undefined {
  return status === 'failed' && error !== undefined ? groupOf(type, error) : undefined;
}

function groupOf(type: string, { name, code, message }: JobError): string {
  const alike = JSON.stringify([type, name, code, normalMessage(message)]);
  return createHash('sha256').update(alike).digest('hex').slice(0, 16);
}
