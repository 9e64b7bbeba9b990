import { runCommand } from '@jobstream/servers';
import type { PackedPackage } from './packPackage.ts';

/** Runs npm and returns what it wrote. */
type RunNpm = (...args: readonly string[]) => Promise<string>;

export interface PublishOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly note: (line: string) => void;
  readonly npm?: RunNpm;
}

/**
 * Publishes packages with provenance, in their order. Those that the registry has already are left out, so that a release
 * which was interrupted can be repeated.
 *
 * @throws Error when the workflow runs for a tag of another version; nothing is published then.
 */
export async function publishPackages(
  packages: readonly PackedPackage[],
  { env, note, npm = runNpm }: PublishOptions,
): Promise<void> {
  for (const { version } of packages) checkTag(version, env);
  for (const { definition, version, tarball } of packages) {
    const release = `${definition.name}@${version}`;
    if (await isPublished(release, npm)) {
      note(`${release} was published before.`);
      continue;
    }
    await npm('publish', tarball, '--provenance', '--access', 'public');
    note(`${release} was published.`);
  }
}

function checkTag(version: string, { GITHUB_REF_TYPE: kind, GITHUB_REF_NAME: name }: NodeJS.ProcessEnv): void {
  if (kind !== 'tag' || name === `v${version}`) return;
  throw new Error(`Nothing was published: expected the tag v${version}, the version of package.json, got: ${name}`);
}

async function isPublished(release: string, npm: RunNpm): Promise<boolean> {
  try {
    return (await npm('view', release, 'version')).trim() !== '';
  } catch {
    return false; // npm knows no package of this name
  }
}

function runNpm(...args: readonly string[]): Promise<string> {
  return runCommand('npm', [...args], { timeoutMs: 600_000 });
}
