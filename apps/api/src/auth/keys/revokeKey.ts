import { Schema } from 'effect';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { Problem } from '../../problems/problem.ts';
import { callerOf } from '../caller.ts';

/** The id of a key, which is no secret. */
export const KeyId = Schema.String.check(Schema.isPattern(/^[0-9a-f]{16}$/u));
/** The path of what concerns one key. */
export const KeyPath = Schema.Struct({ id: KeyId });

const isKeyId = Schema.is(KeyId);

/** `DELETE /api/keys/:id`: for good. This process knows at once, others with their next look at the keys. */
export function revokeKey({ keys, ring, logger }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { actor, tenant } = callerOf(res);
    const id = String(req.params['id']);
    if (!isKeyId(id) || !(await keys.revoke(id, tenant))) throw noSuchKey();
    logger.info({ key: id, by: actor }, 'an API key was revoked');
    await ring.reload();
    res.statusCode = 204;
    res.end();
  };
}

function noSuchKey(): Problem {
  return new Problem('key-not-found', { detail: 'there is no key with this id' });
}
