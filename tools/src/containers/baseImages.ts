import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { buildDebianImage } from './debianImage.ts';
import { dockerCommand } from './dockerCommand.ts';
import { buildContext, type StandIn } from './buildContext.ts';
import { imageExists } from './imageExists.ts';
import type { ImageOptions } from './imageExists.ts';

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
