import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { JOBS_STREAM } from '@jobstream/eventlog';
import { cutPower, type PowerLoss, type PowerMode } from './cutPower.ts';
import { createImageDisk } from '../../harness/imageDisk.ts';

const COUNT = 2_000;

const modes: readonly PowerMode[] = [
  { name: 'one server, always, group commit', nodes: 1, syncAlways: true, groupCommit: true },
  {
    name: 'one server, always, group commit, batches staged in memory',
    nodes: 1,
    syncAlways: true,
    groupCommit: true,
    stagedInMemory: [JOBS_STREAM],
  },
  { name: 'one server, always, single appends', nodes: 1, syncAlways: true, groupCommit: false },
  { name: 'three servers, always, group commit', nodes: 3, syncAlways: true, groupCommit: true },
  { name: 'one server, default, group commit', nodes: 1, syncAlways: false, groupCommit: true },
  { name: 'one server, default, single appends', nodes: 1, syncAlways: false, groupCommit: false },
  { name: 'three servers, default, group commit', nodes: 3, syncAlways: false, groupCommit: true },
];

const run = promisify(execFile);

export interface PowerOptions {
  readonly folder: string;
  readonly mounts: boolean;
  readonly say: (line: string) => void;
}

/** What a power cut at all servers leaves of acknowledged events, with and without a sync before the acknowledgement. */
export async function runPowerScenario({ folder, mounts, say }: PowerOptions): Promise<boolean> {
  await mkdir(folder, { recursive: true });
  const hindrance = mounts ? await whyNoDisk(folder) : 'it needs the rights of root, to mount a disk';
  if (hindrance !== undefined) {
    say(`skipped: ${hindrance}`);
    return true;
  }
  const wrong: string[] = [];
  for (const mode of modes) {
    const loss = await cutPower(mode, folder, COUNT);
    say(`${mode.name}: acknowledged ${loss.acknowledged}, found after the cut ${loss.kept}`);
    const complaint = objection(mode, loss);
    if (complaint !== undefined) wrong.push(`${mode.name}: ${complaint}`);
  }
  for (const line of wrong) say(`WRONG ${line}`);
  return wrong.length === 0;
}

/** Without a loss by default the cut was none, and would prove nothing about `always` either. */
function objection({ syncAlways }: PowerMode, { acknowledged, kept }: PowerLoss): string | undefined {
  if (syncAlways) return kept === acknowledged ? undefined : `${acknowledged - kept} acknowledged events are lost`;
  return kept < acknowledged ? undefined : 'nothing was lost, so this is not what a power cut does';
}

async function whyNoDisk(folder: string): Promise<string | undefined> {
  try {
    await run('mkfs.ext4', ['-V']);
    await using _disk = await createImageDisk(`${folder}/trial`);
    return undefined;
  } catch (error) {
    return `no disk can be made here: ${error instanceof Error ? error.message : String(error)}`;
  }
}
