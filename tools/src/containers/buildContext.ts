import { copyFile, mkdir, mkdtempDisposable } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { repositoryRoot, resolveNatsServer, runCommand } from '@jobstream/servers';
/** What the public image of Node 24 brings along. */
const NPM = 'npm@11.21.2';

/** What there is a Dockerfile for, as a stand-in for a public image. */
export type StandIn = 'node' | 'runtime' | 'nats' | 'postgres' | 'prometheus';

type Fill = (folder: string) => Promise<unknown>;

const FILLS: Readonly<Record<StandIn, Fill>> = {
  node: (folder) => Promise.all([addNode(folder), addNpm(folder), addCertificates(folder)]),
  runtime: async () => {},
  nats: async (folder) => copyFile(await resolveNatsServer(), path.join(folder, 'nats-server')),
  postgres: (folder) => copyFile(inImages('startPostgres.sh'), path.join(folder, 'startPostgres.sh')),
  prometheus: async () => {},
};

/** A folder with the files that the Dockerfile of a stand-in copies. */
export async function buildContext(kind: StandIn) {
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
