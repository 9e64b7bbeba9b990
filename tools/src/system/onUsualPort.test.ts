import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { scratchDataFolder } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { EmbeddedNats, EmbeddedPostgres, freePort, resolveNatsServer } from '@jobstream/servers';
import { onUsualPort } from './choosePort.ts';
test.each(['NATS', 'Postgres'])(
  '%s starts on another port when another program takes its port just before the start',
  async (name) => {
    const dataDir = await scratchDataFolder('port');
    const binary = await resolveNatsServer();
    const usual = await freePort();
    const rival = createServer();
    const said: string[] = [];
    const server = await onUsualPort({ name, usual, say: (line) => said.push(line) }, async (port) => {
      if (!rival.listening) await once(rival.listen(port, '127.0.0.1'), 'listening');
      const launched =
        name === 'NATS' ? new EmbeddedNats({ binary, dataDir, port }) : new EmbeddedPostgres({ dataDir, port });
      await launched.start();
      return launched;
    });
    expect(server.url).not.toContain(`:${usual}`);
    expect(said).toEqual([expect.stringContaining(`port ${usual} is taken, ${name} listens on`)]);
    await server.stop();
    rival.close();
    await rm(dataDir, { recursive: true });
  },
);
