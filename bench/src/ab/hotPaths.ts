import { type Measurable } from '../gate/gateCheck.ts';
import { PER_ROUND, startLog, startTable } from '../gate/gateChecks.ts';
import { httpSubject } from '../gate/httpSubject.ts';
import { startSubject } from '../gate/subjectProcess.ts';
import type { SubjectName } from '../gate/subjects/loadSubject.ts';
import { startApi } from '../http/startApi.ts';
import type { RunningServers } from '../servers/runningServers.ts';

/** Starts what a path needs on servers of its own, with the programs of the tree at `root`. */
type Open = (folder: string, root: string) => Promise<Measurable>;

/** The paths that are compared, by their names on the command line; the same work as in the gate. */
export const HOT_PATHS = {
  append: async (folder, root) => onServers(await startLog(folder), ['append-ours', PER_ROUND.appends], root),
  attempt: async (folder, root) => onServers(await startLog(folder), ['attempt-ours', PER_ROUND.attempts], root),
  project: async (folder, root) => onServers(await startTable(folder), ['project-ours', PER_ROUND.jobs], root),
  request: async (folder, root) => {
    const api = await startApi(folder, 'default', root);
    return httpSubject(api, api.processes['api'] ?? 0, PER_ROUND.requests);
  },
} satisfies Record<string, Open>;
export type HotPath = keyof typeof HOT_PATHS;
export const HOT_PATH_NAMES = Object.keys(HOT_PATHS) as HotPath[];

async function onServers(
  servers: RunningServers,
  [name, count]: readonly [SubjectName, number],
  root: string,
): Promise<Measurable> {
  const subject = await startSubject(name, servers, count, root);
  return {
    round: () => subject.round(),
    async stop() {
      await subject.stop();
      await servers.stop();
    },
  };
}
