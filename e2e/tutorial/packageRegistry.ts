import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { runCommand } from '@jobstream/servers';
import type { PackedPackage } from '@jobstream/tools';

/** A package registry on this machine. */
export interface PackageRegistry extends AsyncDisposable {
  readonly url: string;
}

/**
 * Serves packed packages as if they were published, so that `npm install` can be tried as users type it. All other
 * packages come from the registry that npm is configured for.
 */
export async function startPackageRegistry(packages: readonly PackedPackage[]): Promise<PackageRegistry> {
  const elsewhere = (await runCommand('npm', ['config', 'get', 'registry'])).trim();
  const answers = new Map<string, string | Buffer>();
  const server = createServer(({ url = '/' }, response) => {
    const answer = answers.get(decodeURIComponent(url));
    if (answer !== undefined) response.end(answer);
    else response.writeHead(302, { Location: new URL(url.slice(1), elsewhere).href }).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  for (const packed of packages) await publish(packed, url, answers);
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

/** Adds the answers about a package: its description and its tarball. */
async function publish(
  { definition: { name }, folder, tarball, version }: PackedPackage,
  url: string,
  answers: Map<string, string | Buffer>,
): Promise<void> {
  const file = path.basename(tarball);
  const content = await readFile(tarball);
  const manifest = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as object;
  const integrity = `sha512-${createHash('sha512').update(content).digest('base64')}`;
  const versions = { [version]: { ...manifest, dist: { tarball: url + file, integrity } } };
  answers.set(`/${file}`, content);
  answers.set(`/${name}`, JSON.stringify({ name, 'dist-tags': { latest: version }, versions }));
}
