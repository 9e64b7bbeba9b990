import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from './cacheFolder.ts';
import { runCommand } from '../process/runCommand.ts';

/** Packages of which only the data are used: descriptions of the APIs that deployment files speak to. */
export const pythonPackages = {
  /** JSON schemas of Kubernetes, each version also in a strict form that knows no other fields. */
  'kubernetes-validate': '1.37.0',
  /** The discovery documents of Google's APIs, Cloud Run among them. */
  'google-api-python-client': '2.202.0',
} as const;

/** Where the package is unpacked, or why it cannot be had here. */
export type ResolvedPythonPackage = { readonly folder: string } | { readonly missing: string };

/** The unpacked package, fetched once into the cache. Nothing of it is installed or run. */
export async function resolvePythonPackage(
  name: keyof typeof pythonPackages,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ResolvedPythonPackage> {
  const requirement = `${name}==${pythonPackages[name]}`;
  const kept = path.join(cacheFolder(env), 'python', requirement);
  if (existsSync(kept)) return { folder: kept };
  const hasPip = await runCommand('python3', ['-m', 'pip', '--version'], { env }).then(Boolean, () => false);
  if (!hasPip) return { missing: `${requirement} comes by pip, which is not installed here` };
  await fetchInto(kept, requirement, env);
  return { folder: kept };
}

/** The move at the end is a rename, so that two processes that fetch at once never see half of it. */
async function fetchInto(kept: string, requirement: string, env: NodeJS.ProcessEnv): Promise<void> {
  await mkdir(path.dirname(kept), { recursive: true });
  const scratch = await mkdtemp(path.join(path.dirname(kept), 'fetch-'));
  try {
    await runCommand('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', scratch, requirement], {
      env,
    });
    const [wheel = ''] = await readdir(scratch);
    await runCommand('python3', ['-m', 'zipfile', '-e', path.join(scratch, wheel), path.join(scratch, 'unpacked')]);
    await rename(path.join(scratch, 'unpacked'), kept).catch((error: unknown) => {
      if (!existsSync(kept)) throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
