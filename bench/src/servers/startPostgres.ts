import { startPostgresWith } from './startPostgresWith.ts';
import type { RunningServers } from './runningServers.ts';

export function startPostgres(folder: string): Promise<RunningServers> {
  return startPostgresWith(folder, {});
}
