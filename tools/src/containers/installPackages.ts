import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { runCommand } from '@jobstream/servers';
import { NoContainerEngineError } from './dockerCommand.ts';

const tenMinutes = 600_000;

/** Installs Debian packages unless the program is installed. @throws NoContainerEngineError if not run by root. */
export async function installPackages(
  program: string,
  packages: string[],
  { env, note }: { env: NodeJS.ProcessEnv; note: (line: string) => void },
): Promise<void> {
  if (isInstalled(program, env)) return;
  if (process.getuid?.() !== 0) throw new NoContainerEngineError(`${program} is missing, and installing it takes root`);
  note(`installing ${packages.join(', ')} (once, up to a minute)`);
  const settings = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: tenMinutes };
  await runCommand('apt-get', ['update'], settings);
  await runCommand('apt-get', ['install', '-y', '--no-install-recommends', ...packages], settings);
}

function isInstalled(program: string, env: NodeJS.ProcessEnv): boolean {
  const folders = [...(env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => isExecutable(path.join(folder, program)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
