import { expect, test } from 'vitest';
import type { Progress } from './progressMeter.ts';
import { ProgressMeter } from './progressMeter.ts';

function meter({ bar }: { bar: boolean }) {
  const clock = { ms: 0 };
  const written: string[] = [];
  const shown = new ProgressMeter({ bar, write: (text) => written.push(text), now: () => clock.ms });
  const report = (ms: number, done: number, change: Partial<Progress> = {}) => {
    clock.ms = ms;
    shown.report({ step: 'reading the log', done, total: 1_000_000, ...change });
  };
  return { report, written, end: () => shown.end() };
}

test('without a terminal there is a line now and then, with rate and remaining time', () => {
  const { report, written } = meter({ bar: false });
  report(0, 0);
  report(1_000, 60_000);
  report(5_000, 300_000);
  expect(written).toEqual([
    'reading the log: 0 of 1,000,000\n',
    'reading the log: 300,000 of 1,000,000, 60,000/s, 12 s left\n',
  ]);
});

test('what was done before the step began does not count for its rate', () => {
  const { report, written } = meter({ bar: false });
  report(0, 900_000);
  report(10_000, 910_000);
  expect(written.at(-1)).toContain('1,000/s, 90 s left');
});

test('a new step and the end of one are shown at once, and the end only once', () => {
  const { report, written } = meter({ bar: false });
  report(0, 0);
  report(1, 0, { step: 'making indexes', total: 2, detail: 'jobs_newest' });
  report(2, 1, { step: 'comparing', total: 1 });
  report(3, 1, { step: 'comparing', total: 1 });
  expect(written.slice(1)).toEqual(['making indexes: 0 of 2, jobs_newest\n', 'comparing: 1 of 1\n']);
});

test('on a terminal a bar moves on one line until other text follows', () => {
  const { report, written, end } = meter({ bar: true });
  report(0, 0);
  report(500, 500_000);
  end();
  end();
  expect(written[1]).toContain('[===============               ]  50 % reading the log: 500,000 of 1,000,000');
  expect(written.filter((text) => text === '\n')).toHaveLength(1);
});

test('on a terminal the bar of a step stays above that of the next one', () => {
  const { report, written } = meter({ bar: true });
  report(0, 1_000_000);
  report(500, 0, { step: 'comparing' });
  expect(written).toEqual([expect.stringContaining('reading the log'), '\n', expect.stringContaining('comparing')]);
});
