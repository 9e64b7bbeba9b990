import type { RequestHandler } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { callerOf } from '../../auth/caller.ts';
import { shortPointer } from '../../http/parsing/jsonPointer.ts';
import { sendJson } from '../../http/sendJson.ts';
import { Problem } from '../../problems/problem.ts';
import { openContents } from './operationContents.ts';
import { replacedFields } from './payloads/payloadChange.ts';
import { found, idOf, isOver } from './steerOperation.ts';

/** `GET /api/operations/:id/replaced`: the values that the patch of an operation would replace with one. */
export function getReplacedValues({ operations, log }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const stored = found(await operations.readStored(idOf(req), callerOf(res).tenant));
    if (isOver(stored)) throw new Problem('operation-ended', { detail: `the operation is ${stored.status}` });
    const opened = await openContents(stored, log);
    if ('hindrance' in opened) throw new Problem('log-unavailable', { detail: opened.hindrance });
    const fields = replacedFields(opened.operation.change ?? {});
    const { fields: compared, ...jobs } = await operations.compareFields(stored.id, fields);
    const named = compared.map((field, index) =>
      Object.assign({ path: shortPointer(fields[index]?.path ?? []) }, field),
    );
    res.setHeader('Cache-Control', 'no-store');
    sendJson(res, 200, { ...jobs, fields: named });
  };
}
