import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readCommandLine } from '@jobstream/runtime';
import { Guard, repositoryRoot } from '@jobstream/servers';
import { reportFailure } from './src/commandLine/runTool.ts';
import { buildAppImages } from './src/containers/appImages.ts';
import { baseImages, provideBaseImages } from './src/containers/baseImages.ts';
import { containerEngine } from './src/containers/containerEngine.ts';
import { dockerCommand } from './src/containers/dockerCommand.ts';

readCommandLine({
  command: 'npm run images',
  summary:
    'Builds the images of the API, the projector and the worker, and stand-ins for base images that cannot be pulled.\n' +
    'Their names go to .data/images.env, from where `npm run env` takes them.',
  environment: { CI: '`true` installs and starts a container engine if there is none, which takes root.' },
});

const note = (line: string) => console.error(line);
const guard = new Guard();
guard.start();
const mayInstall = process.env['CI'] === 'true';
try {
  await using engine = await containerEngine({ env: process.env, mayInstall, guard, note });
  const { env } = engine;
  const bases = await provideBaseImages(baseImages, { env, note });
  const { NODE_IMAGE, RUNTIME_IMAGE } = bases;
  const apps = await buildAppImages({ NODE_IMAGE, RUNTIME_IMAGE } as Record<string, string>, { env, note });
  recordNames(bases);
  const list = ['image', 'inspect', '--format', '{{index .RepoTags 0}} {{.Size}}', ...Object.values(apps)];
  console.log(await dockerCommand(list, env));
} catch (error) {
  reportFailure(error);
}
await guard.stop();

function recordNames(names: Readonly<Record<string, string>>): void {
  const folder = path.join(repositoryRoot, '.data');
  mkdirSync(folder, { recursive: true });
  const lines = Object.entries(names).map(([name, image]) => `${name}=${image}\n`);
  writeFileSync(path.join(folder, 'images.env'), lines.join(''));
}
