import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot, Guard } from '@jobstream/servers';
import { buildAppImages } from './src/containers/appImages.ts';
import { baseImages, provideBaseImages } from './src/containers/baseImages.ts';
import { containerEngine } from './src/containers/containerEngine.ts';
import { dockerCommand } from './src/containers/dockerCommand.ts';
const note = (line: string) => console.error(line);

/** Builds our images; where no registry can be reached, the images that they are made of as well. */
async function main(): Promise<void> {
  const guard = new Guard();
  guard.start();
  const mayInstall = process.env['CI'] === 'true';
  try {
    await using engine = await containerEngine({ env: process.env, mayInstall, guard, note });
    const bases = await provideBaseImages(baseImages, { env: engine.env, note });
    const { NODE_IMAGE, RUNTIME_IMAGE } = bases;
    const apps = await buildAppImages({ NODE_IMAGE, RUNTIME_IMAGE } as Record<string, string>, {
      env: engine.env,
      note,
    });
    keepNames(bases);
    const list = ['image', 'inspect', '--format', '{{index .RepoTags 0}} {{.Size}}', ...Object.values(apps)];
    console.log(await dockerCommand(list, engine.env));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
  await guard.stop();
}

/** For `npm run env`, so that Compose takes the same images. */
function keepNames(names: Readonly<Record<string, string>>): void {
  const folder = path.join(repositoryRoot, '.data');
  mkdirSync(folder, { recursive: true });
  const lines = Object.entries(names).map(([name, image]) => `${name}=${image}\n`);
  writeFileSync(path.join(folder, 'images.env'), lines.join(''));
}

await main();
