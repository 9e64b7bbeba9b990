import { JobstreamError, UnavailableError, type Job } from '@jobstream/client';
import type { Api } from '../../command/apiCommand.ts';
import { ExitCode } from '../../command/exitCode.ts';
import { describeApiError } from '../../command/failure.ts';
import { plainText } from '../../output/table.ts';
import { describeError } from '../describe/describeEvent.ts';
import { paintStatus } from '../describe/describeJob.ts';

/**
 * Changes jobs one after the other and shows each; one that cannot be changed does not keep the others from it. Returns
 * `failed` if one was refused, or none was changed: beside others, one that has moved on is as it was asked for, or past it.
 *
 * @throws UnavailableError, since the others would fail as well.
 */
export async function changeJobs(
  { printer, url }: Api,
  ids: readonly string[],
  change: (id: string) => Promise<Job>,
): Promise<ExitCode> {
  const counts = { changed: 0, refused: 0 };
  for (const id of ids) {
    try {
      const job = await change(id);
      counts.changed += 1;
      printer.document(
        job,
        () =>
          `${printer.tone('strong', job.id)}  ${job.type}  ${paintStatus(job.status, printer)}${priorityOf(job)}${errorOf(job)}`,
      );
    } catch (error) {
      if (!(error instanceof JobstreamError) || error instanceof UnavailableError) throw error;
      printer.note(`jobstream: ${id}: ${describeApiError(error, url)}`);
      if (!hasMovedOn(error)) counts.refused += 1;
    }
  }
  return counts.refused === 0 && counts.changed > 0 ? ExitCode.ok : ExitCode.failed;
}

/** Whether the job is in a state that does not allow the change any more. */
function hasMovedOn({ code }: JobstreamError): boolean {
  return code === 'illegal-transition';
}

function priorityOf({ priority }: Job): string {
  return priority === undefined ? '' : `  ${priority} priority`;
}

function errorOf({ status, error }: Job): string {
  return status === 'failed' && error !== undefined ? `  ${plainText(describeError(error))}` : '';
}
