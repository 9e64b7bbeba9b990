import { formatApiKey, newApiKey, parseApiKey } from '@jobstream/readmodel';
import { createLogger } from '@jobstream/runtime';
import { describe, expect, test, vi } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';
import { startApi, type TestApi } from '../../testing/startApi.ts';

const stage = useStage();
const { api: open } = stage;

interface Created {
  readonly id: string;
  readonly key: string;
  readonly madeOpen?: boolean;
}

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
const statusWith = async (api: TestApi, key: string) => (await api.fetch('/api/jobs', { headers: bearer(key) })).status;

async function create(name: string, key?: string): Promise<Created> {
  const headers = key === undefined ? {} : bearer(key);
  const response = await open.post('/api/keys', { name, scopes: ['admin'] }, headers);
  return (await response.json()) as Created;
}

/** An API on the same database that requires credentials, and the warnings of its start. */
async function startClosed() {
  const logger = createLogger({ service: 'api', level: 'silent' });
  const warn = vi.spyOn(logger, 'warn');
  const api = await startApi({
    natsUrl: stage.nats.url,
    databaseUrl: stage.databaseUrl,
    auth: { open: false },
    ring: { reloadMs: 20 },
    logger,
  });
  const warnings = () => warn.mock.calls.filter(([, text]) => String(text).includes('made while the API was open'));
  return Object.assign(api, { warnings });
}

describe('a key that was made while the API was open', () => {
  test('by a caller without credentials, or with such a key, is valid only where it is open', async () => {
    const first = await create('first');
    const second = await create('second', first.key);
    await using closed = await startClosed();
    expect([first.madeOpen, second.madeOpen]).toEqual([true, true]);
    for (const { key } of [first, second]) {
      expect([await statusWith(open, key), await statusWith(closed, key)]).toEqual([200, 401]);
    }
  });

  test('is named in a warning at the start of an API that requires credentials, once', async () => {
    const { id } = await create('stray');
    await using closed = await startClosed();
    expect(closed.warnings()).toHaveLength(1);
    expect(closed.warnings()[0]).toMatchObject([
      { keys: expect.arrayContaining([`stray (${id})`]) },
      expect.stringContaining('npm run keys -- revoke --made-open'),
    ]);
    expect(await statusWith(closed, formatApiKey(newApiKey()))).toBe(401); // reads the keys again
    expect(closed.warnings()).toHaveLength(1);
    await open.keys.revokeMadeOpen();
    await using after = await startClosed();
    expect(after.warnings()).toEqual([]);
  });
});

test('a key that an operator made stays valid, and so do the keys that are made with it', async () => {
  const { text } = await open.keys.create({ name: 'root', scopes: ['admin'], tenant: null, expiresAt: null });
  const made = await create('service', text);
  await using closed = await startClosed();
  expect(made).not.toHaveProperty('madeOpen');
  expect(parseApiKey(made.key)?.id).toBe(made.id);
  expect([await statusWith(closed, text), await statusWith(closed, made.key)]).toEqual([200, 200]);
});
