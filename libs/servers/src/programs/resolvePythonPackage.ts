import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from './cacheFolder.ts';
import { runCommand } from '../process/runCommand.ts';

/** Packages of which only the data is used: schemas of the APIs that deployment files address. */
export const pythonPackages = {
  /** JSON schemas of Kubernetes, for each version also a strict form that rejects unknown fields. */
  'kubernetes-validate': '1.37.0',
  /** The discovery documents of Google's APIs, including Cloud Run. */
  'google-api-python-client': '2.202.0',
} as const;

/** The folder of the unpacked package, or the reason why it is not available. */
export type ResolvedPythonPackage = { readonly folder: string } | { readonly missing: string };

/** Downloads a package into the cache once and unpacks it; nothing of it is installed or run. */
export async function resolvePythonPackage(
  name: keyof typeof pythonPackages,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ResolvedPythonPackage> {
  const requirement = `${name}==${pythonPackages[name]}`;
  const kept = path.join(cacheFolder(env), 'python', requirement);
  if (existsSync(kept)) return { folder: kept };
  const hasPip = await runCommand('python3', ['-m', 'pip', '--version'], { env }).then(Boolean, () => false);
  if (!hasPip) return { missing: `${requirement} is downloaded with pip, which is not installed here` };
  await fetchInto(kept, requirement, env);
  return { folder: kept };
}

/** The final step is a rename, so that concurrent processes never see a partial folder. */
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
