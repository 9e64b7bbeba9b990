import { beforeAll, expect, test } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';
import { type OpenApi, operationsOf } from '../../testing/contract/openApi.ts';
import { declaredRoutes } from '../../testing/declaredRoutes.ts';

const { api } = useStage();
let served: OpenApi;

beforeAll(async () => {
  const answer = await api.fetch('/openapi.json');
  if (!answer.ok) throw new Error(await answer.text());
  served = (await answer.json()) as OpenApi;
});

test('docs/openapi.json equals the served document: npm test -- apps/api/src/openapi -u updates it', async () => {
  await expect(`${JSON.stringify(served, null, 2)}\n`).toMatchFileSnapshot('../../../../docs/openapi.json');
});

test('the document has every route of the app, each with the scope that it declares', () => {
  const documented = operationsOf(served).map(({ method, path, scope = 'none' }) => `${method} ${path} ${scope}`);
  const declared = declaredRoutes(api.app).map(({ method, path, requirement }) => {
    return `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')} ${requirement?.scope ?? 'undeclared'}`;
  });
  expect(documented.toSorted()).toEqual(declared.toSorted());
});

test('every operation has a unique id, and every name in its path is a parameter', () => {
  const operations = operationsOf(served);
  expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
  for (const { path, parameters } of operations) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(parameters.filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(named);
  }
});
