#!/usr/bin/env node
import { ExitCode } from './command/exitCode.ts';
import { runCommandLine } from './program.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupted.abort());
// `jobstream list | head` has what it wants when head ends; there is nobody left to be told.
process.stdout.on('error', () => process.exit(ExitCode.ok));

process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  folder: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interrupted.signal,
});
