import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isPortFree } from '@jobstream/servers';
import { expect, test } from 'vitest';
import { freePort } from './freePort.ts';

const RANGE = { from: 19_900, to: 19_940 };
const SHARE = 12;

async function takePorts(): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < SHARE) ports.push(await freePort(RANGE));
  return ports;
}

test.runIf(process.platform === 'linux')(
  'a port is given once, to one process, for as long as it runs, even if nobody listens there yet',
  async ({ onTestFinished }) => {
    const source = `
      import { freePort } from ${JSON.stringify(new URL('freePort.ts', import.meta.url).href)};
      const ports = [];
      while (ports.length < ${SHARE}) ports.push(await freePort(${JSON.stringify(RANGE)}));
      process.send(ports);
      setInterval(() => undefined, 60_000);
    `;
    const other = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    onTestFinished(() => void other.kill('SIGKILL'));
    const [theirs] = (await once(other, 'message')) as [number[]];
    const ours = await takePorts();
    expect(new Set([...theirs, ...ours]).size).toBe(2 * SHARE);
    for (const port of ours) expect(await isPortFree(port)).toBe(true);
    const ended = once(other, 'exit');
    other.kill('SIGKILL');
    await ended;
    const again = await freePort({ from: theirs[0] ?? 0, to: (theirs[0] ?? 0) + 1 });
    expect(again).toBe(theirs[0]);
  },
);
