import path from 'node:path';
import { installOutbox } from '@jobstream/outbox';
import { createDatabase } from '@jobstream/servers';
import { queryDatabase, type RunningSystem } from '@jobstream/test-support';
import type { PackedPackage } from '@jobstream/tools';
import type { Check } from '../harness/runChecks.ts';
import type { Runtime } from './programs.ts';
import { inFolder, installInto, succeeds } from './userProject.ts';

const FIXTURES = path.join(import.meta.dirname, 'prisma');
/** Of one version, which need not be the newest of each. */
const PRISMA = ['prisma', '@prisma/client', '@prisma/adapter-pg'].map((name) => `${name}@7.10.0`);
/** Prisma downloads a program for migrations even where it only generates the client, unless it is given one. */
const NO_DOWNLOAD = { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' };

/** Jobs are enqueued, and work is done once, in transactions of Prisma: too large to be a dependency of the repository. */
export function prismaCheck(
  { name, program }: Runtime,
  packages: readonly PackedPackage[],
  system: RunningSystem,
): Check {
  return {
    name: `${name} enqueues in transactions of Prisma`,
    run: () =>
      inFolder(async (folder) => {
        const url = await createShop(system.postgres);
        await installInto(folder, { fixtures: FIXTURES, packages, others: ['zod@4.6.7', ...PRISMA] });
        const env = { PATH: path.dirname(program), HOME: folder, DATABASE_URL: url, ...NO_DOWNLOAD };
        const generate = ['node_modules/prisma/build/index.js', 'generate', '--schema', 'schema.prisma'];
        await succeeds(program, generate, { cwd: folder, env });
        await succeeds(program, ['shop.mjs'], { cwd: folder, env });
      }),
  };
}

/** Makes the database of an application. */
async function createShop(postgres: string): Promise<string> {
  await createDatabase(postgres, 'prisma_shop');
  const url = Object.assign(new URL(postgres), { pathname: '/prisma_shop' }).href;
  await installOutbox(url);
  await queryDatabase(url, 'CREATE TABLE public.orders (id serial PRIMARY KEY, customer text NOT NULL, job_id uuid)');
  return url;
}
