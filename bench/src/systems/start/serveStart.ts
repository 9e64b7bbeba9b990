import path from 'node:path';
import { openArchive } from '@jobstream/archive';
import { JOBS_STREAM } from '@jobstream/eventlog';
import { ReadModel } from '@jobstream/readmodel';
import { startSystem, type RunningSystem } from '@jobstream/test-support';
import { type Follower, untilFollowed } from '../../servers/followers.ts';
import type { RunningServers } from '../../servers/runningServers.ts';

/** What `npm start` switches on beside the table, and can be switched off. */
export type StartFeature = 'past' | 'keeper' | 'archive';

/** The settings that switch a feature off, given the folder of the archive. */
const OFF: Readonly<Record<StartFeature, (archive: string) => Record<string, string>>> = {
  past: () => ({ AS_OF_REACH: '0' }),
  keeper: (archive) => ({ JOBS_MAX_AGE: '0', ARCHIVE: archive }),
  archive: () => ({ ARCHIVER: 'false' }),
};
/** The archiver leaves fewer messages than fill a segment for later. */
const OF_A_SEGMENT = 50_000;
/** Processes by what is in their command lines. */
const PROCESSES: Readonly<Record<string, string>> = {
  'nats-server': 'nats-server',
  postgres: 'postgres',
  projector: 'apps/projector/',
  api: 'apps/api/',
  'shipped worker': 'apps/worker/',
};

/**
 * The whole system of `npm start`, with or without one of the features. The address has those of the API, of NATS for workers
 * and of Postgres, with spaces between.
 */
export async function serveStart(folder: string, without?: StartFeature): Promise<RunningServers> {
  const archive = path.join(folder, 'archive');
  const system = await startSystem(folder, { LOG_LEVEL: 'warn', ...(without && OFF[without](archive)) });
  const table = new ReadModel({ databaseUrl: system.postgres, name: 'bench' });
  const followers = followersOf(table, archive).filter(({ feature }) => feature === undefined || feature !== without);
  return {
    address: [system.api, system.nats, system.postgres].join(' '),
    processes: await processesOf(system),
    caughtUp: () => untilFollowed({ login: system.operator, stream: JOBS_STREAM }, followers),
    async stop() {
      await table.stop();
      await system.stop();
    },
  };
}

function followersOf(table: ReadModel, folder: string): readonly (Follower & { readonly feature?: StartFeature })[] {
  const archived = openArchive({ ARCHIVE: folder })?.archive;
  return [
    { name: 'table', position: async () => (await table.readCheckpoint())?.lastSequence ?? 0 },
    {
      name: 'past',
      feature: 'past',
      position: async () => (await table.readPastCheckpoint())?.lastSequence ?? 0,
    },
    {
      name: 'archive',
      feature: 'archive',
      position: async () => (await archived?.refresh())?.last ?? 0,
      leaves: OF_A_SEGMENT,
    },
  ];
}

/** The servers and services by name, and what remains of the processor time of `npm start` itself. */
async function processesOf(system: RunningSystem): Promise<Record<string, number>> {
  const found = Object.entries(PROCESSES).map(async ([name, text]) => {
    const [pid] = await system.pidsOf(text);
    if (pid === undefined) throw new Error(`npm start has no process of ${text}`);
    return [name, pid] as const;
  });
  return { ...Object.fromEntries(await Promise.all(found)), 'npm start': system.process.pid };
}
