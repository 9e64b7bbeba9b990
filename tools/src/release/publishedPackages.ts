import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import type { BundledPrograms } from './bundlePrograms.ts';
import type { nodeFloors } from './nodeFloors.ts';

/** The most that a package may cost those who install it. */
interface PackageBudget {
  /** Bytes of the tarball's files. */
  readonly unpackedBytes: number;
  /** Bytes on disk of the package with all its dependencies. */
  readonly installedBytes: number;
  /** How many packages `npm install` adds, itself included. */
  readonly installedPackages: number;
  /** Bytes of a minified, gzipped browser bundle of all that it exports. */
  readonly bundleBytes?: number;
}

/** A package of this repository that is built to JavaScript and published. */
export interface PublishedPackage {
  readonly name: Exclude<keyof typeof nodeFloors, 'clone'>;
  /** The folder of its sources in the repository, with README.md and package.json. */
  readonly folder: string;
  /** One sentence for the package registry. */
  readonly description: string;
  readonly keywords: readonly string[];
  /**
   * The files that are built, by their names in `dist`: `index` is what is imported, others are started by their address.
   */
  readonly entries: Readonly<Record<string, string>>;
  /** Entrances for another package of ours, by the name of their file in `dist`; they have no types. */
  readonly internalEntries?: Readonly<Record<string, string>>;
  /** The commands that the package brings, each with the name of its entry. */
  readonly commands?: Readonly<Record<string, string>>;
  /** Programs that are published in the layout of the repository, instead of entries. */
  readonly bundled?: BundledPrograms;
  readonly platform: 'neutral' | 'node';
  /** The oldest JavaScript that its code is written for. */
  readonly target: string;
  /** False when importing the package does nothing by itself, so that bundlers may leave parts of it out. */
  readonly sideEffects: boolean;
  /** The packages that it may import, besides its peer dependencies; everything else is bundled. */
  readonly dependencies: readonly string[];
  /** Imports that the build replaces, each with a file of the repository. */
  readonly replaced?: Readonly<Record<string, string>>;
  readonly budget: PackageBudget;
}

const KB = 1_000;
const MB = 1_000_000;
const keywords = ['jobs', 'queue', 'background-jobs', 'nats', 'jetstream', 'event-sourcing'];

/** All packages that a release publishes; a package stands after those that it depends on. */
export const publishedPackages: readonly PublishedPackage[] = [
  {
    name: '@jobstream/client',
    folder: 'libs/client',
    description:
      'Creates, follows and changes the jobs of a Jobstream service; in Node and in browsers, no dependencies',
    keywords,
    entries: { index: 'src/index.ts' },
    platform: 'neutral',
    target: 'es2022',
    sideEffects: false,
    dependencies: [],
    budget: { unpackedBytes: 370 * KB, installedBytes: 370 * KB, installedPackages: 1, bundleBytes: 15 * KB },
  },
  {
    name: '@jobstream/worker',
    folder: 'libs/worker',
    description: 'Runs your own job handlers in your own process, for the jobs of a Jobstream service',
    keywords: [...keywords, 'worker'],
    entries: { index: 'src/index.ts', threadEntry: 'src/threads/threadEntry.ts' },
    internalEntries: { 'test-engine': 'src/testEngine.ts' },
    platform: 'node',
    target: 'es2023',
    sideEffects: false,
    dependencies: [
      '@jobstream/client',
      '@nats-io/jetstream',
      '@nats-io/nats-core',
      '@nats-io/transport-node',
      'piscina',
    ],
    replaced: {
      'effect/Schema': 'libs/worker/build/eventSchema.ts',
      'effect/Result': 'libs/worker/build/result.ts',
      'effect/schema/SchemaJITCompiler/enable': 'libs/worker/build/eventSchema.ts',
    },
    budget: { unpackedBytes: 2.1 * MB, installedBytes: 6 * MB, installedPackages: 11 },
  },
  {
    // libs/test-support is for the tests of this repository, and never leaves it.
    name: '@jobstream/testing',
    folder: 'libs/testing-kit',
    description: 'Runs your Jobstream handlers in tests: a log in memory, a clock to move, workers to crash',
    keywords: [...keywords, 'testing'],
    entries: { index: 'src/index.ts' },
    platform: 'node',
    target: 'es2023',
    sideEffects: false,
    dependencies: ['@jobstream/client', '@jobstream/worker'],
    budget: { unpackedBytes: 200 * KB, installedBytes: 6.2 * MB, installedPackages: 12 },
  },
  {
    name: '@jobstream/server',
    folder: 'tools/server',
    description: 'The processes of a Jobstream system, for `jobstream dev`',
    keywords: [...keywords, 'server'],
    entries: {},
    bundled: {
      programs: [
        'apps/api/src/main.ts',
        'apps/projector/src/archive/main.ts',
        'apps/projector/src/main.ts',
        'apps/projector/src/rebuild/main.ts',
        'apps/projector/src/verify/main.ts',
        'apps/relay/src/main.ts',
        'apps/worker/src/main.ts',
        'libs/servers/src/process/guardProcess.ts',
        'tools/archive.ts',
        'tools/doctor.ts',
        'tools/keys.ts',
        'tools/migrate.ts',
        'tools/outbox.ts',
        'tools/rebuild.ts',
        'tools/src/handlers/runHandlers.ts',
        'tools/start.ts',
        'tools/verify.ts',
      ],
      assets: ['deploy/nats/users.conf', 'libs/outbox/sql', 'migrations'],
      dashboard: 'apps/dashboard/dist',
      external: ['@valibot/to-json-schema', 'cloudflare:sockets', 'pg-native', 'swagger-ui-dist'],
    },
    platform: 'node',
    target: 'es2024',
    sideEffects: true,
    dependencies: [],
    // Half a megabyte are the compressed copies of the dashboard, which the API would else compress for every browser.
    budget: { unpackedBytes: 6.7 * MB, installedBytes: 90 * MB, installedPackages: 4 },
  },
  {
    name: 'jobstream',
    folder: 'apps/cli',
    description: 'The command line of Jobstream: a system on your machine, and the jobs of any service',
    keywords: [...keywords, 'cli'],
    entries: { main: 'src/main.ts' },
    commands: { jobstream: 'main' },
    platform: 'node',
    target: 'es2023',
    sideEffects: true,
    dependencies: ['@jobstream/client', 'commander', 'fast-string-truncated-width'],
    budget: { unpackedBytes: 420 * KB, installedBytes: 1.05 * MB, installedPackages: 4 },
  },
];

/** Whether a package is imported; the others bring a command, or programs. */
export function isLibrary({ entries }: PublishedPackage): boolean {
  return entries['index'] !== undefined;
}

/** Whether the import of a package checks the Node first: one for browsers runs elsewhere as well. */
export function checksNode(definition: PublishedPackage): boolean {
  return isLibrary(definition) && definition.platform === 'node';
}

/** Where built packages and their tarballs are put. */
export const packagesFolder = path.join(repositoryRoot, '.data', 'packages');

/** Returns the replacements of a package's imports, with the paths of their files. */
export function replacedFiles(replaced: PublishedPackage['replaced'] = {}): Record<string, string> {
  const files = Object.entries(replaced).map(([name, file]) => [name, path.join(repositoryRoot, file)]);
  return Object.fromEntries(files) as Record<string, string>;
}
