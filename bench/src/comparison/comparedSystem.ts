import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';

/** A job system whose shortest programs for the same job type are compared. */
export interface ComparedSystem {
  /** The name of its folder in `examples/comparison`. */
  readonly id: string;
  readonly name: string;
  /** What a user installs with npm, with versions where they are not of this repository. */
  readonly packages: readonly string[];
  /** One of its packages that a user may replace by another one. */
  readonly replaceable?: string;
  /** What its packages import when a program connects. */
  readonly importedLater?: readonly string[];
  /** What has to run beside worker and producer. */
  readonly infrastructure: string;
  /** Its files: the definition that both share if there is one, worker and producer. */
  readonly files: readonly ProgramFile[];
}

export type ProgramFile = 'thumbnail.ts' | 'worker.ts' | 'producer.ts';

/** The systems in the order of the page. */
export const comparedSystems: readonly ComparedSystem[] = [
  {
    id: 'jobstream',
    name: 'Jobstream',
    packages: ['@jobstream/client', '@jobstream/worker', 'zod@4.6.7'],
    replaceable: 'zod',
    infrastructure: 'nats-server, Postgres, and two processes of Jobstream: the API and the projector',
    files: ['thumbnail.ts', 'worker.ts', 'producer.ts'],
  },
  {
    id: 'bullmq',
    name: 'BullMQ',
    packages: ['bullmq@6.7.0', 'ioredis@6.0.0'],
    importedLater: ['ioredis'],
    infrastructure: 'Redis',
    files: ['worker.ts', 'producer.ts'],
  },
  {
    id: 'pg-boss',
    name: 'pg-boss',
    packages: ['pg-boss@12.38.0'],
    infrastructure: 'Postgres',
    files: ['worker.ts', 'producer.ts'],
  },
  {
    id: 'graphile-worker',
    name: 'Graphile Worker',
    packages: ['graphile-worker@0.18.0'],
    infrastructure: 'Postgres',
    files: ['worker.ts', 'producer.ts'],
  },
  {
    id: 'inngest',
    name: 'Inngest',
    packages: ['inngest@4.24.0'],
    infrastructure: 'the Inngest server, or its cloud',
    files: ['worker.ts', 'producer.ts'],
  },
];

/** The text of a program as it stands in `examples/comparison`. */
export function programText({ id }: ComparedSystem, file: ProgramFile): string {
  return readFileSync(path.join(repositoryRoot, 'examples/comparison', id, file), 'utf8');
}

/** Counts the lines of a program that are not blank: imports and single braces count too. */
export function countLines(program: string): number {
  return program.split('\n').filter((line) => line.trim() !== '').length;
}

/** The packages that programs import, in their order. */
export function importedPackages(programs: readonly string[]): readonly string[] {
  const imports = programs.flatMap((program) => [...program.matchAll(/^import .* from '([^.'][^']*)';$/gm)]);
  return [...new Set(imports.map(([, name]) => String(name)))];
}
