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

/**
 * A subject in a process of its own; what it makes its servers do counts as well. `root`: the tree that has the program, default
 * this one.
 */
export async function startSubject(
  name: SubjectName,
  servers: RunningServers,
  count: number,
  root = repositoryRoot,
): Promise<SubjectProcess> {
  const child = fork(path.join(root, MAIN), [name, servers.address], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const pid = child.pid ?? 0;
  guardOfThisProcess().watch(pid, 'app', 'SIGTERM');
  const exited = once(child, 'exit');
  const failure = exited.then(() => Promise.reject(new Error(`${name} ended`)));
  failure.catch(() => {});
  const answer = async () =>
    ((await Promise.race([once(child, 'message'), failure])) as [{ micros: number }])[0].micros;
  const ask = (step: 'prepare' | 'run') => {
    child.send({ step, count });
    return answer();
  };
  await answer();
  return {
    pid,
    async round(wrap = (run) => run()) {
      await ask('prepare');
      const before = serverMicros(servers);
      const own = await wrap(() => ask('run'));
      return { process: own / count, server: (serverMicros(servers) - before) / count };
    },
    async stop() {
      child.disconnect();
      await exited;
      guardOfThisProcess().forget(pid);
    },
  };
}

function serverMicros({ processes }: RunningServers): number {
  return Object.values(processes).reduce((sum, pid) => sum + cpuMicros(pid), 0);
}
