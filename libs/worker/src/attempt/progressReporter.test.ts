import { expect, test } from 'vitest';
import type { AttemptCommand, JobChain } from './jobChain.ts';
import { ProgressReporter } from './progressReporter.ts';

test.each([
  [-5, 0],
  [0, 0],
  [40.5, 40.5],
  [100, 100],
  [150, 100],
])('a report of %s percent is one of %s', async (reported, recorded) => {
  const commands: AttemptCommand[] = [];
  const chain = { record: async (command: AttemptCommand) => void commands.push(command) };
  const reporter = new ProgressReporter(chain as unknown as JobChain, 1, (error) => expect.unreachable(String(error)));
  reporter.report({ percent: reported });
  await reporter.finish();
  expect(commands).toEqual([{ kind: 'ReportProgress', attempt: 1, percent: recorded }]);
});
