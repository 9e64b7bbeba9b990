import { existsSync } from 'node:fs';
import path from 'node:path';
import { LogStorage } from '@jobstream/eventlog';
import { measureDisk } from '@jobstream/servers';
import type { Examination, Finding } from './examination.ts';

const MB = 1_000_000;

/** Whether the log can grow: the limit of the servers that tell it, and the disk of the data folder. */
export async function checkDisk({ env, dataDir }: Pick<Examination, 'env' | 'dataDir'>): Promise<readonly Finding[]> {
  const monitorUrls = (env['NATS_MONITOR_URL'] ?? '').split(',').filter(Boolean);
  const closed = await new LogStorage({ monitorUrls, storeDir: env['NATS_STORE_DIR'] }).whyClosed();
  const remedy = 'Free some space, or raise NATS_MAX_FILE_STORE: docs/durability.md#a-full-disk.';
  return [...(closed === undefined ? [] : [{ wrong: `${closed}.`, remedy }]), ...(await fullDisk(dataDir, remedy))];
}

async function fullDisk(dataDir: string, remedy: string): Promise<readonly Finding[]> {
  const nats = path.join(dataDir, 'nats');
  if (!existsSync(nats)) return [];
  const { free, reserve } = await measureDisk(nats);
  if (free >= reserve) return [];
  return [{ wrong: `The disk of ${dataDir} has only ${Math.floor(free / MB)} MB left.`, remedy }];
}
