import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { guardOfThisProcess } from '@jobstream/test-support';
import type { ConnectOptions } from '../systems/jobSystem.ts';
import type { Answer, Command, Outcome } from './command.ts';

const MAIN = path.join(import.meta.dirname, 'main.ts');

/** A process of its own that uses a system, so that its processor time is its own too. */
export interface ClientProcess {
  ask(command: Command): Promise<Outcome>;
  close(): Promise<void>;
}

export async function startClient(systemId: string, options: ConnectOptions): Promise<ClientProcess> {
  const child = fork(MAIN, [systemId, JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  if (child.pid !== undefined) guardOfThisProcess().watch(child.pid, 'app', 'SIGTERM');
  const exited = once(child, 'exit');
  const failure = exited.then(() => Promise.reject(new Error(`the ${options.role} of ${systemId} ended`)));
  failure.catch(() => {});
  const message = async <Message>() => ((await Promise.race([once(child, 'message'), failure])) as [Message])[0];
  await message<'ready'>();
  return {
    async ask(command) {
      child.send(command);
      const answer = await message<Answer>();
      if ('failure' in answer) throw new Error(`${command.do} of ${systemId}: ${answer.failure}`);
      return answer.outcome;
    },
    async close() {
      if (child.connected) child.send('close');
      await exited;
      if (child.pid !== undefined) guardOfThisProcess().forget(child.pid);
    },
  };
}
