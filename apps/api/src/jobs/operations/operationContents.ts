import { randomUUID } from 'node:crypto';
import type { ClaimedOperation, JobOperation, OperationContents } from '@jobstream/readmodel';
import type { ApiDeps } from '../../apiDeps.ts';
import { fieldOf } from '../../http/decodeBody.ts';
import { problemType } from '../../problems/problemTypes.ts';
import { toProblem } from '../../problems/toProblem.ts';
import { pathOfCondition } from '../read/searchQuery.ts';

/** An operation with what it puts into payloads. */
export interface OpenedOperation extends JobOperation {
  readonly patch?: unknown;
}

/**
 * What is stored of an operation until it ends. With a patch, and where payloads are encrypted, it is sealed under a key of the
 * operation's own: the fingerprint too, from which a patch could be guessed.
 *
 * @throws LogUnavailableError when the key cannot be stored.
 */
export async function sealContents(
  plain: { readonly fingerprint: string | null; readonly patch?: unknown },
  { contents }: ApiDeps['log'],
): Promise<OperationContents> {
  if (!('patch' in plain) || !contents.isEncrypting) return { ...plain, keyId: null };
  const keyId = randomUUID();
  const seal = async (text: string) => {
    const token = await contents.sealText(keyId, text);
    if (token === undefined) throw new Error('a key that was made for an operation can seal');
    return token;
  };
  const patch = await seal(JSON.stringify(plain.patch));
  return { keyId, patch, fingerprint: plain.fingerprint === null ? null : await seal(plain.fingerprint) };
}

/** Opens what a claimed operation puts into payloads, or says why it cannot go on. Nothing is kept: see docs/privacy.md. */
export async function openContents(
  { storedPatch, ...operation }: ClaimedOperation,
  { contents }: ApiDeps['log'],
): Promise<{ readonly operation: OpenedOperation } | { readonly hindrance: string }> {
  if (storedPatch === undefined) {
    // Only ended ones lose their patch; without it, this would be another operation.
    return operation.patched === undefined ? { operation } : { hindrance: 'The patch is not kept any more' };
  }
  if (operation.keyId === null) return { operation: { ...operation, patch: storedPatch } };
  try {
    const opened = await contents.openText(operation.keyId, storedPatch as string);
    if (opened.kind === 'text') return { operation: { ...operation, patch: JSON.parse(opened.text) as unknown } };
    return { hindrance: 'The patch cannot be decrypted with the PAYLOAD_KEYS of this process' };
  } catch (error) {
    const hindrance = hindranceOf(error);
    if (hindrance === undefined) throw error;
    return { hindrance };
  }
}

/** Why an operation waits after an error that is an outage; undefined for others. */
export function hindranceOf(error: unknown): string | undefined {
  const { status, title } = problemType(toProblem(error).code);
  return status === 503 ? title : undefined;
}

/** Whether an operation was made by a request with this fingerprint. That of a sealed one cannot be told after its end. */
export async function isOfRequest(
  { fingerprint, keyId }: JobOperation,
  expected: string | null,
  { contents }: ApiDeps['log'],
): Promise<boolean> {
  if (fingerprint === null) return true;
  if (keyId === null) return fingerprint === expected;
  const opened = await contents.openText(keyId, fingerprint);
  return opened.kind !== 'text' || opened.text === expected;
}

/** A filter that has not been decoded, with the paths alone of a search, whose values are those of payloads. */
export function withoutValues(filter: unknown): unknown {
  const search = fieldOf(filter, 'search');
  if (search === undefined) return filter;
  const paths = [search].flat().map((condition) => (typeof condition === 'string' ? pathOfCondition(condition) : ''));
  return { ...(filter as object), search: Array.isArray(search) ? paths : paths[0] };
}
