import { expect, test } from 'vitest';
import { startChild } from '../testing/startChild.ts';

const STARTED = ['first started', 'second started', 'third started', 'ready'];
const STOPPED = ['stopping', 'third stopped', 'second stopped', 'first stopped', 'stopped'];

test.each(['SIGTERM', 'SIGINT'] as const)(
  'parts start in order, and stop in reverse on %s with code 0',
  async (signal) => {
    const child = startChild({});
    await child.logged('ready');
    child.process.kill(signal);
    expect(await child.end()).toEqual({ code: 0, signal: null, stderr: '' });
    expect(child.log).toEqual([...STARTED, ...STOPPED]);
  },
);

test('the parent is told once when all parts run', async () => {
  const child = startChild({});
  await child.logged('ready');
  child.process.kill('SIGTERM');
  await child.end();
  expect(child.received).toEqual(['ready']);
});

test('a part can ask whether all have started, which they have not before the last one has', async () => {
  const child = startChild({ scenario: 'asks' });
  await child.logged('ready');
  child.process.kill('SIGTERM');
  await child.end();
  const [started, stopped] = [child.log.slice(0, 4), child.log.slice(4)];
  expect(started).toEqual(['first started', 'not all have started', 'third started', 'ready']);
  expect(stopped).toEqual(['stopping', 'third stopped', 'all have started', 'first stopped', 'stopped']);
});

test('a process whose channel to the parent closes stops as if it were told to', async () => {
  const child = startChild({});
  await child.logged('ready');
  child.process.disconnect();
  expect(await child.end()).toMatchObject({ code: 0 });
  expect(child.log).toEqual([...STARTED, ...STOPPED]);
});

test('a process does not outlive a parent that was killed', async () => {
  const parent = startChild({ program: 'parentUnderTest' });
  await parent.logged('ready');
  parent.process.kill('SIGKILL');
  expect(await parent.end()).toMatchObject({ signal: 'SIGKILL' });
  expect(parent.log).toEqual([...STARTED, ...STOPPED]);
});

test('a part that cannot start ends the process with code 1; it and the parts before it are stopped', async () => {
  const child = startChild({ scenario: 'start-fails' });
  expect(await child.end()).toMatchObject({ code: 1, stderr: '' });
  expect(child.log.slice(0, 5)).toEqual([
    'first started',
    'the port is taken',
    'second stopped',
    'first stopped',
    'stopped',
  ]);
  expect(child.received).toEqual([]);
});

test('a process whose parts cannot even be built ends with code 1', async () => {
  const child = startChild({ scenario: 'build-fails' });
  expect(await child.end()).toMatchObject({ code: 1 });
  expect(child.log.slice(0, 2)).toEqual(['nothing to run', 'stopped']);
});

test('a signal during the start is obeyed as soon as the starting part allows: no further part starts', async () => {
  const child = startChild({ scenario: 'start-waits' });
  await child.logged('second is starting');
  child.process.kill('SIGTERM');
  await child.logged('stopping');
  child.process.send('go on');
  expect(await child.end()).toMatchObject({ code: 0 });
  expect(child.log).toEqual([
    'first started',
    'second is starting',
    'stopping',
    'second stopped',
    'first stopped',
    'stopped',
  ]);
  expect(child.received).toEqual([]);
});

test('a part that cannot stop does not keep the others from stopping, and the code is 1', async () => {
  const child = startChild({ scenario: 'stop-fails' });
  await child.logged('ready');
  child.process.kill('SIGTERM');
  expect(await child.end()).toMatchObject({ code: 1 });
  expect(child.log.slice(4)).toEqual(['stopping', 'third stopped', 'did not stop cleanly', 'first stopped', 'stopped']);
});

test('a signal that follows the loss of the parent does not cut short what the process has to finish', async () => {
  const child = startChild({ scenario: 'stop-waits' });
  await child.logged('ready');
  child.process.disconnect();
  await child.logged('second is stopping');
  child.process.kill('SIGTERM');
  expect(await child.end()).toMatchObject({ code: 0 });
  expect(child.log).toContain('first stopped');
});

test('a second signal ends the process at once with code 1', async () => {
  const child = startChild({ scenario: 'stop-hangs' });
  await child.logged('ready');
  child.process.kill('SIGTERM');
  await child.logged('second is stopping');
  child.process.kill('SIGTERM');
  expect(await child.end()).toMatchObject({ code: 1 });
  expect(child.log).not.toContain('first stopped');
});

test('mistakes in the environment are told on standard error, one sentence each, with code 2', async () => {
  const child = startChild({ env: { NATS_URL: 'garbage', PORT: 'http', JOBSTREAM_PORT: '3000' } });
  const { code, stderr } = await child.end();
  expect(code).toBe(2);
  expect(stderr).toBe(
    'unknown setting JOBSTREAM_PORT\n' +
      'expected NATS_URL to be a URL beginning with nats:// or tls:// or ws:// or wss://, got: garbage\n' +
      'expected PORT to be a port number from 0 to 65535, got: http\n',
  );
  expect(child.log).toEqual([]);
});

test('the log level of the environment is obeyed', async () => {
  const child = startChild({ scenario: 'start-fails', env: { LOG_LEVEL: 'fatal' } });
  await child.end();
  expect(child.log).toEqual(['the port is taken']);
});
