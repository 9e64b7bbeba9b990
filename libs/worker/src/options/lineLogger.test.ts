import { expect, test } from 'vitest';
import { lineLogger } from './lineLogger.ts';

function recorded(level: 'debug' | 'warn') {
  const lines: string[] = [];
  return { lines, logger: lineLogger({ level, write: (line) => lines.push(line) }) };
}

test('a line is one JSON object with the fields of its logger, its own and the message', () => {
  const { lines, logger } = recorded('debug');
  logger.child({ jobId: '7' }).info({ attempt: 1, big: 7n }, 'started\nnow');
  const [line = ''] = lines;
  expect(line.indexOf('\n')).toBe(line.length - 1);
  expect(JSON.parse(line)).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    jobId: '7',
    attempt: 1,
    big: '7',
    msg: 'started\nnow',
  });
});

test('an error is written with its message, its stack, its code and its cause', () => {
  const { lines, logger } = recorded('debug');
  logger.error({ err: Object.assign(new Error('no', { cause: new TypeError('why') }), { code: 'E_NO' }) }, 'failed');
  const { err } = JSON.parse(lines[0] ?? '') as { err: { cause: object; stack: string } };
  expect(err).toMatchObject({
    name: 'Error',
    message: 'no',
    code: 'E_NO',
    cause: { name: 'TypeError', message: 'why' },
  });
  expect(err.stack).toContain('lineLogger.test.ts');
});

test('lines below the level are left out', () => {
  const { lines, logger } = recorded('warn');
  logger.debug('a');
  logger.info('b');
  logger.warn('c');
  logger.child({}).error('d');
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['c', 'd']);
});
