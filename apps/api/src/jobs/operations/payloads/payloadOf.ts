import type { Job } from '@jobstream/domain';
import { isShredded, isUnreadable } from '@jobstream/eventlog';
import type { ApiDeps } from '../../../apiDeps.ts';
import { Problem } from '../../../problems/problem.ts';
import { limitPayload } from '../../create/createJobRequest.ts';
import { changePayload, type PayloadChange } from './payloadChange.ts';

/** The payload that an operation sends for a job: that of the job, changed. With a refusal it cannot be sent, if there is one at all. */
export function payloadOf(
  { type, payload: before, tenant }: Pick<Job, 'type' | 'payload' | 'tenant'>,
  change: PayloadChange | undefined,
  deps: ApiDeps,
): { readonly payload: unknown } | { readonly payload?: unknown; readonly refusal: string } {
  const obstacle = contentsObstacle(before);
  if (obstacle !== undefined) return { refusal: obstacle };
  const changed = change === undefined ? { payload: before } : changePayload(before, change);
  if ('refusal' in changed) return changed;
  const refusal = payloadRefusal({ type, payload: changed.payload, tenant }, deps);
  return refusal === undefined ? changed : { ...changed, refusal };
}

/** Why the payload of a job cannot be used again. */
function contentsObstacle(payload: unknown): string | undefined {
  if (isShredded(payload)) return 'the payload was erased';
  return isUnreadable(payload) ? 'the payload cannot be decrypted' : undefined;
}

/** Why a payload is not accepted: by the workers of the type, or for its size. */
function payloadRefusal(
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
