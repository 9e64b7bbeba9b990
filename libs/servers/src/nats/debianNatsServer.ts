import { existsSync } from 'node:fs';
import path from 'node:path';
import { unpackAptPackage } from '../programs/aptPackage.ts';
import { keepInCache } from '../programs/keepInCache.ts';
import { natsServerVersion } from './natsServerVersion.ts';
import { runCommand } from '../process/runCommand.ts';

/** The first Debian release that carries a nats-server with everything we need. */
const newEnoughSuite = 'forky';

/** Takes nats-server from the Debian package of a newer suite; undefined where there is no apt. */
export async function debianNatsServer(cache: string): Promise<string | undefined> {
  const hasApt = await runCommand('apt-get', ['--version']).then(Boolean, () => false);
  if (!hasApt) return undefined;
  return keepInCache(cache, nameByVersion, (scratch) => unpackNatsServer(scratch, newEnoughSuite));
}

/** Unpacks the Debian package of nats-server and returns the path of the binary in it. */
export async function unpackNatsServer(target: string, suite?: string): Promise<string> {
  await unpackAptPackage('nats-server', target, suite);
  const places = ['usr/bin/nats-server', 'usr/sbin/nats-server'].map((place) => path.join(target, place));
  const binary = places.find((place) => existsSync(place));
  if (binary === undefined) throw new Error('the package holds no nats-server');
  return binary;
}

async function nameByVersion(binary: string): Promise<string> {
  const version = await natsServerVersion(binary);
  if (version === undefined) throw new Error('the packaged nats-server does not run here');
  return `nats-server-${version.join('.')}`;
}
