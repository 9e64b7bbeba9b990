import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { workerSettings } from './workerSettings.ts';

const page = readFileSync(new URL('../../../../docs/handlers.md', import.meta.url), 'utf8');
const section = page.split('\n## The worker\n')[1]?.split('\n## ')[0] ?? '';
/** The options with one name whose default begins with a value: a number, true, or a text between backticks. */
const defaults = [...section.matchAll(/^\| `(\w+)` +\|[^|]*\| (?:(true|[\d,]+)\b|`([^`(]+)`[:;])/gm)].map(
  ([, name = '', value = '', text = '']) => [name, value.replaceAll(',', '') || text] as const,
);

function valueOf(text: string): unknown {
  return /^(?:true|\d+)$/.test(text) ? JSON.parse(text) : text;
}

test('the page of handlers has the defaults of a worker', () => {
  const settings: Readonly<Record<string, unknown>> = { ...workerSettings({}, {}) };
  expect(defaults.map(([name]) => name)).toEqual([
    'natsUrl',
    'concurrency',
    'ackWaitMs',
    'shutdownGraceMs',
    'slotWaitMs',
    'maxClockSkewMs',
    'errorStacks',
    'attemptLogs',
    'loopWatchdog',
  ]);
  for (const [name, value] of defaults) expect({ [name]: settings[name] }).toEqual({ [name]: valueOf(value) });
});

test.each([
  ['NATS_URL', 'http://nats', 'a URL such as nats://127.0.0.1:4222, got: http://nats'],
  ['WORKER_CONCURRENCY', '0', 'an integer from 1 to 10000, got: 0'],
  ['ACK_WAIT_MS', '499', 'an integer from 500 to 3600000, got: 499'],
  ['SHUTDOWN_GRACE_MS', '-1', 'an integer from 0 to 3600000, got: -1'],
  ['SLOT_WAIT_MS', '1m', 'an integer from 0 to 3600000, got: 1m'],
  ['MAX_CLOCK_SKEW', 'soon', 'a duration such as 90s, 12h or 30d, or 0, got: soon'],
  ['ERROR_STACKS', 'maybe', 'true or false, got: maybe'],
  ['LOOP_WATCHDOG', 'on', 'true or false, got: on'],
  ['ATTEMPT_LOGS', 'loud', 'one of off, debug, info, warn, error, got: loud'],
  ['HEALTH_PORT', '65536', 'an integer from 0 to 65535, got: 65536'],
  ['PAYLOAD_KEYS', 'hidden', 'keys such as 2026:<32 bytes in Base64>, got: ***'],
])('%s is not %j', (variable, value, expected) => {
  expect(workerSettings({}, { [variable]: value }).problems).toEqual([`expected ${variable} to be ${expected}`]);
});
