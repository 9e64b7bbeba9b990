import { expect, test } from 'vitest';
import { quietLog } from './quietLog.ts';

const job = { jobId: '0199', jobType: 'email', attempt: 1 };

function shown(name: string, line: object | string): string | undefined {
  const lines: string[] = [];
  const write = quietLog((_name, text) => void lines.push(text), ['handlers']);
  write(name, typeof line === 'string' ? line : JSON.stringify(line));
  return lines[0];
}

test.each([
  [{ level: 30, ...job, durationMs: 3.4, msg: 'completed' }, 'email 0199 completed after 3 ms'],
  [
    { level: 'info', ...job, attempt: 2, durationMs: 3, msg: 'completed' },
    'email 0199 completed after 3 ms, attempt 2',
  ],
  [
    {
      level: 50,
      ...job,
      durationMs: 9,
      reason: 'unrecoverable',
      error: { message: 'no such user\nmore' },
      msg: 'failed',
    },
    'email 0199 failed after 9 ms (unrecoverable): no such user',
  ],
  [
    {
      level: 40,
      ...job,
      retryAt: new Date(2026, 0, 1, 10, 0, 5),
      error: { message: 'busy' },
      msg: 'failed, will be retried',
    },
    'email 0199 attempt 1 failed, the next is at 10:00:05: busy',
  ],
])('the outcome of an attempt is one line: %o', (record, line) => {
  expect(shown('worker', record)).toBe(line);
});

test('warnings, errors and plain text are passed on as they are', () => {
  for (const level of [40, 50, 60, 'warn', 'error']) {
    const line = JSON.stringify({ level, msg: 'projection interrupted' });
    expect(shown('projector', line)).toBe(line);
  }
  expect(shown('api', 'expected PORT to be a port number')).toBe('expected PORT to be a port number');
  expect(shown('api', '{ not json')).toBe('{ not json');
});

test('requests and other lines of the services are left out', () => {
  expect(shown('api', { level: 30, jobId: '0199', path: '/api/jobs', msg: 'request' })).toBeUndefined();
  expect(shown('worker', { level: 30, msg: 'accepting jobs' })).toBeUndefined();
});

test('what handlers log themselves is passed on', () => {
  const line = JSON.stringify({ level: 'info', ...job, msg: 'resizing' });
  expect(shown('handlers', line)).toBe(line);
  expect(shown('handlers', { level: 'info', msg: 'ready' })).toBeUndefined();
});
