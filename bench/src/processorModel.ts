import { readFileSync } from 'node:fs';
import os from 'node:os';

/** The model of this machine's processor, as the system calls it. */
export function processorModel(): string {
  return /model name\s*:\s*(.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? os.machine();
}
