import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { guardOfThisProcess } from '@jobstream/test-support';
import { cpuMicros } from '../measure/processTree.ts';
import type { RunningServers } from '../servers/runningServers.ts';
import type { Measurable, Micros } from './gateCheck.ts';
import type { SubjectName } from './subjects/loadSubject.ts';

const MAIN = 'bench/src/gate/subjectMain.ts';

/** Wraps the measured part of a round, for example in a profiler. */
type Wrapper = (run: () => Promise<number>) => Promise<number>;

export interface SubjectProcess extends Measurable {
  readonly pid: number;
  round(wrap?: Wrapper): Promise<Micros>;
}

/** The tree that has the program of a subject, and the servers that it uses. */
export interface SubjectPlace {
  readonly root: string;
  readonly servers: RunningServers;
}

/** A subject in a process of its own; what it makes its servers do counts as well. */
export async function startSubject(name: SubjectName, servers: RunningServers, count: number): Promise<SubjectProcess> {
  const [subject] = await startSubjects(name, [{ root: repositoryRoot, servers }], count, []);
  return subject;
}

/**
 * The same subject of several trees, in one process with some flags for Node. They run in turns, and end together. A process with
 * `--expose-gc` collects its young garbage before every round.
 */
export async function startSubjects<Places extends readonly [SubjectPlace, ...SubjectPlace[]]>(
  name: SubjectName,
  places: Places,
  count: number,
  flags: readonly string[],
): Promise<{ [Index in keyof Places]: SubjectProcess }> {
  const addresses = places.map(({ servers }) => servers.address).join(' ');
  const child = fork(path.join(repositoryRoot, MAIN), [name, addresses, ...places.map(({ root }) => root)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [...process.execArgv, ...flags],
  });
  const pid = child.pid ?? 0;
  guardOfThisProcess().watch(pid, 'app', 'SIGTERM');
  const exited = once(child, 'exit');
  const failure = exited.then(() => Promise.reject(new Error(`${name} ended`)));
  failure.catch(() => {});
  const answer = async () =>
    ((await Promise.race([once(child, 'message'), failure])) as [{ micros: number }])[0].micros;
  await answer();
  const stop = async () => {
    if (child.connected) child.disconnect();
    await exited;
    guardOfThisProcess().forget(pid);
  };
  const subjectOf = ({ servers }: SubjectPlace, of: number): SubjectProcess => {
    const ask = (step: 'prepare' | 'run') => {
      child.send({ of, step, count });
      return answer();
    };
    const round = async (wrap: Wrapper = (run) => run()) => {
      await ask('prepare');
      const before = serverMicros(servers);
      const own = await wrap(() => ask('run'));
      return { process: own / count, server: (serverMicros(servers) - before) / count };
    };
    return { pid, round, stop };
  };
  return places.map(subjectOf) as { [Index in keyof Places]: SubjectProcess };
}

function serverMicros({ processes }: RunningServers): number {
  return Object.values(processes).reduce((sum, pid) => sum + cpuMicros(pid), 0);
}
