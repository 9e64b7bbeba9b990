import { databaseTrouble } from '@jobstream/readmodel';
import { readCommandLine, USAGE_EXIT_CODE, UsageError } from '@jobstream/runtime';
import { dataDirOf } from './src/commandLine/dataDir.ts';
import { reportFailure } from './src/commandLine/runTool.ts';
import { runningApi } from './src/system/runningAddresses.ts';
import { outboxCommand, outboxCommandLine } from './src/tasks/outboxCommand.ts';

const { words, values } = readCommandLine(outboxCommandLine);

const { OUTBOX_URL, JOBSTREAM_URL, JOBSTREAM_KEY } = process.env;
try {
  const apiUrl = JOBSTREAM_URL || runningApi(dataDirOf({}));
  const api = apiUrl ? { url: apiUrl, credentials: JOBSTREAM_KEY || undefined } : undefined;
  await outboxCommand(words, { options: values, url: OUTBOX_URL, api, print: console.log });
} catch (error) {
  const [url = '', setting] = values.url === undefined ? [OUTBOX_URL, 'OUTBOX_URL'] : [values.url, '--url'];
  const trouble = databaseTrouble(error, url, setting);
  const failure = trouble === undefined ? error : `${trouble.wrong} ${trouble.remedy}`;
  reportFailure(failure, error instanceof UsageError ? USAGE_EXIT_CODE : 2);
}
