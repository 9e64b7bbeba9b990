import { timingSafeEqual } from 'node:crypto';
import { hashOfSecret, parseApiKey, type ApiKeyCredential } from '@jobstream/readmodel';
import type { Caller } from './caller.ts';
import { credentialsRefused } from './challenge.ts';
import type { KeyRing } from './keyRing.ts';

export type Ring = Pick<KeyRing, 'find' | 'noteUse' | 'onGone'>;

/** The caller whose key this is; throws a Problem for a key that is not good, whatever is wrong with it. */
export async function recogniseKey(text: string, ring: Ring): Promise<Caller> {
  const given = parseApiKey(text);
  if (given === undefined) throw credentialsRefused('this is no API key: it may be cut off or mistyped');
  const credential = await ring.find(given.id);
  if (credential === undefined || !isGood(credential, given.secret)) {
    throw credentialsRefused('the API key is unknown, revoked or expired');
  }
  ring.noteUse(credential.id);
  return callerWithKey(credential, ring);
}

function isGood({ secretHash, expiresAt }: ApiKeyCredential, secret: string): boolean {
  const genuine = timingSafeEqual(hashOfSecret(secret), secretHash);
  return genuine && (expiresAt === null || Date.parse(expiresAt) > Date.now());
}

function callerWithKey({ id, scopes, tenant }: ApiKeyCredential, ring: Ring): Caller {
  const onGone = (end: () => void) => ring.onGone(id, end);
  return { actor: { kind: 'api', id }, scopes: new Set(scopes), tenant: tenant ?? undefined, onGone };
}
