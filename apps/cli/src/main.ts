#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ExitCode } from './command/exitCode.ts';
import { runCommandLine } from './program.ts';
import { onNpxEnd } from './system/npxEnd.ts';

const home = path.resolve(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8')) as { version: string };
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupted.abort());
onNpxEnd(process.env, () => interrupted.abort());
// `jobstream list | head` has what it wants when head ends; there is nobody left to be told.
process.stdout.on('error', () => process.exit(ExitCode.ok));

process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  folder: process.cwd(),
  home,
  version,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interrupted.signal,
});
