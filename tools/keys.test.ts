import { mkdtempDisposable } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ApiKeys, formatApiKey, migrate, newApiKey, parseApiKey } from '@jobstream/readmodel';
import { builtProgram, createDatabase, TestProcess } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { natsAddresses, recordAddresses } from './src/system/runningAddresses.ts';

let databaseUrl: string;
let keys: ApiKeys;

beforeAll(async () => {
  databaseUrl = await createDatabase();
  await migrate(databaseUrl);
  keys = new ApiKeys({ databaseUrl, name: 'test', queryMs: 30_000 });
});
afterAll(() => keys.stop());

async function run(words: string[], env: NodeJS.ProcessEnv = { DATABASE_URL: databaseUrl }) {
  const script = builtProgram(path.join(import.meta.dirname, 'keys.ts'));
  await using command = TestProcess.node(script, { args: words, env: { ...process.env, ...env } });
  return { code: await command.ended, stdout: command.stdout, stderr: command.stderr };
}

test('a key is created, listed and revoked, and creation writes only the key to standard output', async () => {
  const made = await run(['create', '--name', 'billing', '--scopes', 'jobs:read, jobs:write', '--tenant', 'acme']);
  const id = parseApiKey(made.stdout.trim())?.id ?? 'none';
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('the only time that the key is shown') });
  expect((await keys.active()).map((key) => key.id)).toEqual([id]);

  const listed = await run(['list']);
  expect(listed.stdout).toMatch(
    new RegExp(`^${id}  billing  jobs:read,jobs:write  tenant acme  created \\d{4}-\\d{2}-\\d{2}T[^ ]+Z\\n$`),
  );

  expect(await run(['revoke', id])).toMatchObject({ code: 0, stderr: '' });
  expect(await keys.active()).toEqual([]);
  expect((await run(['list'])).stdout).toContain('  revoked 2');
});

test('the keys that were made while the API was open are listed as such and revoked together', async () => {
  const wanted = { scopes: ['admin'] as const, tenant: null, expiresAt: null };
  const [first, second] = [
    await keys.create({ ...wanted, name: 'first', madeOpen: true }),
    await keys.create({ ...wanted, name: 'second', madeOpen: true }),
  ];
  const { text } = await keys.create({ ...wanted, name: 'other' });
  expect((await run(['list'])).stdout).toContain(`${first.key.id}  first  admin  made while the API was open  created`);
  const { code, stdout } = await run(['revoke', '--made-open']);
  expect({ code, lines: stdout.trim().split('\n') }).toMatchObject({ code: 0, lines: { length: 2 } });
  expect([stdout.includes(first.key.id), stdout.includes(second.key.id)]).toEqual([true, true]);
  const left = (await keys.active()).map(({ id }) => id);
  expect(left).toContain(parseApiKey(text)?.id);
  expect(left).not.toContain(first.key.id);
  const again = await run(['revoke', '--made-open']);
  expect(again).toMatchObject({ code: 0, stdout: 'No key that was made while the API was open is left.\n' });
  await keys.revoke(parseApiKey(text)?.id ?? '');
});

test('a key that was created elsewhere is adopted and not shown', async () => {
  const made = newApiKey();
  const words = ['adopt', '--name', 'first', '--scopes', 'admin'];
  const env = { DATABASE_URL: databaseUrl, API_KEY: formatApiKey(made) };
  expect(await run(words, env)).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining(made.id) });
  expect((await keys.active()).map((key) => key.id)).toEqual([made.id]);
  await keys.revoke(made.id);
  const without = await run(words, { DATABASE_URL: databaseUrl, API_KEY: '' });
  expect(without).toMatchObject({ code: 2, stderr: 'API_KEY is not set: it is the key to adopt.\n' });
});

test.each([
  ['90d', 90 * 86_400_000],
  ['12h', 12 * 3_600_000],
])('a key can expire after %s', async (expires, ms) => {
  const before = Date.now();
  const { stdout } = await run(['create', '--name', 'short', '--scopes', 'admin', '--expires', expires]);
  const id = parseApiKey(stdout.trim())?.id;
  const expiresAt = Date.parse((await keys.list()).find((key) => key.id === id)?.expiresAt ?? '');
  expect(expiresAt).toBeGreaterThanOrEqual(before + ms);
  expect(expiresAt).toBeLessThanOrEqual(Date.now() + ms);
});

test.each([
  [
    'no action',
    64,
    [],
    /^expected create \| adopt \| list \| revoke <id> \| revoke --made-open, got: nothing; for help: npm run keys -- --help\n$/,
  ],
  ['an unknown action', 64, ['delete', 'x'], /^expected create .*, got: delete x; for help: .*\n$/],
  ['an unknown option', 64, ['create', '--nmae', 'x'], /^Unknown option '--nmae'; for help: .*\n$/],
  ['no name', 2, ['create', '--scopes', 'admin'], /^a name has 1 to 100 printable characters\n$/],
  ['a past expiry', 2, ['create', '--name', 'x', '--scopes', 'admin', '--expires', '2020-01-01'], /^--expires must be/],
  ['an unknown id', 2, ['revoke', '0000000000000000'], /^There is no key with the id 0000000000000000\.\n$/],
])('%s is refused in one sentence with exit code %i', async (_what, code, words, sentence) => {
  expect(await run(words)).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(sentence) });
});

test('without DATABASE_URL the database of the running npm start is used', async () => {
  await using folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-keys-'));
  const env = { DATABASE_URL: '', DATA_DIR: folder.path };
  const stderr = `DATABASE_URL is not set, and no system runs on ${folder.path}: npm start starts one.\n`;
  expect(await run(['list'], env)).toMatchObject({ code: 2, stderr });
  const nats = natsAddresses(() => 'nats://127.0.0.1:4222');
  recordAddresses(folder.path, { DATABASE_URL: databaseUrl }, { api: 'http://127.0.0.1:3000', nats });
  expect(await run(['list'], env)).toMatchObject({ code: 0, stderr: '' });
});
