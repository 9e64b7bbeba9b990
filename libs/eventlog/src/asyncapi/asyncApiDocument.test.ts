import path from 'node:path';
import { Parser } from '@asyncapi/parser';
import { format, resolveConfig } from 'prettier';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { asyncApiDocument } from './asyncApiDocument.ts';
import { documentChecker } from '../../testing/documentChecker.ts';
import { storedMessages } from '../../testing/storedMessages.ts';

const file = path.resolve(import.meta.dirname, '../../../../docs/asyncapi.yaml');

async function yamlText(): Promise<string> {
  const text = stringify(asyncApiDocument(), { lineWidth: 0, aliasDuplicateObjects: false });
  return format(text, { ...(await resolveConfig(file)), parser: 'yaml' });
}

test('docs/asyncapi.yaml is what the code says: npm test -- libs/eventlog/src/asyncapi -u writes it anew', async () => {
  await expect(await yamlText()).toMatchFileSnapshot(file);
});

test('the AsyncAPI parser has nothing to say against it', async () => {
  const { document, diagnostics } = await new Parser().parse(await yamlText());
  // It also tells of newer versions of AsyncAPI.
  expect(diagnostics.filter(({ code }) => code !== 'asyncapi-latest-version')).toEqual([]);
  expect(document?.channels().length).toBeGreaterThan(0);
});

describe('a message', () => {
  const check = documentChecker(asyncApiDocument());

  test('of every documented kind is in the streams as it is documented', async () => {
    const messages = await storedMessages();
    expect(messages.map(check).filter(({ mistakes }) => mistakes.length > 0)).toEqual([]);
    expect(new Set(messages.map((message) => check(message).name))).toEqual(new Set(check.names));
  });

  const wake = {
    subject: 'timers.at.email.01a21007-5d41-7b37-bb26-e9f0e3028d57',
    headers: { 'Nats-Schedule': '@at 2030-01-01T00:00:00Z', 'Nats-Schedule-Target': 'timers.due.email' },
    body: { jobId: '01a21007-5d41-7b37-bb26-e9f0e3028d57', jobType: 'email', at: '2030-01-01T00:00:00Z' },
  };

  test.each([
    ['nothing', {}, []],
    ['its subject', { subject: 'timers.at.email' }, ['there is no channel timers.at.email']],
    ['a header', { headers: { 'Nats-Schedule': '@at x' } }, [expect.stringContaining('Nats-Schedule-Target')]],
    ['its body', { body: { ...wake.body, jobType: 'E-Mail' } }, [expect.stringContaining('/jobType')]],
  ])('is refused for %s alone', (_what, change, mistakes) => {
    expect(check({ ...wake, ...change }).mistakes).toEqual(mistakes);
  });
});
