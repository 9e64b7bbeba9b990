import path from 'node:path';
import { Parser } from '@asyncapi/parser';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { asyncApiDocument } from './asyncApiDocument.ts';

const file = path.resolve(import.meta.dirname, '../../docs/asyncapi.yaml');

async function yamlText(): Promise<string> {
  const text = stringify(asyncApiDocument(), { lineWidth: 0, aliasDuplicateObjects: false });
  return format(text, { ...(await resolveConfig(file)), parser: 'yaml' });
}

test('docs/asyncapi.yaml matches the code (`npm test -- tools/asyncapi -u` generates it)', async () => {
  await expect(await yamlText()).toMatchFileSnapshot(file);
});

test('the document is valid AsyncAPI', async () => {
  const { document, diagnostics } = await new Parser().parse(await yamlText());
  // That a newer version of AsyncAPI exists is no error.
  expect(diagnostics.filter(({ code }) => code !== 'asyncapi-latest-version')).toEqual([]);
  expect(document?.channels().length).toBeGreaterThan(0);
});
