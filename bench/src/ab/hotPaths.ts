import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type Measurable } from '../gate/gateCheck.ts';
import { startLog, startTable } from '../gate/gateChecks.ts';
import { httpSubject } from '../gate/httpSubject.ts';
import { startSubjects } from '../gate/subjectProcess.ts';
import type { SubjectName } from '../gate/subjects/loadSubject.ts';
import { startApi } from '../http/startApi.ts';
import type { RunningServers } from '../servers/runningServers.ts';

/** Two trees, or what is measured of them. */
export type Two<T> = readonly [T, T];

/** Starts what a path needs with the programs of the trees at `roots`, in this order, each with servers of its own. */
type Open = (folder: string, roots: Two<string>) => Promise<Two<Measurable>>;

/**
 * Without the optimising compilers: what they make of the same text differs by a tenth from process to process, and between two
 * copies of it in one.
 */
const FLAGS = ['--no-opt', '--no-maglev', '--single-threaded-gc', '--expose-gc'];

/** So many attempts that the start of a worker, with which each round begins, is a small part. */
const PER_ROUND = { appends: 500, attempts: 900, jobs: 833, requests: 200 } as const;

/** The paths that are compared, by their names on the command line: the work of the gate in shorter rounds. */
export const HOT_PATHS = {
  append: subjects('append-ours', PER_ROUND.appends, startLog),
  attempt: subjects('attempt-ours', PER_ROUND.attempts, startLog),
  project: subjects('project-ours', PER_ROUND.jobs, startTable),
  request: (folder, roots) =>
    inBoth(folder, roots, async (own, root) => {
      const api = await startApi(own, 'default', root, FLAGS);
      return httpSubject(api, api.processes['api'] ?? 0, PER_ROUND.requests);
    }),
} satisfies Record<string, Open>;
export type HotPath = keyof typeof HOT_PATHS;
export const HOT_PATH_NAMES = Object.keys(HOT_PATHS) as HotPath[];

/** Both in one process, where they have the heap and its collector in common. */
function subjects(name: SubjectName, count: number, start: (folder: string) => Promise<RunningServers>): Open {
  return async (folder, roots) => {
    const places = await inBoth(folder, roots, async (own, root) => ({ root, servers: await start(own) }));
    const [first, second] = await startSubjects(name, places, count, FLAGS);
    return [withServers(first, places[0].servers), withServers(second, places[1].servers)];
  };
}

function withServers(subject: Measurable, servers: RunningServers): Measurable {
  return {
    round: () => subject.round(),
    async stop() {
      await subject.stop();
      await servers.stop();
    },
  };
}

async function inBoth<T>(
  folder: string,
  [first, second]: Two<string>,
  start: (folder: string, root: string) => Promise<T>,
): Promise<Two<T>> {
  const own = async (name: string) => {
    const made = path.join(folder, name);
    await mkdir(made);
    return made;
  };
  return [await start(await own('first'), first), await start(await own('second'), second)];
}
