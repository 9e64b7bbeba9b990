import { fileURLToPath } from 'node:url';
import { migrate } from '@jobstream/readmodel';
import { builtProgram, createMigratedDatabase, startNats, TestProcess } from '@jobstream/test-support';
import { expect, test } from 'vitest';

const SECRET = 'hunter2';
const key = `2026:${Buffer.alloc(32, 'k').toString('base64')}`;

test.each(['api', 'projector', 'relay', 'worker'])(
  'no password, key or secret reaches what the %s writes, whatever its level',
  async (app) => {
    await using nats = await startNats();
    const database = new URL(await createMigratedDatabase(migrate));
    const withSecret = (url: string) => url.replace('://', `://someone:${SECRET}-in-address@`);
    await using running = TestProcess.node(
      builtProgram(fileURLToPath(new URL(`../../apps/${app}/src/main.ts`, import.meta.url))),
      {
        env: {
          LOG_LEVEL: 'trace',
          PORT: '0',
          HEALTH_PORT: '0',
          NATS_URL: withSecret(nats.url),
          NATS_PASSWORD: `${SECRET}-of-nats`,
          DATABASE_URL: database.href,
          OUTBOX_URLS: withSecret('postgres://127.0.0.1:1/orders'),
          SMTP_URL: withSecret('smtp://127.0.0.1:1'),
          WEBHOOK_SECRET: `${SECRET}-of-webhooks`,
          PAYLOAD_KEYS: key,
        },
      },
    );
    await running.logged('ready');
    await nats.kill();
    await running.logged('connection to the event log lost');
    running.kill('SIGKILL');
    await running.ended;
    const secrets = [SECRET, key.slice(5), database.password].filter((secret) => secret !== '');
    expect(secrets.filter((secret) => running.output.includes(secret))).toEqual([]);
  },
);
