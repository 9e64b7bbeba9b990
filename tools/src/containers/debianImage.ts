import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { debianMirror, cacheFolder, runCommand } from '@jobstream/servers';
import { dockerCommand } from './dockerCommand.ts';
import { imageExists } from './imageExists.ts';
import type { ImageOptions } from './imageExists.ts';
import { installPackages } from './installPackages.ts';

const SUITE = 'trixie';
const NAME = `jobstream/standin-debian:${SUITE}`;
const tenMinutes = 600_000;

/** A small Debian, of which the stand-ins for other images are made, from the mirror that this machine uses. */
export async function buildDebianImage({ env, note }: ImageOptions): Promise<string> {
  if (await imageExists(NAME, { env })) return NAME;
  await installPackages('debootstrap', ['debootstrap'], { env, note });
  note(`building ${NAME} (once, half a minute)`);
  const work = await mkdtemp(path.join(cacheFolder(env), 'debian-'));
  const [root, archive] = [path.join(work, 'root'), path.join(work, 'root.tar')];
  try {
    const options = ['--variant=minbase', '--include=ca-certificates,libstdc++6', SUITE, root, await debianMirror()];
    await runCommand('debootstrap', options, { env: withSbin(env), timeoutMs: tenMinutes });
    const lists = ['--exclude=./var/lib/apt/lists/*', '--exclude=./var/cache/apt/archives/*.deb'];
    await runCommand('tar', ['--create', '--file', archive, '--directory', root, ...lists, '.'], { env });
    await dockerCommand(['import', archive, NAME], env);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return NAME;
}

/** debootstrap and what it calls lie where only root looks. */
function withSbin(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: `${env['PATH']}:/usr/sbin:/sbin` };
}
