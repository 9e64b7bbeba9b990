import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { runCommand } from '@jobstream/servers';

const SECTOR = 512;

/**
 * Bytes that were written to the disk of a folder since the machine was started, whoever wrote them, its file system included. What
 * waits in memory is written first. What the kernel counts for a process says less: a page that changes may count as a megabyte.
 */
export async function diskBytes(folder: string): Promise<number> {
  await runCommand('sync', []);
  const { dev } = await stat(folder);
  return sectorsOf(dev, readFileSync('/proc/diskstats', 'utf8')) * SECTOR;
}

/** The sectors that were written to a device, from the text of /proc/diskstats; NaN for one that is no disk. */
export function sectorsOf(device: number, text: string): number {
  const [major, minor] = [(device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00)];
  const line = new RegExp(`^ *${major} +${minor} +\\S+ (.*)$`, 'm').exec(text)?.[1] ?? '';
  return Number(line.split(' ')[6] ?? Number.NaN);
}
