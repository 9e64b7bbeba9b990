import { JobstreamError, UnavailableError, type Job } from '@jobstream/client';
import type { Api } from '../../command/apiCommand.ts';
import { ExitCode } from '../../command/exitCode.ts';
import { describeApiError } from '../../command/failure.ts';
import { plainText } from '../../output/table.ts';
import { describeError } from '../describe/describeEvent.ts';
import { paintStatus } from '../describe/describeJob.ts';

/**
 * Changes jobs one after the other and shows each; one that cannot be changed does not keep the others from it.
 *
 * @throws UnavailableError, since the others would fail as well.
 */
export async function changeJobs(
  { printer, url }: Api,
  ids: readonly string[],
  change: (id: string) => Promise<Job>,
): Promise<ExitCode> {
  let code: ExitCode = ExitCode.ok;
  for (const id of ids) {
    try {
      const job = await change(id);
      printer.document(
        job,
        () => `${printer.tone('strong', job.id)}  ${job.type}  ${paintStatus(job.status, printer)}${errorOf(job)}`,
      );
    } catch (error) {
      if (!(error instanceof JobstreamError) || error instanceof UnavailableError) throw error;
      printer.note(`jobstream: ${id}: ${describeApiError(error, url)}`);
      code = ExitCode.failed;
    }
  }
  return code;
}

function errorOf({ status, error }: Job): string {
  return status === 'failed' && error !== undefined ? `  ${plainText(describeError(error))}` : '';
}
