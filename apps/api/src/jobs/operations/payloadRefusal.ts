import { isShredded, isUnreadable } from '@jobstream/eventlog';
import type { ApiDeps } from '../../apiDeps.ts';
import { Problem } from '../../problems/problem.ts';
import { limitPayload } from '../create/createJobRequest.ts';

/** Why the payload of a job cannot be used again. */
export function contentsObstacle(payload: unknown): string | undefined {
  if (isShredded(payload)) return 'the payload was erased';
  return isUnreadable(payload) ? 'the payload cannot be decrypted' : undefined;
}

/** Why a payload that an operation has patched is not accepted: by the workers of the type, or for its size. */
export function payloadRefusal(
  { type, payload, tenant }: { readonly type: string; readonly payload: unknown; readonly tenant: string | undefined },
  { payloads }: ApiDeps,
): string | undefined {
  const [first] = payloads.check({ type, payload, tenant }).errors;
  if (first !== undefined) return `${'pointer' in first ? first.pointer : ''} ${first.detail}`.trim();
  try {
    limitPayload(Number.NaN, payload);
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error.detail;
    throw error;
  }
}
