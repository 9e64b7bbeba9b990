import { pino } from 'pino';
import { expect, test } from 'vitest';
import { redactedPaths } from './logger.ts';

test.each([
  { authorization: 'hush' },
  { req: { headers: { authorization: 'hush', cookie: 'hush' } } },
  { headers: { authorization: 'hush' } },
  { event: { jobId: 1, data: { payload: 'hush' } } },
  { job: { id: 1, payload: { card: 'hush' } } },
  { token: 'hush', secret: 'hush', password: 'hush', cookie: 'hush', payload: 'hush' },
])('a log line redacts the values of %j', (object) => {
  let line = '';
  pino({ redact: [...redactedPaths] }, { write: (text: string) => void (line = text) }).info(object, 'said');
  expect(line).toContain('said');
  expect(line).not.toContain('hush');
});
