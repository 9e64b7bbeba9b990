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

test('of what is reported while a value is appended the last is appended as well, before the end', async () => {
  const appended = Promise.withResolvers<void>();
  const percents: unknown[] = [];
  const record = (command: AttemptCommand) => {
    percents.push('percent' in command ? command.percent : undefined);
    return appended.promise;
  };
  const chain = { record } as unknown as JobChain;
  const reporter = new ProgressReporter(chain, 1, (error) => expect.unreachable(String(error)));
  for (const percent of [10, 20, 30]) reporter.report({ percent });
  const finished = reporter.finish();
  reporter.report({ percent: 40 });
  appended.resolve();
  await finished;
  expect(percents).toEqual([10, 30]);
});
