import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { fileStoreLimit, measureDisk, natsProbe, repositoryRoot, resolveNatsServer } from '@jobstream/servers';
import { eventually, freePort, TestProcess } from '@jobstream/test-support';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';

const SERVER = 'start-script';
/** Busybox has it in the image of NATS. */
const NC = `#!${process.execPath}
const socket = require('node:net').connect(Number(process.argv.at(-1)), '127.0.0.1');
process.stdin.pipe(socket, { end: false });
socket.pipe(process.stdout);
`;

interface Started extends AsyncDisposable {
  readonly script: TestProcess;
  readonly port: number;
  readonly storeDir: string;
  /** Makes every write of the server to a file fail from now on. */
  failWrites(): Promise<void>;
}

/** The script with programs of its own: a server whose writes can fail, and a stand-in for `nc`. */
async function startWithScript(limit?: string): Promise<Started> {
  const folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-script-'));
  const [bin, storeDir] = [path.join(folder.path, 'bin'), path.join(folder.path, 'data')];
  for (const one of [bin, storeDir]) await mkdir(one);
  const server = `#!/bin/sh\nexec env --block-signal=XFSZ '${await resolveNatsServer()}' "$@"\n`;
  for (const [name, text] of Object.entries({ nc: NC, 'nats-server': server })) {
    await writeFile(path.join(bin, name), text);
    await chmod(path.join(bin, name), 0o755);
  }
  const [port, monitor] = [await freePort(), await freePort()];
  const config = path.join(folder.path, 'nats.conf');
  await writeFile(config, configOf({ port, monitor, storeDir }));
  const settings = { NATS_STORE_DIR: storeDir, NATS_MONITOR_PORT: String(monitor), NATS_MAX_FILE_STORE: limit ?? '' };
  const script = new TestProcess('sh', {
    args: [path.join(repositoryRoot, 'deploy', 'nats', 'start.sh'), '--config', config],
    env: { ...process.env, ...settings, PATH: `${bin}:${process.env['PATH']}` },
    ipc: false,
    group: true,
  });
  await eventually(() => natsProbe('127.0.0.1', port, SERVER));
  return {
    script,
    port,
    storeDir,
    async failWrites() {
      const pid = await serverOf(script.pid);
      await promisify(execFile)('prlimit', ['--pid', pid, '--fsize=1:unlimited']);
    },
    async [Symbol.asyncDispose]() {
      await script[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function configOf({ port, monitor, storeDir }: { port: number; monitor: number; storeDir: string }): string {
  return `server_name: ${SERVER}
listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitor}"
jetstream { store_dir: "${storeDir}", sync_interval: always, max_file_store: $NATS_MAX_FILE_STORE }
`;
}

/** The process id of the server among the children of the script. */
async function serverOf(pid: number): Promise<string> {
  for (const child of (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')) {
    if ((await readFile(`/proc/${child}/cmdline`, 'utf8')).includes('nats-server')) return child;
  }
  throw new Error('the script has no server');
}

async function publish(port: number): Promise<void> {
  await using client = await connectTo(port);
  await client.manager.streams.add({ name: 'JOBS', subjects: ['jobs.>'] });
  await jetstream(client.nats, { timeout: 500 }).publish('jobs.one', new Uint8Array(10_000));
}

async function connectTo(port: number) {
  const nats = await connect({ servers: `127.0.0.1:${port}` });
  const manager = await jetstreamManager(nats, { timeout: 60_000 });
  return { nats, manager, [Symbol.asyncDispose]: () => nats.close() };
}

test.skipIf(process.platform !== 'linux')(
  'a server whose write has failed is ended when its disk has room, for Docker to start it again',
  async () => {
    await using started = await startWithScript();
    await publish(started.port);
    await started.failWrites();
    await expect(publish(started.port)).rejects.toThrow(/timeout/i);
    expect(await started.script.ended).toBeTypeOf('number');
    expect(started.script.output).toContain('a write of nats-server has failed, and its disk has room again');
  },
);

test.skipIf(process.platform !== 'linux')(
  'the limit follows from the disk by the rule of npm start, unless it is given, and SIGTERM ends the server in order',
  async () => {
    await using free = await startWithScript();
    const limit = fileStoreLimit(await measureDisk(free.storeDir));
    const [, kilobytes] = /the streams may take (\d+)KB/.exec(free.script.output) ?? [];
    expect(Math.abs(Number(kilobytes) * 1024 - limit)).toBeLessThan(limit / 10); // others write meanwhile
    await using given = await startWithScript('5MB');
    expect(given.script.output).not.toContain('the streams may take');
    process.kill(given.script.pid, 'SIGTERM');
    await given.script.ended;
    expect(given.script.output).toContain('Server Exiting');
  },
);
