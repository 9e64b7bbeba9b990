import { needsNothing } from '../auth/needs.ts';
import type { Route } from '../http/route.ts';
import { getDocsFile } from './getDocsFile.ts';
import { getDocsPage } from './getDocsPage.ts';
import { documentOperations } from './documentOperations.ts';
import { getOpenApi } from './getOpenApi.ts';

/** The description of all routes, for programs and for people. Public: it is the same everywhere, and has no secret. */
export function documentRoutes(routes: () => readonly Route[]): readonly Route[] {
  return [
    {
      path: '/openapi.json',
      get: { operation: documentOperations.openApi, handlers: [needsNothing(), getOpenApi(routes)] },
    },
    { path: '/docs', get: { operation: documentOperations.page, handlers: [needsNothing(), getDocsPage()] } },
    { path: '/docs/:file', get: { operation: documentOperations.file, handlers: [needsNothing(), getDocsFile()] } },
  ];
}
