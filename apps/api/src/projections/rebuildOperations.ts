import { jsonContent } from '../openapi/jsonContent.ts';
import type { Operation } from '../openapi/operation.ts';
import { RebuildBody } from './requestRebuild.ts';
import { RebuildView } from './rebuildView.ts';

const unavailable = ['table-unavailable', 'deadline-exceeded'] as const;
const content = jsonContent(RebuildView);

export const rebuildOperations = {
  read: {
    id: 'getRebuild',
    tag: 'operations',
    summary: 'Look at the rebuild of the jobs table',
    description: 'The one that was asked for last over this API: how far it is, or what came of it.',
    answers: { 200: { description: 'The rebuild.', headers: ['Cache-Control'], content } },
    problems: unavailable,
  },
  request: {
    id: 'requestRebuild',
    tag: 'operations',
    summary: 'Rebuild the jobs table',
    description:
      'Asks a projector to build the tables anew from the log while those in use go on, to compare both, and to ' +
      'exchange them. While a rebuild is under way, the answer is that one.',
    body: { required: false, content: jsonContent(RebuildBody, { 'after a new column': { except: ['tenant'] } }) },
    answers: { 202: { description: 'The rebuild is asked for.', headers: ['Location', 'Cache-Control'], content } },
    problems: unavailable,
  },
  cancel: {
    id: 'cancelRebuild',
    tag: 'operations',
    summary: 'Cancel the rebuild of the jobs table',
    description: 'The tables in use stay as they are. What has ended stays as it is.',
    answers: { 202: { description: 'The rebuild, which ends soon.', headers: ['Cache-Control'], content } },
    problems: unavailable,
  },
} as const satisfies Record<string, Operation>;
