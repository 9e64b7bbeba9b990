import { createHash } from 'node:crypto';
import { readFile, mkdtemp, rm, copyFile, mkdir, mkdtempDisposable } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot, debianMirror, cacheFolder, runCommand, resolveNatsServer } from '@jobstream/servers';
import { dockerCommand, imageExists } from './dockerCommand.ts';
import type { ImageOptions } from './dockerCommand.ts';
import { installPackages } from './installPackages.ts';
import os from 'node:os';

/** The packages that the public image of Node 24 includes. */
const NPM = 'npm@11.21.2';

const SUITE = 'trixie';

const NAME = `jobstream/standin-debian:${SUITE}`;

const tenMinutes = 600_000;

/** A public image that ours are made of or run beside, and the Dockerfile of its stand-in. */
export interface BaseImage {
  /** The variable that names the image to use instead. */
  readonly variable: string;
  readonly publicName: string;
  readonly standIn: StandIn;
}

/** As in Dockerfile and docker-compose.yml, which a test compares. */
export const baseImages: readonly BaseImage[] = [
  { variable: 'NODE_IMAGE', publicName: 'node:24.21.0-bookworm-slim', standIn: 'node' },
  { variable: 'RUNTIME_IMAGE', publicName: 'gcr.io/distroless/cc-debian12', standIn: 'runtime' },
  { variable: 'NATS_IMAGE', publicName: 'nats:2.15-alpine', standIn: 'nats' },
  { variable: 'POSTGRES_IMAGE', publicName: 'postgres:17', standIn: 'postgres' },
];

/** The names of the base images by their variables: named by the environment, pulled, or else stand-ins made here. */
export async function provideBaseImages(
  images: readonly BaseImage[],
  options: ImageOptions,
): Promise<Record<string, string>> {
  const names: Record<string, string> = {};
  const missing: BaseImage[] = [];
  for (const image of images) {
    const given = options.env[image.variable];
    if (given) names[image.variable] = given;
    else if (missing.length === 0 && (await canHave(image.publicName, options)))
      names[image.variable] = image.publicName;
    else missing.push(image);
  }
  if (missing.length === 0) return names;
  const debian = await buildDebianImage(options);
  const made = await Promise.all(missing.map(async (image) => [image.variable, await standIn(image, debian, options)]));
  return { ...names, ...Object.fromEntries(made) };
}

async function canHave(name: string, { env, note }: ImageOptions): Promise<boolean> {
  if (await imageExists(name, { env })) return true;
  return dockerCommand(['pull', '--quiet', name], env).then(
    () => true,
    (error: unknown) => {
      note(`${name} cannot be pulled (${String(error)}): making images from packages instead`);
      return false;
    },
  );
}

async function standIn({ standIn: kind }: BaseImage, debian: string, options: ImageOptions): Promise<string> {
  const file = path.join(repositoryRoot, 'tools', 'images', `${kind}.Dockerfile`);
  const hash = createHash('sha256').update(await readFile(file, 'utf8'));
  const name = `jobstream/standin-${kind}:${hash.digest('hex').slice(0, 12)}`;
  if (await imageExists(name, options)) return name;
  options.note(`building ${name}`);
  await using context = await buildContext(kind);
  const args = ['--build-arg', `DEBIAN_IMAGE=${debian}`, '--file', file, '--tag', name, context.path];
  await dockerCommand(['build', '--quiet', '--network', 'host', ...args], options.env);
  return name;
}

/** A small Debian, of which the stand-ins for other images are made, from the mirror that this machine uses. */
async function buildDebianImage({ env, note }: ImageOptions): Promise<string> {
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

/** debootstrap and the programs that it calls are only on the PATH of root. */
function withSbin(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: `${env['PATH']}:/usr/sbin:/sbin` };
}

/** The public images for which tools/images has a replacement. */
type StandIn = 'node' | 'runtime' | 'nats' | 'postgres' | 'prometheus';

type Fill = (folder: string) => Promise<unknown>;

const FILLS: Readonly<Record<StandIn, Fill>> = {
  node: (folder) => Promise.all([addNode(folder), addNpm(folder), addCertificates(folder)]),
  runtime: async () => {},
  nats: async (folder) => copyFile(await resolveNatsServer(), path.join(folder, 'nats-server')),
  postgres: (folder) => copyFile(inImages('startPostgres.sh'), path.join(folder, 'startPostgres.sh')),
  prometheus: async () => {},
};

/** A folder with the files that the Dockerfile of a stand-in copies. */
async function buildContext(kind: StandIn) {
  const folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-image-'));
  await FILLS[kind](folder.path);
  return folder;
}

/** The Node of the lock file, which is the one that runs this. */
function addNode(folder: string): Promise<void> {
  return copyFile(process.execPath, path.join(folder, 'node'));
}

async function addNpm(folder: string): Promise<void> {
  const scratch = path.join(folder, 'fetched');
  await mkdir(scratch);
  await runCommand('npm', ['install', '--prefix', scratch, '--no-audit', '--no-fund', '--install-links', NPM]);
  await runCommand('mv', [path.join(scratch, 'node_modules', 'npm'), path.join(folder, 'npm')]);
}

/** Whom this machine trusts: it may be a proxy on the way to the package registry. */
function addCertificates(folder: string): Promise<void> {
  return copyFile('/etc/ssl/certs/ca-certificates.crt', path.join(folder, 'certificates.pem'));
}

function inImages(name: string): string {
  return path.join(repositoryRoot, 'tools', 'images', name);
}
