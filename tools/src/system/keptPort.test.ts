import { rm } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '@jobstream/servers';
import { guardOfThisProcess, scratchDataFolder } from '@jobstream/test-support';
import { expect, onTestFinished, test } from 'vitest';
import { checkNats, checkPostgres } from './externalServers.ts';
import { keepPort, keptPort } from './keptPort.ts';
import { provideNats, providePostgres } from './provideServers.ts';

// The usual ports are those of every system on this machine, so that the second start is on a port that is this test's alone.
test.each([
  { name: 'nats', provide: provideNats, check: checkNats },
  { name: 'postgres', provide: providePostgres, check: checkPostgres },
])('$name keeps its port, and is there again after a restart', async ({ name, provide, check }) => {
  const dataDir = await scratchDataFolder('kept-port');
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const options = { dataDir, env: { NATS_OPEN: 'true' }, guard: guardOfThisProcess(), writeLine: () => {} };
  const folder = path.join(dataDir, name);
  const first = await provide(options);
  await first.stop();
  expect(keptPort(folder)).toBe(Number(new URL(first.url).port));
  const port = await freePort();
  keepPort(folder, port);
  const second = await provide(options);
  try {
    const written = new URL(first.url);
    written.port = String(port);
    await check(written.href);
    expect(new URL(second.url).port).toBe(String(port));
  } finally {
    await second.stop();
  }
});
