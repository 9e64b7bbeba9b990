import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { identify, isRunning, type ProcessIdentity } from '@jobstream/servers';
import { eventually, guardOfThisProcess, type RunningSystem } from '@jobstream/test-support';
import type { Check } from '../harness/runChecks.ts';

const TIMEOUT_MS = 60_000;

interface NamedProcess extends ProcessIdentity {
  readonly command: string;
}

/** `npm start` ends at SIGINT as docs/configuration.md says, and leaves no process behind. */
export function stopCheck(starting: Promise<RunningSystem>): Check {
  return {
    name: '`npm start` ends at SIGINT, with all its processes',
    run: async () => {
      const system = await starting;
      const processes = await processesOf(system);
      // What it leaves behind is not to outlive this run as well.
      for (const { pid } of processes) guardOfThisProcess().watch(pid, 'app', 'SIGKILL');
      assert.equal(await system.stop('SIGINT'), 0);
      await eventually(() => assert.deepEqual(processes.filter(isRunning).map(commandOf), []), {
        timeoutMs: TIMEOUT_MS,
      });
      return `exit code 0, ${processes.length} processes`;
    },
  };
}

async function processesOf(system: RunningSystem): Promise<readonly NamedProcess[]> {
  const pids = [system.process.pid, ...(await system.pidsOf(''))];
  const found = await Promise.all(pids.map(named));
  return found.filter((one) => one !== undefined);
}

async function named(pid: number): Promise<NamedProcess | undefined> {
  const identity = identify(pid);
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return identity && { ...identity, command: command.replaceAll('\0', ' ').trim() };
}

function commandOf({ command }: NamedProcess): string {
  return command;
}
