import { Schema } from 'effect';
import { jsonContent } from './jsonContent.ts';
import type { Operation } from './operation.ts';

const FilePath = Schema.Struct({ file: Schema.String.check(Schema.isPattern(/^[\w.-]+$/u)) });

export const documentOperations = {
  openApi: {
    id: 'getOpenApi',
    tag: 'operations',
    summary: 'Get this document',
    answers: {
      200: {
        description: 'OpenAPI 3.1.',
        headers: ['Cache-Control'],
        content: jsonContent(Schema.Record(Schema.String, Schema.Unknown)),
      },
    },
  },
  page: {
    id: 'getDocs',
    tag: 'operations',
    summary: 'Browse this document',
    answers: { 200: { description: 'A page.', headers: ['Cache-Control'], content: { 'text/html': {} } } },
  },
  file: {
    id: 'getDocsFile',
    tag: 'operations',
    summary: 'Get what the page is made of',
    path: FilePath,
    answers: {
      200: {
        description: 'A script, a style sheet or an icon.',
        headers: ['Cache-Control'],
        content: { 'text/javascript': {}, 'text/css': {}, 'image/png': {} },
      },
    },
    problems: ['path-not-found'],
  },
} as const satisfies Record<string, Operation>;
