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
    'maxClockSkewMs',
    'errorStacks',
    'attemptLogs',
    'loopWatchdog',
  ]);
  for (const [name, value] of defaults) expect({ [name]: settings[name] }).toEqual({ [name]: valueOf(value) });
});
