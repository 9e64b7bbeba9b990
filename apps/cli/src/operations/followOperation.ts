import type { JobOperation } from '@jobstream/client';
import type { Api } from '../command/apiCommand.ts';
import { ExitCode } from '../command/exitCode.ts';
import { plainText } from '../output/table.ts';
import { countOf } from '../output/countOf.ts';

const PROGRESS_MS = 500;
const DONE = { cancel: 'cancelled', retry: 'retried', replay: 'replayed' } as const;

/** Shows how far an operation is on a terminal, until it has ended. An interrupted command leaves it to the API. */
export async function followOperation(id: string, api: Api): Promise<ExitCode> {
  const { client, printer, stderr, signal } = api;
  let last: JobOperation | undefined;
  try {
    for await (const operation of client.operations.follow(id, { everyMs: PROGRESS_MS, signal })) {
      last = operation;
      if (stderr.isTTY) stderr.write(`\r\u001B[K${progressOf(operation)}`);
    }
  } finally {
    clearLine(api);
    if (signal.aborted) printer.note(`The operation ${id} goes on.`);
  }
  if (last === undefined) return ExitCode.failed;
  printer.document(last, () => describeOutcome(last));
  return last.status === 'completed' && last.failed === 0 ? ExitCode.ok : ExitCode.failed;
}

/** How far an operation is, in a few words. */
export function progressOf({ status, total, done, skipped, failed, hindrance }: JobOperation): string {
  const note = hindrance ?? (status === 'running' ? undefined : status);
  return `${done + skipped + failed} of ${countOf(total, 'job')}${note === undefined ? '' : `, ${note}`}`;
}

/** Removes the line that shows progress. */
export function clearLine({ stderr }: Pick<Api, 'stderr'>): void {
  if (stderr.isTTY) stderr.write('\r\u001B[K');
}

function describeOutcome({ kind, status, total, done, skipped, failed, reasons = [] }: JobOperation): string {
  if (total === 0) return 'There are no such jobs.';
  const rest = [
    skipped > 0 ? `${skipped} skipped` : '',
    failed > 0 ? `${failed} failed` : '',
    status === 'cancelled' ? 'then cancelled' : '',
  ];
  const figures = [`${countOf(done, 'job')} ${DONE[kind]}`, ...rest.filter(Boolean)].join(', ');
  return [figures, ...describeReasons(reasons).map((reason) => `  ${reason}`)].join('\n');
}

/** Why jobs were skipped or failed, the most frequent first. */
export function describeReasons(reasons: JobOperation['reasons'] = []): readonly string[] {
  return reasons.map(({ count, outcome, reason }) => `${count} ${outcome}: ${plainText(reason)}`);
}
