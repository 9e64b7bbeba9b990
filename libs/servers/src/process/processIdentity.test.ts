import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { untilStopped } from './processIdentity.ts';

// Several threads write, so that some still run while the thread that received the signal waits for the CPU.
const WRITERS = `
  const { Worker } = require('node:worker_threads');
  const write = 'const fs = require("node:fs"); for (;;) fs.appendFileSync(' + JSON.stringify(process.argv[1]) + ', ".");';
  for (let count = 0; count < 8; count += 1) new Worker(write, { eval: true }).once('online', () => console.log('online'));
`;

test('untilStopped resolves when all threads of the process have stopped', async () => {
  await using folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-stopped-'));
  const file = path.join(folder.path, 'written');
  await writeFile(file, '');
  const child = spawn(process.execPath, ['-e', WRITERS, file], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  for (let round = 0; round < 50; round += 1) {
    child.kill('SIGSTOP');
    await untilStopped(child.pid ?? 0);
    const { size } = await stat(file);
    for (let look = 0; look < 20; look += 1) expect((await stat(file)).size).toBe(size);
    child.kill('SIGCONT');
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
});

test('untilStopped resolves at once when the process has ended', async () => {
  const child = spawn(process.execPath, ['-e', '0']);
  await once(child, 'exit');
  await expect(untilStopped(child.pid ?? 0)).resolves.toBeUndefined();
});
