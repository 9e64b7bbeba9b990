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

test('lines carry the name of their process, and JSON becomes readable', () => {
  const output = written(false, ['api', line], ['projector', 'plain text']);
  expect(output).toMatch(/^api {7}\| \[[\d:.]+\] INFO: listening \{"port":3000\}\nprojector \| plain text\n$/);
});

test('for a program that reads the log, lines pass unchanged', () => {
  expect(written(true, ['api', line])).toBe(`${line}\n`);
});

test('a line that only looks like JSON passes unchanged', () => {
  expect(written(false, ['worker', '{ not json'])).toBe('worker    | { not json\n');
});
