import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder } from '../programs/cacheFolder.ts';
import { debianNatsServer } from './debianNatsServer.ts';
import { goNatsServer } from './goNatsServer.ts';
import { compareVersions, minimumNatsVersion, natsServerVersion } from './natsServerVersion.ts';

export interface ResolveOptions {
  env?: NodeJS.ProcessEnv;
  /** Told in one line when something is about to be fetched, which may take a minute. */
  note?: (line: string) => void;
}

type Road = (cache: string, env: NodeJS.ProcessEnv) => Promise<string | undefined>;

const wanted = minimumNatsVersion.join('.');

/**
 * The path of a nats-server that is new enough: `NATS_SERVER`, the PATH, our cache, the Debian package of a newer
 * suite, or a build by Go, whichever comes first. Rejects with one sentence on what to install.
 */
export async function resolveNatsServer({ env = process.env, note }: ResolveOptions = {}): Promise<string> {
  if (env['NATS_SERVER']) return explicitServer(env['NATS_SERVER']);
  const cache = cacheFolder(env);
  const present = (await onPath(env)) ?? (await inCache(cache));
  if (present !== undefined) return present;
  note?.(`fetching nats-server into ${cache} (once, up to a minute)`);
  return fetchServer(cache, env);
}

async function explicitServer(binary: string): Promise<string> {
  const version = await natsServerVersion(binary);
  if (version === undefined) throw new Error(`NATS_SERVER=${binary} is not a nats-server that runs here.`);
  if (compareVersions(version, minimumNatsVersion) >= 0) return binary;
  throw new Error(`NATS_SERVER=${binary} is version ${version.join('.')}, but ${wanted} or newer is needed.`);
}

async function onPath(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return firstNewEnough(folders.map((folder) => path.join(folder, 'nats-server')));
}

async function inCache(cache: string): Promise<string | undefined> {
  const names = await readdir(path.join(cache, 'bin')).catch(() => []);
  const servers = names.filter((name) => /^nats-server-[\d.]+$/.test(name)).toSorted();
  return firstNewEnough(servers.toReversed().map((name) => path.join(cache, 'bin', name)));
}

async function firstNewEnough(binaries: string[]): Promise<string | undefined> {
  for (const binary of binaries) {
    const version = await natsServerVersion(binary);
    if (version !== undefined && compareVersions(version, minimumNatsVersion) >= 0) return binary;
  }
  return undefined;
}

async function fetchServer(cache: string, env: NodeJS.ProcessEnv): Promise<string> {
  const failures: unknown[] = [];
  const roads: Road[] = [debianNatsServer, goNatsServer];
  for (const road of roads) {
    const binary = await road(cache, env).catch((error: unknown) => void failures.push(error));
    if (binary !== undefined && (await firstNewEnough([binary])) !== undefined) return binary;
  }
  const sentence = `No nats-server ${wanted} or newer was found: install nats-server 2.15 or Go, or set NATS_SERVER to the path of the binary.`;
  throw new Error(sentence, { cause: new AggregateError(failures, failures.map(String).join('; ')) });
}
