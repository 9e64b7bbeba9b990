import { migrate } from '@jobstream/readmodel';
import { createDatabase, startNats } from '@jobstream/testing';
import { expect, test } from 'vitest';
import { declaredRoutes } from '../testing/declaredRoutes.ts';
import { startApi } from '../testing/startApi.ts';

test('the document has every route of the app, each with the scope that it declares', async () => {
  await using nats = await startNats();
  const databaseUrl = await createDatabase();
  await migrate(databaseUrl);
  await using api = await startApi({ natsUrl: nats.url, databaseUrl });
  const document = (await (await api.fetch('/openapi.json')).json()) as {
    paths: Record<string, Record<string, { security: { apiKey: string[] }[] }>>;
  };
  const documented = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { security }]) => {
      return `${method.toUpperCase()} ${path} ${security[0]?.apiKey.join(' ') ?? 'none'}`;
    }),
  );
  const declared = declaredRoutes(api.app).map(({ method, path, requirement }) => {
    return `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')} ${requirement?.scope ?? 'undeclared'}`;
  });
  expect(documented.toSorted()).toEqual(declared.toSorted());
});
