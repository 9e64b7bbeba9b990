import { TestProcess } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { busySecondsIn } from './otherLoad.ts';
import { peakBytesEach } from './processTree.ts';

test('a named process counts for itself alone, not for the one that has started it', async () => {
  const script = 'console.log("ready"); setInterval(() => {}, 1_000)';
  await using child = new TestProcess(process.execPath, { args: ['--eval', script], env: process.env });
  await child.wrote('ready');
  const { all = 0 } = peakBytesEach({ all: process.pid });
  const { parent = 0, child: ofChild = 0 } = peakBytesEach({ parent: process.pid, child: child.pid });
  expect(ofChild).toBeGreaterThan(10_000_000);
  expect(all - parent).toBeGreaterThan(ofChild / 2);
});

test('a machine is busy with all that is neither idle nor waiting for its disk, stolen time included', () => {
  const stat = 'cpu  100 20 300 9000 5000 6 7 800 50 9\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 5\n';
  expect(busySecondsIn(stat)).toBe(12.33);
});
