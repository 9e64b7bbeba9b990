import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { guardOfThisProcess } from '@jobstream/test-support';
import type { Order, Report } from './order.ts';

const MAIN = path.join(import.meta.dirname, 'jobProcessMain.ts');

/** A process of the growth measurement. */
export interface JobProcess {
  readonly pid: number;
  /** How many jobs it has completed, as it last told. */
  completed(): number;
  /** Resolves when it is done; workers go on. */
  tell(order: Order): Promise<void>;
  end(): Promise<void>;
}

export async function startJobProcess(url: string, replicas: number): Promise<JobProcess> {
  const argument = JSON.stringify({ url, replicas });
  const child = fork(MAIN, [argument], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const pid = child.pid ?? 0;
  guardOfThisProcess().watch(pid, 'app', 'SIGTERM');
  const exited = once(child, 'exit');
  let completed = 0;
  let onDone: (() => void) | undefined;
  child.on('message', (report: Report) => {
    if ('completed' in report) ({ completed } = report);
    else onDone?.();
  });
  const failure = exited.then(() => Promise.reject(new Error('a job process ended')));
  failure.catch(() => {});
  const done = () => Promise.race([new Promise<void>((resolve) => (onDone = resolve)), failure]);
  await done();
  return {
    pid,
    completed: () => completed,
    tell(order) {
      child.send(order);
      return done();
    },
    async end() {
      child.disconnect();
      await exited;
      guardOfThisProcess().forget(pid);
    },
  };
}
