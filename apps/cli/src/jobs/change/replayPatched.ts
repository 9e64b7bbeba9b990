import type { JobOperation, NewOperation, ReplacedField, ReplacedValues } from '@jobstream/client';
import type { Api } from '../../command/apiCommand.ts';
import { openQuestions, type Questions } from '../../command/questions.ts';
import { countOf } from '../../output/countOf.ts';
import { plainText } from '../../output/table.ts';
import { jobsOf } from './changeMatching.ts';

/**
 * Accepts a replay with a patch, says which values of its jobs the patch replaces, and begins it when that is confirmed. Jobs
 * whose payloads are encrypted are asked for one by one.
 *
 * @returns the operation, or undefined when nothing is to be changed.
 */
export async function beginPatched(
  request: NewOperation,
  { isConfirmed }: { readonly isConfirmed: boolean },
  api: Api,
): Promise<JobOperation | undefined> {
  const { client, printer, signal } = api;
  const planned = await client.operations.create({ ...request, paused: true }, { signal });
  if (planned.total === 0) return planned;
  let begun: JobOperation | undefined;
  try {
    const replaced = await client.operations.replaced(planned.id, { signal });
    for (const line of describeReplaced(replaced)) printer.note(line);
    if (isConfirmed) return (begun = await client.operations.resume(planned.id, { signal }));
    using questions = openQuestions(api);
    if (replaced.sealed > 0) return await askForEach(planned, request, questions, api);
    if (!(await questions.agrees(`Replay ${jobsOf(planned.total)}?`))) return undefined;
    return (begun = await client.operations.resume(planned.id, { signal }));
  } finally {
    if (begun === undefined) await client.operations.cancel(planned.id);
  }
}

/** Begins an operation on those jobs for which it is agreed to. */
async function askForEach(
  { id }: JobOperation,
  request: NewOperation,
  questions: Questions,
  { client, printer, signal }: Api,
): Promise<JobOperation | undefined> {
  const ids: string[] = [];
  for await (const job of client.operations.jobs(id, { signal })) {
    const { payload } = await client.jobs.get(job.id, { signal });
    printer.note(`${job.id} ${plainText(JSON.stringify(payload))}`);
    if (await questions.agrees('Replay this job?')) ids.push(job.id);
  }
  if (ids.length === 0) return undefined;
  return client.operations.create({ ...request, filter: { ids } }, { signal });
}

function describeReplaced({ sealed, gone, fields }: ReplacedValues): readonly string[] {
  return [
    ...fields.flatMap(describeField),
    ...(sealed === 0 ? [] : [`The payloads of ${countOf(sealed, 'job')} are encrypted: they cannot be compared.`]),
    ...(gone === 0 ? [] : [`${countOf(gone, 'job')} gone since then.`]),
  ];
}

function describeField({ path, jobs, values, examples }: ReplacedField): readonly string[] {
  if (values < 2) return [];
  const name = path === '' ? 'the payload' : path;
  const shown = examples.map(
    (one) => `${plainText(one.json)}${one.jobs === 1 ? '' : ` (${countOf(one.jobs, 'job')})`}`,
  );
  const rest = values - examples.length;
  const listed = `${shown.join(', ')}${rest > 0 ? ` and ${rest.toLocaleString('en')} more` : ''}`;
  return [`${name}: ${countOf(values, 'different value')} become one, in ${countOf(jobs, 'job')}: ${listed}`];
}
