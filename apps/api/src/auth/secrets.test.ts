import { createHash, randomUUID } from 'node:crypto';
import { migrate, parseApiKey } from '@jobstream/readmodel';
import { createDatabase, dumpTables, startNats } from '@jobstream/test-support';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { operationsOf, readOpenApi } from '../../testing/contract/openApi.ts';
import { projectAll } from '../../testing/projectAll.ts';
import { startApi, type TestApi } from '../../testing/startApi.ts';
import { startTokenIssuer } from '../../testing/startTokenIssuer.ts';

/** Everything in the log of events, as its followers get it. */
async function allEvents({ log }: TestApi): Promise<string> {
  const end = await log.lastSequence();
  const feed = log.follow({ after: 0 });
  let text = '';
  for await (const entries of feed) {
    text += JSON.stringify(entries);
    if ((entries.at(-1)?.sequence ?? 0) >= end) break;
  }
  await feed.stop();
  return text;
}

/** Calls an operation with a credential where it belongs, and where it does not. */
async function use(api: TestApi, method: string, pattern: string, credential: string): Promise<void> {
  const path = pattern.replace('{id}', randomUUID()).replaceAll(/\{\w+\}/g, 'nobody');
  const headers = { authorization: `Bearer ${credential}`, 'content-type': 'application/json', 'if-match': credential };
  const ending = new AbortController();
  const { body } = await api.fetch(`${path}?key=${credential}`, { method, headers, signal: ending.signal });
  if (method !== 'GET') await body?.cancel();
  ending.abort(); // a feed would go on
}

test('no key and no token, nor a part of one, reaches a log line, an event or a table', async () => {
  await using nats = await startNats();
  await using issuer = await startTokenIssuer();
  await issuer.addKey('ES256', 'ES256');
  const databaseUrl = await createDatabase();
  await migrate(databaseUrl);
  let lines = '';
  const logger = pino({ level: 'trace' }, { write: (line: string) => void (lines += line) });
  const auth = { open: false, jwt: issuer.settings };
  await using api = await startApi({ natsUrl: nats.url, databaseUrl, logger, auth });

  const root = await api.keys.create({ name: 'root', scopes: ['admin'], tenant: null, expiresAt: null });
  const made = await api.post(
    '/api/keys',
    { name: 'made', scopes: ['admin'] },
    { authorization: `Bearer ${root.text}` },
  );
  const { key } = (await made.json()) as { key: string };
  const token = await issuer.sign({ scope: 'admin', sub: 'user-of-token' });
  const body = { type: 'email', payload: { to: 'someone' } };
  for (const credential of [root.text, key, token]) {
    const headers = { authorization: `Bearer ${credential}` };
    const created = await api.post('/api/jobs', body, { ...headers, 'idempotency-key': credential.slice(0, 255) });
    const { id } = (await created.json()) as { id: string };
    await api.post(`/api/jobs/${id}/cancel`, undefined, headers);
    await api.post('/api/jobs', '{broken', headers);
    await api.post('/api/jobs', body, { authorization: `Bearer ${credential}x` });
    await api.post('/api/jobs', body, { authorization: `Basic ${credential}` });
    for (const { method, path } of operationsOf(readOpenApi())) await use(api, method, path, credential);
  }
  await projectAll(api.log, databaseUrl);

  const [events, tables] = [await allEvents(api), await dumpTables(databaseUrl)];
  const secrets = [root.text, key].map((text) => parseApiKey(text)?.secret ?? '');
  const kept = [lines, events, tables].join('\n');
  for (const secret of [...secrets, ...token.split('.')]) expect(kept).not.toContain(secret.slice(0, 16));
  // What is looked through is really there.
  expect(lines).toContain('"caller":"user-of-token"');
  expect(events).toContain(`"actor":{"kind":"api","id":"${parseApiKey(key)?.id}"}`);
  expect(events).toContain('"actor":{"kind":"user","id":"user-of-token"}');
  expect(tables).toContain(
    createHash('sha256')
      .update(secrets[0] ?? '')
      .digest('hex'),
  );
  expect(tables).toContain('someone');
});
