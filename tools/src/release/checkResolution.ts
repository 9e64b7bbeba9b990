import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot, runCommand } from '@jobstream/servers';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import type { PackedPackage } from './packPackage.ts';
import { isLibrary } from './publishedPackages.ts';

/**
 * Returns what publint and Are The Types Wrong say of a tarball: whether Node, bundlers and TypeScript find its code and
 * its types. It is ESM, which `require` of Node 20.19, 22.12 and later loads.
 */
export async function checkResolution(packed: PackedPackage): Promise<string[]> {
  return [...(await lintManifest(packed)), ...(isLibrary(packed.definition) ? await checkTypes(packed) : [])];
}

async function lintManifest({ tarball }: PackedPackage): Promise<string[]> {
  const { buffer } = new Uint8Array(await readFile(tarball));
  const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true });
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`);
}

async function checkTypes({ tarball, definition }: PackedPackage): Promise<string[]> {
  const attw = path.join(repositoryRoot, 'node_modules/@arethetypeswrong/cli/dist/index.js');
  const args = [attw, tarball, '--profile', 'esm-only', '--no-color', '--no-emoji', '--format', 'ascii'];
  const internal = Object.keys(definition.internalEntries ?? {});
  if (internal.length > 0) args.push('--exclude-entrypoints', ...internal);
  try {
    await runCommand(process.execPath, args, { cwd: repositoryRoot });
    return [];
  } catch (error) {
    return [`attw: ${error instanceof Error ? error.message : String(error)}`];
  }
}
