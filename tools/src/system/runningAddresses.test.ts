import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { scratchDataFolder } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { natsAddresses, recordAddresses, runningAddresses } from './runningAddresses.ts';

test('the addresses of a run tell producers and workers how to join it, while it runs', async () => {
  const dataDir = await scratchDataFolder('addresses');
  const env = { NATS_URL: 'nats://127.0.0.1:4222', DATABASE_URL: 'postgres://127.0.0.1/jobs', PATH: '/bin' };
  const nats = natsAddresses((user) => `nats://${user}:p%40ss@127.0.0.1:4222`);
  const remove = recordAddresses(dataDir, env, { api: 'http://127.0.0.1:3000', nats });
  const file = path.join(dataDir, 'addresses.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
    api: 'http://127.0.0.1:3000',
    nats: { worker: 'nats://worker:p%40ss@127.0.0.1:4222', operator: 'nats://operator:p%40ss@127.0.0.1:4222' },
  });
  expect(statSync(file).mode % 0o1000).toBe(0o600);
  expect(runningAddresses(dataDir, 'projector')).toEqual({
    NATS_URL: 'nats://projector:p%40ss@127.0.0.1:4222',
    DATABASE_URL: 'postgres://127.0.0.1/jobs',
  });
  expect(runningAddresses(dataDir, 'migrate')?.['NATS_URL']).toBe('nats://migrate:p%40ss@127.0.0.1:4222');
  remove();
  expect(runningAddresses(dataDir, 'projector')).toBeUndefined();
});
