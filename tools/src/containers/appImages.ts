import { repositoryRoot, runCommand } from '@jobstream/servers';
import { dockerCommand } from './dockerCommand.ts';
import type { ImageOptions } from './dockerCommand.ts';

const apps = ['api', 'projector', 'worker'] as const;

/** Builds our three images from the sources as they are, and returns their names by the variables of Compose. */
export async function buildAppImages(bases: Readonly<Record<string, string>>, { env, note }: ImageOptions) {
  const names: Record<string, string> = {};
  const labels = ['--build-arg', `REVISION=${await revision()}`];
  const from = Object.entries(bases).flatMap(([name, image]) => ['--build-arg', `${name}=${image}`]);
  for (const app of apps) {
    const name = `jobstream/${app}:0.2.0`;
    note(`building ${name}`);
    const args = ['--network', 'host', ...from, ...labels, '--target', app, '--tag', name, repositoryRoot];
    await dockerCommand(['build', '--quiet', ...args], env);
    names[`${app.toUpperCase()}_IMAGE`] = name;
  }
  return names;
}

/** A copy of the sources without git has none. */
function revision(): Promise<string> {
  return runCommand('git', ['rev-parse', 'HEAD'], { cwd: repositoryRoot }).then(
    (text) => text.trim(),
    () => 'unknown',
  );
}
