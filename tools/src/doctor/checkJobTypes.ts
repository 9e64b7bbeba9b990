import { explainDifference, JobstreamClient, type CallOptions, type JobType } from '@jobstream/client';
import { countOf, nearestNames } from '@jobstream/runtime';
import type { Examination, Finding } from './examination.ts';

const TIMEOUT_MS = 5_000;
/** A schedule of every minute has these in an hour or two. */
const MOST_EVENTS = 100;
const REMEDY = 'During a rollout nothing; afterwards restart the workers of the release that is to hold.';

/**
 * Whether jobs wait for workers that are not there, whether living workers have announced other definitions than those that hold, and
 * whether there are schedules of definitions that no worker has any more. Without the API or a right to ask, nothing is known.
 */
export async function checkJobTypes(examination: Pick<Examination, 'apiUrl' | 'given'>): Promise<readonly Finding[]> {
  const { apiUrl: url, given } = examination;
  if (url === undefined) return [];
  const credentials = given['JOBSTREAM_KEY'];
  const client = new JobstreamClient({ url, retryForMs: 0, ...(credentials ? { credentials } : {}) });
  try {
    const options = { signal: AbortSignal.timeout(TIMEOUT_MS) };
    const types = await client.types.list(options);
    const differences = types.map(explainDifference).filter((difference) => difference !== undefined);
    return [
      ...waitingInVain(types),
      ...differences.map((difference) => ({ wrong: `Workers differ: ${difference}.`, remedy: REMEDY })),
      ...(await abandonedSchedules(client, options)),
    ];
  } catch {
    return [];
  }
}

/** Who pauses a type knows that its jobs wait. */
function waitingInVain(types: readonly JobType[]): readonly Finding[] {
  const announced = types.filter((type) => type.announced).map(({ type }) => type);
  const stranded = types.filter(({ workers, backlog, paused }) => workers.length === 0 && backlog > 0 && !paused);
  return stranded.map(({ type, backlog }) => {
    const nearest = announced.includes(type) ? [] : nearestNames(type, announced);
    const hint = nearest.length === 0 ? '.' : `; was ${nearest.join(' or ')} meant?`;
    return {
      wrong: `No living worker takes jobs of the type ${type}, and ${countOf(backlog, 'job')} ${backlog === 1 ? 'waits' : 'wait'}${hint}`,
      remedy: `Start a worker of the type, or cancel what waits: jobstream cancel --type ${type}`,
    };
  });
}

/** Nobody removes a schedule but a person, so one whose definition is gone creates jobs for ever. */
async function abandonedSchedules(client: JobstreamClient, options: CallOptions): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for await (const { name, job, definedBy } of client.schedules.list(options)) {
    if (definedBy !== undefined || !(await isOfDefinition(name, client, options))) continue;
    findings.push({
      wrong: `The schedule ${name} came from a definition of ${job.type}, and no definition of the last day's workers names it.`,
      remedy: `Start the worker whose definition does, or remove it: jobstream schedules delete ${name}`,
    });
  }
  return findings;
}

/** Whether a worker has defined it last; a person may have paused it since. */
async function isOfDefinition(name: string, client: JobstreamClient, options: CallOptions): Promise<boolean> {
  let seen = 0;
  for await (const { event, actor } of client.schedules.events(name, options)) {
    if (event !== 'ScheduleTicked' && actor.kind === 'worker') return true;
    if ((seen += 1) === MOST_EVENTS) break;
  }
  return false;
}
