import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFile, cp, mkdtempDisposable } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { JobstreamClient } from '@jobstream/client';
import { repositoryRoot, runCommand } from '@jobstream/servers';
import { dockerCommand, packPackages } from '@jobstream/tools';
import { composeProject, type ComposeProject } from './composeProject.ts';
import type { Scenario } from './scenarios.ts';

interface Images {
  readonly env: NodeJS.ProcessEnv;
  /** Base images and ours, by the variables of Compose. */
  readonly images: Readonly<Record<string, string>>;
}

const APP = 'examples/app';
const IMAGE = 'jobstream/example-app:test';
const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

/** Builds the image of examples/app from the packed packages, and runs its Compose file with our images. */
export function exampleAppScenario(given: Images): Scenario {
  const name = 'the image of examples/app runs jobs with a native package beside our images';
  return { name, run: () => runExampleApp(given) };
}

async function runExampleApp({ env, images }: Images): Promise<string> {
  await buildImage({ env, images });
  const own = { APP_IMAGE: IMAGE, NATS_PASSWORD: `p${randomBytes(24).toString('hex')}` };
  const file = path.join(APP, 'compose.yml');
  await using project = await composeProject({ env, variables: { ...images, ...own }, file });
  await project.compose('up', '--wait');
  const credentials = await createKey(project);
  const client = new JobstreamClient({ url: project.api, credentials });
  const { id } = await client.jobs.create({ type: 'thumbnail', payload: { url: PIXEL, width: 64 } });
  const { status, result, error } = await client.jobs.waitForCompletion(id, { signal: AbortSignal.timeout(60_000) });
  assert.equal(status, 'completed', error?.message);
  await project.compose('stop', 'worker');
  const stopped = await project.compose('ps', '--all', '--format', '{{.ExitCode}}', 'worker');
  assert.equal(stopped.trim(), '0', 'the exit code of the worker');
  const { bytes } = result as { bytes: number };
  return `a thumbnail of ${bytes} bytes`;
}

/** As the README of the app says. */
async function createKey(project: ComposeProject): Promise<string> {
  const words = ['create', '--name', 'me', '--scopes', 'admin'];
  return (await project.compose('run', '--rm', 'api', 'keys.mjs', ...words)).trim();
}

/** No registry has the packages yet: the project gets their tarballs, and a lock file that names them. */
async function buildImage({ env, images }: Images): Promise<void> {
  await using folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-example-app-'));
  await cp(path.join(repositoryRoot, APP), folder.path, { recursive: true });
  const tarballs: string[] = [];
  for (const { tarball } of await packPackages()) {
    const name = path.basename(tarball);
    await copyFile(tarball, path.join(folder.path, name));
    tarballs.push(`./${name}`);
  }
  const flags = ['--package-lock-only', '--no-audit', '--no-fund', '--loglevel=error'];
  await runCommand('npm', ['install', ...flags, ...tarballs], { cwd: folder.path });
  const base = ['--build-arg', `NODE_IMAGE=${images['NODE_IMAGE'] ?? ''}`];
  await dockerCommand(['build', '--quiet', '--network', 'host', ...base, '--tag', IMAGE, folder.path], env);
}
