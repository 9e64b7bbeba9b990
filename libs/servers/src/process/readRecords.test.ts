import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readRecords } from './readRecords.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Two processes that write into one log. */
function log() {
  const shown: string[] = [];
  const streams = { worker: new PassThrough(), api: new PassThrough() };
  for (const stream of Object.values(streams)) readRecords(stream, (line) => shown.push(line));
  const write = async (name: keyof typeof streams, text: string) => {
    streams[name].write(text);
    await new Promise(setImmediate);
  };
  return { shown, streams, write };
}

test('the lines of a stack come together, although others write meanwhile', async () => {
  const { shown, write } = log();
  await write('worker', 'Error: no\n');
  await write('api', '{"msg":"ready"}\n');
  await write('worker', '    at a\n    at');
  await write('api', 'plain\n');
  vi.advanceTimersByTime(39);
  await write('worker', ' b\n');
  vi.advanceTimersByTime(39);
  expect(shown).toEqual(['{"msg":"ready"}', 'plain']);
  vi.advanceTimersByTime(1);
  expect(shown).toEqual(['{"msg":"ready"}', 'plain', 'Error: no', '    at a', '    at b']);
});

test('a line of JSON ends the record before it', async () => {
  const { shown, write } = log();
  await write('worker', 'Error: no\n    at a\n{"msg":"stopped"}\n');
  expect(shown).toEqual(['Error: no', '    at a', '{"msg":"stopped"}']);
});

test('a process that writes text without a pause is shown all the same', async () => {
  const { shown, write } = log();
  for (let ms = 0; ms < 400; ms += 20) {
    await write('worker', `${ms}\n`);
    vi.advanceTimersByTime(20);
  }
  expect(shown).toHaveLength(20);
});

test('the end of the stream ends the record', async () => {
  const { shown, streams } = log();
  streams.worker.end('Error: no\n    at a');
  await once(streams.worker, 'close');
  await new Promise(setImmediate);
  expect(shown).toEqual(['Error: no', '    at a']);
});
