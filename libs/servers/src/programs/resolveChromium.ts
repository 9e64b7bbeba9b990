import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { runCommand } from '../process/runCommand.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const tenMinutes = 600_000;

/** The path of the program, or the reason why it is not available. */
type ResolvedChromium = { readonly binary: string } | { readonly missing: string };

/**
 * Finds Chromium: the path in `CHROMIUM`, or one in the `PATH`; for root on Debian it installs the distribution's.
 *
 * @returns its path, or the reason why it is not available.
 */
export async function resolveChromium(env: NodeJS.ProcessEnv = process.env): Promise<ResolvedChromium> {
  const found = env['CHROMIUM'] || inPath(env);
  if (found) return { binary: found };
  if (process.getuid?.() !== 0) return { missing: 'Chromium is not installed: install it, or set CHROMIUM' };
  try {
    // Unpacked into the cache it would miss some dozen libraries, and a font.
    const packages = ['chromium', 'fonts-dejavu-core'];
    await runCommand('apt-get', ['install', '-y', '--no-install-recommends', ...packages], {
      env,
      timeoutMs: tenMinutes,
    });
  } catch (error) {
    return { missing: `Chromium is not installed, and ${String(error)}` };
  }
  return { binary: inPath(env) ?? '/usr/bin/chromium' };
}

function inPath(env: NodeJS.ProcessEnv): string | undefined {
  const folders = (env['PATH'] ?? '').split(path.delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name))).find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
