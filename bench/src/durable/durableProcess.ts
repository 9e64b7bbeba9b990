import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { guardOfThisProcess } from '@jobstream/test-support';
import type { DurableAnswer, DurableCommand, DurableOutcome } from './durableCommand.ts';

const MAIN = path.join(import.meta.dirname, 'durableMain.ts');

export interface DurableProcessOptions {
  readonly systemId: string;
  readonly role: 'worker' | 'client';
  readonly address: string;
  readonly concurrency: number;
}

/** A worker or a client in a process of its own, so that its processor time is its own too. */
export interface DurableProcess {
  readonly pid: number;
  ask(command: DurableCommand): Promise<DurableOutcome>;
  close(): Promise<void>;
}

export async function startDurableProcess(options: DurableProcessOptions): Promise<DurableProcess> {
  const { systemId, role, address, concurrency } = options;
  const child = fork(MAIN, [systemId, role, address, String(concurrency)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`the ${role} of ${systemId} did not start`);
  guardOfThisProcess().watch(pid, 'app', 'SIGTERM');
  const exited = once(child, 'exit');
  const failure = exited.then(() => Promise.reject(new Error(`the ${role} of ${systemId} ended`)));
  failure.catch(() => {});
  const message = async <Message>() => ((await Promise.race([once(child, 'message'), failure])) as [Message])[0];
  await message<'ready'>();
  return {
    pid,
    async ask(command) {
      child.send(command);
      const answer = await message<DurableAnswer>();
      if ('failure' in answer) throw new Error(`${command.do} of ${systemId}: ${answer.failure}`);
      return answer.outcome;
    },
    async close() {
      if (child.connected) child.send('close');
      await exited;
      guardOfThisProcess().forget(pid);
    },
  };
}
