import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StatusLine } from './statusLine.ts';

let output = '';
const write = (text: string) => void (output += text);

beforeEach(() => {
  output = '';
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

/** What a terminal shows after this output. */
function screen(): string[] {
  return output.split('\n').map((line) => line.split('\r\u{1b}[K').at(-1) ?? '');
}

test('on a terminal the last line says what is being done, below what is written meanwhile', () => {
  const status = new StatusLine({ write, isTerminal: true });
  status.begin('starting NATS');
  expect(screen()).toEqual(['starting NATS…']);
  vi.advanceTimersByTime(12_000);
  status.write('port 4222 is taken\n');
  expect(screen()).toEqual(['port 4222 is taken', 'starting NATS… 12 s']);
  status.clear();
  expect(screen()).toEqual(['port 4222 is taken', '']);
});

test('on a terminal a pinned line stays the last one, and is cut rather than wrapped', () => {
  const status = new StatusLine({ write, isTerminal: true, columns: () => 8 });
  status.pin('http://127.0.0.1');
  status.write('one\n');
  status.write('two\n');
  expect(screen()).toEqual(['one', 'two', 'http://']);
});

test('a terminal that does not know its width shows the whole line', () => {
  const status = new StatusLine({ write, isTerminal: true, columns: () => 0 });
  status.begin('starting NATS');
  expect(screen()).toEqual(['starting NATS…']);
});

test('without a terminal, an activity is a line once it takes long', () => {
  const status = new StatusLine({ write, isTerminal: false });
  status.begin('fetching');
  vi.advanceTimersByTime(4_000);
  expect(output).toBe('');
  vi.advanceTimersByTime(11_000);
  expect(output).toBe('fetching… 5 s\nfetching… 15 s\n');
});

test('without a terminal, a pinned line is on every screen of twenty-odd lines', () => {
  const status = new StatusLine({ write, isTerminal: false });
  status.pin('the address');
  for (let line = 0; line < 1_000; line += 1) status.write(`job ${line}\n`);
  const lines = output.trimEnd().split('\n');
  expect(lines).toHaveLength(1_050);
  for (let end = 24; end <= lines.length; end += 1) expect(lines.slice(end - 24, end)).toContain('the address');
});
