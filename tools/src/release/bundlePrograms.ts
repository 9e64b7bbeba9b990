import { cp } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { build } from 'esbuild';
import { dashboardBuild } from '../dashboard/dashboardBuild.ts';
import { nodeFloors } from './nodeFloors.ts';

/** Packages in CommonJS call `require` for what Node brings along. */
const REQUIRE = `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`;

/**
 * Bundles programs of the repository into a folder with the same layout, `apps/api/src/main.ts` as
 * `apps/api/src/main.mjs`, and copies what they look for above themselves. Code that several have in common is there once.
 */
export async function bundlePrograms(definition: BundledPrograms, folder: string): Promise<void> {
  const { programs, assets, dashboard, external } = definition;
  await build({
    absWorkingDir: repositoryRoot,
    entryPoints: [...programs],
    outbase: repositoryRoot,
    outdir: folder,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    minifyWhitespace: true,
    minifySyntax: true,
    platform: 'node',
    target: `node${nodeFloors['@jobstream/server']}`,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    banner: { js: REQUIRE },
    external: [...external],
    logLevel: 'error',
  });
  for (const name of assets) await cp(path.join(repositoryRoot, name), path.join(folder, name), { recursive: true });
  await cp(await builtDashboard(), path.join(folder, dashboard), { recursive: true });
}

async function builtDashboard(): Promise<string> {
  const page = dashboardBuild();
  if (page === undefined) throw new Error('there are no sources of the dashboard');
  await page.run(new AbortController().signal);
  return page.folder;
}

/** Programs that are published as they lie in the repository. */
export interface BundledPrograms {
  /** Their sources, as paths in the repository. */
  readonly programs: readonly string[];
  /** Files and folders that they read. */
  readonly assets: readonly string[];
  /** Where the built dashboard is put: the API looks for it beside itself. */
  readonly dashboard: string;
  /** Imports that are left as they are: optional, or a dependency of the package. */
  readonly external: readonly string[];
}
