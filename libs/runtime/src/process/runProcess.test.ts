import { fileURLToPath } from 'node:url';
import { TestProcess } from '@jobstream/test-support';
import { expect, onTestFinished, test } from 'vitest';

const STARTED = ['first started', 'second started', 'third started', 'ready'];
const STOPPED = ['stopping', 'third stopped', 'second stopped', 'first stopped', 'stopped'];

function start(scenario = '', env = {}, program = 'processUnderTest', nodeOptions: string[] = []): TestProcess {
  const script = fileURLToPath(new URL(`../../testing/${program}.ts`, import.meta.url));
  const args = [...nodeOptions, script, ...(scenario === '' ? [] : [scenario])];
  const child = new TestProcess(process.execPath, { env, args });
  onTestFinished(() => child[Symbol.asyncDispose]());
  return child;
}

const logOf = ({ lines }: TestProcess) => lines.map(({ msg }) => msg);

test.each(['SIGTERM', 'SIGINT'] as const)(
  'parts start in order, and stop in reverse on %s with code 0',
  async (signal) => {
    const child = start();
    await child.logged('ready');
    child.kill(signal);
    expect(await child.ended).toBe(0);
    expect(child.stderr).toBe('');
    expect(logOf(child)).toEqual([...STARTED, ...STOPPED]);
  },
);

test('the process sends ready to its parent once, when all parts have started', async () => {
  const child = start();
  await child.logged('ready');
  child.kill('SIGTERM');
  await child.ended;
  expect(child.messages).toEqual(['ready']);
});

test('started returns true only after the last part has started', async () => {
  const child = start('asks');
  await child.logged('ready');
  child.kill('SIGTERM');
  await child.ended;
  const [started, stopped] = [logOf(child).slice(0, 4), logOf(child).slice(4)];
  expect(started).toEqual(['first started', 'not all have started', 'third started', 'ready']);
  expect(stopped).toEqual(['stopping', 'third stopped', 'all have started', 'first stopped', 'stopped']);
});

test('a process stops in order when the channel to its parent closes', async () => {
  const child = start();
  await child.logged('ready');
  child.child.disconnect();
  expect(await child.ended).toBe(0);
  expect(logOf(child)).toEqual([...STARTED, ...STOPPED]);
});

test('a process stops when its parent is killed', async () => {
  const parent = start('', {}, 'parentUnderTest');
  await parent.logged('ready');
  parent.kill('SIGKILL');
  expect(await parent.ended).toBe('SIGKILL');
  expect(logOf(parent)).toEqual([...STARTED, ...STOPPED]);
});

test('a log that cannot be reached is reported in one line, with the stack at debug', async () => {
  const child = start('log-unreachable');
  expect(await child.ended).toBe(1);
  const fatal = child.lines.find(({ msg }) => msg === 'NATS is not there.');
  expect(fatal).not.toHaveProperty('err');
  const debugged = start('log-unreachable', { LOG_LEVEL: 'debug' });
  expect(await debugged.ended).toBe(1);
  expect(debugged.lines.find(({ msg }) => msg === 'could not start')).toMatchObject({
    err: { message: 'NATS is not there.', stack: expect.any(String) },
  });
});

test('a process ends with code 1 when a part cannot start, and stops it and the parts before it', async () => {
  const child = start('start-fails');
  expect(await child.ended).toBe(1);
  expect(child.stderr).toBe('');
  expect(logOf(child).slice(0, 5)).toEqual([
    'first started',
    'the port is taken',
    'second stopped',
    'first stopped',
    'stopped',
  ]);
  expect(child.messages).toEqual([]);
});

test('a process ends with code 1 when its parts cannot be built', async () => {
  const child = start('build-fails');
  expect(await child.ended).toBe(1);
  expect(logOf(child).slice(0, 2)).toEqual(['nothing to run', 'stopped']);
});

test('a signal during the start stops the process after the starting part, and no further part starts', async () => {
  const child = start('start-waits');
  await child.logged('second is starting');
  child.kill('SIGTERM');
  await child.logged('stopping');
  child.child.send('go on');
  expect(await child.ended).toBe(0);
  expect(logOf(child)).toEqual([
    'first started',
    'second is starting',
    'stopping',
    'second stopped',
    'first stopped',
    'stopped',
  ]);
  expect(child.messages).toEqual([]);
});

test('the other parts are stopped and the code is 1 when a part cannot stop', async () => {
  const child = start('stop-fails');
  await child.logged('ready');
  child.kill('SIGTERM');
  expect(await child.ended).toBe(1);
  expect(logOf(child).slice(4)).toEqual([
    'stopping',
    'third stopped',
    'did not stop cleanly',
    'first stopped',
    'stopped',
  ]);
});

test('a signal after the loss of the parent does not interrupt an orderly stop', async () => {
  const child = start('stop-waits');
  await child.logged('ready');
  child.child.disconnect();
  await child.logged('second is stopping');
  child.kill('SIGTERM');
  expect(await child.ended).toBe(0);
  expect(logOf(child)).toContain('first stopped');
});

test('a second signal ends the process at once with code 1', async () => {
  const child = start('stop-hangs');
  await child.logged('ready');
  child.kill('SIGTERM');
  await child.logged('second is stopping');
  child.kill('SIGTERM');
  expect(await child.ended).toBe(1);
  expect(logOf(child)).not.toContain('first stopped');
});

test('mistakes in the environment are written to standard error, one sentence each, with code 2', async () => {
  const child = start('', { NATS_URL: 'garbage', PORT: 'http', JOBSTREAM_PORT: '3000' });
  expect(await child.ended).toBe(2);
  expect(child.stdout).toBe('');
  expect(child.stderr).toBe(
    'unknown setting JOBSTREAM_PORT\n' +
      'expected NATS_URL to be a URL beginning with nats:// or tls:// or ws:// or wss://, got: garbage\n' +
      'expected PORT to be a port number from 0 to 65535, got: http\n',
  );
});

test('a name that looks like a misspelt setting is a warning, and the process starts', async () => {
  const child = start('', { WORKER_CONCURENCY: '5' });
  await child.logged('WORKER_CONCURENCY is not a setting and has no effect: is WORKER_CONCURRENCY meant?');
  await child.logged('ready');
  expect(child.isRunning).toBe(true);
});

test('the logger uses the log level of the environment', async () => {
  const child = start('start-fails', { LOG_LEVEL: 'fatal' });
  await child.ended;
  expect(logOf(child)).toEqual(['the port is taken']);
});

test('V8 makes nothing in the old generation from the start', async () => {
  const child = start('keeps-much', {}, 'processUnderTest', ['--trace-pretenuring-statistics']);
  await child.logged('ready');
  child.kill('SIGTERM');
  expect(await child.ended).toBe(0);
  expect(child.stdout).not.toContain('AllocationSite');
});
