import { readCommandLine, USAGE_EXIT_CODE, UsageError } from '@jobstream/runtime';
import { reportFailure } from './src/commandLine/runTool.ts';
import { outboxCommand, outboxCommandLine } from './src/tasks/outboxCommand.ts';

const { words, values } = readCommandLine(outboxCommandLine);

try {
  await outboxCommand(words, { options: values, url: process.env['OUTBOX_URL'], print: console.log });
} catch (error) {
  reportFailure(error, error instanceof UsageError ? USAGE_EXIT_CODE : 2);
}
