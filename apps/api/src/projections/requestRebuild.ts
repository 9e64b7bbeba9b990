import { Schema } from 'effect';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { callerOf } from '../auth/caller.ts';
import { decodeBody } from '../http/decodeBody.ts';
import { sendJson } from '../http/sendJson.ts';
import { rebuildView } from './rebuildView.ts';

const MAX_NAMES = 50;
const ColumnName = Schema.String.check(
  Schema.isPattern(/^[a-z_]{1,63}$/u, { expected: 'the name of a column of the jobs table' }),
);

/** The body of a request for a rebuild, which may be left out. */
export const RebuildBody = Schema.Struct({
  force: Schema.optionalKey(Schema.Boolean).annotateKey({ description: 'Put in use even what differs.' }),
  except: Schema.optionalKey(Schema.Array(ColumnName).check(Schema.isMaxLength(MAX_NAMES))).annotateKey({
    description:
      'Columns that may differ, since a release fills them in another way; `job_statistics` for all of those.',
  }),
});

const decode = Schema.decodeUnknownResult(RebuildBody, { errors: 'all', onExcessProperty: 'error' });

/** Asks for a rebuild; while one is under way, that one is the answer. */
export function requestRebuild({ rebuilds, logger }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { force = false, except = [] } = req.body === undefined ? {} : decodeBody(decode(req.body));
    const request = await rebuilds.request({ force, except });
    logger.info({ rebuild: request.id, by: callerOf(res).actor }, 'a rebuild of the projection was asked for');
    res.setHeader('Cache-Control', 'no-store');
    res.setHeader('Location', req.path);
    sendJson(res, 202, rebuildView(request));
  };
}
