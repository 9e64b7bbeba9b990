import { execFile } from 'node:child_process';
import path from 'node:path';
import { root } from './plantedTree.ts';

/**
 * What a compiler takes that shares two cores with other tests: by default it checks the same types in several threads, and collects
 * its garbage often. A third of the CPU time less.
 */
const FRUGAL = { words: ['--singleThreaded'], env: { GOGC: '400' } };

/** Returns what the compiler complains of in a project, whose path is seen from `cwd`; the empty string if it finds nothing. */
export function compile(project: string, cwd: string = root): Promise<string> {
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const words = [tsc, '--noEmit', '--pretty', 'false', ...FRUGAL.words, '-p', project];
  return new Promise((resolve) => {
    const env = { ...process.env, ...FRUGAL.env };
    execFile(process.execPath, words, { cwd, env }, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}
