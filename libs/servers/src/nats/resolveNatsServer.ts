import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder, keepInCache } from '../programs/cacheFolder.ts';
import { goProgram } from '../programs/goProgram.ts';
import { existsSync } from 'node:fs';
import { unpackAptPackage } from '../programs/aptPackage.ts';
import { runCommand } from '../process/runCommand.ts';

/** The oldest server with every feature that the event log relies on, see docs/decisions. */
export const minimumNatsVersion: Version = [2, 14, 4];

/** The first Debian release whose nats-server is new enough. */
const newEnoughSuite = 'forky';

export interface ResolveOptions {
  env?: NodeJS.ProcessEnv;
  /** Receives one line before a download, which may take a minute. */
  note?: (line: string) => void;
}

type Road = (cache: string, env: NodeJS.ProcessEnv) => Promise<string | undefined>;

const wanted = minimumNatsVersion.join('.');

/**
 * Finds or fetches a nats-server of at least `minimumNatsVersion`. Tries in this order: `NATS_SERVER`, the PATH, the
 * cache, the Debian package of a newer suite, a build with Go.
 *
 * @returns the path of the binary.
 * @throws Error with one sentence on what to install.
 */
export async function resolveNatsServer({ env = process.env, note }: ResolveOptions = {}): Promise<string> {
  const present = await findNatsServer(env);
  if (present !== undefined) return present;
  const cache = cacheFolder(env);
  note?.(`fetching nats-server into ${cache} (once, up to a minute)`);
  return fetchServer(cache, env);
}

/**
 * Finds a nats-server that is new enough without fetching one; undefined if there is none.
 *
 * @throws Error with one sentence when `NATS_SERVER` names one that cannot be used.
 */
export async function findNatsServer(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  if (env['NATS_SERVER']) return explicitServer(env['NATS_SERVER']);
  return (await firstNewEnough(onPath(env))) ?? (await inCache(cacheFolder(env)));
}

/** Returns the version of the first nats-server on the PATH, such as `2.9.1`; undefined if there is none. */
export async function natsServerOnPath(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const binary of onPath(env)) {
    const version = await natsServerVersion(binary);
    if (version !== undefined) return version.join('.');
  }
  return undefined;
}

async function explicitServer(binary: string): Promise<string> {
  const version = await natsServerVersion(binary);
  if (version === undefined) throw new Error(`NATS_SERVER=${binary} is not a nats-server that runs here.`);
  if (compareVersions(version, minimumNatsVersion) >= 0) return binary;
  throw new Error(`NATS_SERVER=${binary} is version ${version.join('.')}, but ${wanted} or newer is needed.`);
}

function onPath(env: NodeJS.ProcessEnv): string[] {
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => path.join(folder, 'nats-server')).filter((file) => existsSync(file));
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

/** Builds nats-server with Go and returns its path; undefined if Go is not installed. */
export function goNatsServer(cache: string, env: NodeJS.ProcessEnv, version = '2.15.1'): Promise<string | undefined> {
  return goProgram({ name: 'nats-server', source: 'github.com/nats-io/nats-server/v2', version }, cache, env);
}

/** Takes nats-server from the Debian package of a newer suite; undefined if apt is not installed. */
async function debianNatsServer(cache: string): Promise<string | undefined> {
  const hasApt = await runCommand('apt-get', ['--version']).then(Boolean, () => false);
  if (!hasApt) return undefined;
  return keepInCache(cache, nameByVersion, (scratch) => unpackNatsServer(scratch, newEnoughSuite));
}

/** Unpacks the Debian package of nats-server and returns the path of the binary in it. */
export async function unpackNatsServer(target: string, suite?: string): Promise<string> {
  await unpackAptPackage('nats-server', target, suite);
  const places = ['usr/bin/nats-server', 'usr/sbin/nats-server'].map((place) => path.join(target, place));
  const binary = places.find((place) => existsSync(place));
  if (binary === undefined) throw new Error('the package contains no nats-server');
  return binary;
}

async function nameByVersion(binary: string): Promise<string> {
  const version = await natsServerVersion(binary);
  if (version === undefined) throw new Error('the packaged nats-server does not run here');
  return `nats-server-${version.join('.')}`;
}

type Version = [major: number, minor: number, patch: number];

/** Returns the version of a nats-server binary; undefined when it does not run or prints none. */
export async function natsServerVersion(binary: string): Promise<Version | undefined> {
  const output = await runCommand(binary, ['--version'], { timeoutMs: 20_000 }).catch(() => '');
  return parseVersion(output);
}

/** Returns the first `x.y.z` of a text; undefined if there is none. */
export function parseVersion(text: string): Version | undefined {
  const found = /(\d+)\.(\d+)\.(\d+)/.exec(text);
  return found === null ? undefined : [Number(found[1]), Number(found[2]), Number(found[3])];
}

/** Compares two versions; returns a negative number, zero or a positive number, as `Array.prototype.sort` expects. */
export function compareVersions(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
