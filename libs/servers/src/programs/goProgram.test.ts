import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { resolveGoTool } from './goProgram.ts';

test('the result names what is missing if Go is not installed', async () => {
  const home = await mkdtemp(path.join(os.tmpdir(), 'jobstream-tool-'));
  const missing = 'nats 0.5.1 is built with Go, which is not installed here';
  expect(await resolveGoTool('nats', { HOME: home, PATH: '/nonexistent' })).toEqual({ missing });
  await rm(home, { recursive: true, force: true });
});
