import { expect, test } from 'vitest';
import { prefixedLog } from './prefixedLog.ts';

function written(json: boolean, ...lines: [name: string, line: string][]): string {
  let output = '';
  const writeLine = prefixedLog({ write: (text) => (output += text), colours: false, json });
  for (const [name, line] of lines) writeLine(name, line);
  return output;
}

const line = JSON.stringify({
  level: 30,
  time: 0,
  pid: 1,
  hostname: 'h',
  service: 'api',
  msg: 'listening',
  port: 3000,
});

test('lines have the name of their process as a prefix, and JSON is formatted as text', () => {
  const output = written(false, ['api', line], ['projector', 'plain text']);
  expect(output).toMatch(/^api {7}\| \[[\d:.]+\] INFO: listening \{"port":3000\}\nprojector \| plain text\n$/);
});

const STACK = `Error: no
    at readFileSync (node:fs:1:1)
    at load (/srv/shop/load.js:7:3)`;

test('of the stack of an error one’s own frames come first, and others are folded', () => {
  const err = { type: 'Error', message: 'no', stack: STACK };
  const output = written(false, ['worker', JSON.stringify({ level: 50, time: 0, msg: 'failed', err })]);
  expect(output).toContain('at load (/srv/shop/load.js:7:3)');
  expect(output).toContain('… 1 frame of Node and packages');
  expect(output).not.toContain('readFileSync');
});

test('lines are unchanged in the JSON format', () => {
  const failed = JSON.stringify({ level: 50, err: { stack: STACK } });
  expect(written(true, ['api', line], ['worker', failed])).toBe(`${line}\n${failed}\n`);
});

test('a line that is not valid JSON is unchanged', () => {
  expect(written(false, ['worker', '{ not json'])).toBe('worker    | { not json\n');
});
