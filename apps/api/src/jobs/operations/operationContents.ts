import { randomUUID } from 'node:crypto';
import type { JobOperation, OperationContents, StoredOperation } from '@jobstream/readmodel';
import type { ApiDeps } from '../../apiDeps.ts';
import { fieldOf } from '../../http/parsing/decodeBody.ts';
import { outageOf } from '../change/changePage.ts';
import { pathOfCondition } from '../read/searchQuery.ts';
import type { PayloadChange } from './payloads/payloadChange.ts';

/** An operation with what it puts into payloads. */
export interface OpenedOperation extends JobOperation {
  readonly change?: PayloadChange;
}

/**
 * What is stored of an operation until it ends. With a change, and where payloads are encrypted, it is sealed under a key of the
 * operation's own: the fingerprint too, from which a change could be guessed.
 *
 * A patch alone is stored where releases without edits look for it. They do not carry out what they cannot see: to them,
 * the patch of an operation with edits is not kept.
 *
 * @throws LogUnavailableError when the key cannot be stored.
 */
export async function sealContents(
  { fingerprint, change }: { readonly fingerprint: string | null; readonly change?: PayloadChange | undefined },
  { contents }: ApiDeps['log'],
): Promise<OperationContents> {
  if (change === undefined) return { fingerprint, keyId: null };
  const [place, value] =
    change.edits === undefined ? (['patch', change.patch] as const) : (['change', change] as const);
  if (!contents.isEncrypting) return { fingerprint, keyId: null, [place]: value };
  const keyId = randomUUID();
  const seal = async (text: string) => {
    const token = await contents.sealText(keyId, text);
    if (token === undefined) throw new Error('a key that was made for an operation can seal');
    return token;
  };
  const sealed = await seal(JSON.stringify(value));
  return { keyId, [place]: sealed, fingerprint: fingerprint === null ? null : await seal(fingerprint) };
}

/** Opens what an operation puts into payloads, or says why it cannot go on. Nothing is kept: see docs/privacy.md. */
export async function openContents(
  { storedPatch, storedChange, ...operation }: StoredOperation,
  { contents }: ApiDeps['log'],
): Promise<{ readonly operation: OpenedOperation } | { readonly hindrance: string }> {
  const stored = storedChange ?? storedPatch;
  if (stored === undefined) {
    // Only ended ones lose it; without it, this would be another operation.
    return operation.patched === undefined ? { operation } : { hindrance: 'The patch is not kept any more' };
  }
  const withChange = (value: unknown) => {
    return {
      operation: { ...operation, change: storedChange === undefined ? { patch: value } : (value as PayloadChange) },
    };
  };
  if (operation.keyId === null) return withChange(stored);
  try {
    const opened = await contents.openText(operation.keyId, stored as string);
    if (opened.kind === 'text') return withChange(JSON.parse(opened.text) as unknown);
    return { hindrance: 'The patch cannot be decrypted with the PAYLOAD_KEYS of this process' };
  } catch (error) {
    const hindrance = outageOf(error);
    if (hindrance === undefined) throw error;
    return { hindrance };
  }
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
