import { typedCommand } from '@jobstream/runtime';
import { findNatsServer, natsServerOnPath } from '@jobstream/servers';
import type { Examination, Finding } from './examination.ts';

/** Whether there is a program for the embedded NATS, where that is used. */
export async function checkNatsServer({
  env,
  hasLog,
}: Pick<Examination, 'env' | 'hasLog'>): Promise<readonly Finding[]> {
  if (hasLog) return [];
  try {
    if ((await findNatsServer(env)) !== undefined) return [];
  } catch (error) {
    return [{ wrong: (error as Error).message, remedy: 'Correct NATS_SERVER, or leave it out.' }];
  }
  const old = await natsServerOnPath(env);
  if (old === undefined) return []; // npm start fetches one
  const wrong = `The nats-server on the PATH is ${old}, which is too old.`;
  return [{ wrong, remedy: `${typedCommand('start')} fetches a newer one, or install nats-server 2.15.` }];
}
