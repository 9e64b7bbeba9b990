import { readFileSync } from 'node:fs';
import path from 'node:path';
import { goTools, repositoryRoot, resolveGoTool } from '@jobstream/servers';
import { eventually, queryDatabase } from '@jobstream/test-support';
import type { TestProcess } from '@jobstream/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingLine } from '../docs/compareOutput.ts';
import { type DocumentedCommand, documentedCommands } from '../docs/fencedBlocks.ts';
import { runInShell } from '../harness/runInShell.ts';
import { missingPrograms } from '../harness/runProgram.ts';
import { type ReplayStage, startReplayStage } from './replayTestbed.ts';

const page = readFileSync(path.join(repositoryRoot, 'docs', 'replay.md'), 'utf8');
const cli = await resolveGoTool('nats');
const binary = 'binary' in cli ? cli.binary : '';
const missing = [...('missing' in cli ? [cli.missing] : []), ...missingPrograms('bash', 'curl', 'jq')];

test('the page names the version that it was tested with', () => {
  expect(page).toContain(`\`nats\` ${goTools.nats.version}`);
});

test('the nats command line is installed, as CI requires', (context) => {
  if (missing.length > 0 && process.env['CI'] === undefined) return context.skip(missing.join('; '));
  expect(missing).toEqual([]);
});

describe.skipIf(missing.length > 0)('on a running system,', () => {
  let stage: ReplayStage;

  beforeAll(async () => {
    stage = await startReplayStage(binary);
  });

  afterAll(async () => {
    await stage?.[Symbol.asyncDispose]();
  });

  test.for(documentedCommands(page))('$command', async (documented, { signal }) => {
    await stage.jobs.reaches(stage.env['FAILED'] ?? '', 'failed');
    const shell = runInShell(documented.command, { env: stage.env, signal });
    const complaint = documented.endless ? await follow(documented, shell, stage) : await finish(documented, shell);
    expect(complaint).toBeUndefined();
  });

  test('a delayed job whose timer fires early gets a new timer', async ({ signal }) => {
    const run = async (command: string) => {
      const shell = runInShell(command, { env: stage.env, signal });
      await shell.ended;
      return shell.output;
    };
    const timer = 'nats stream get TIMERS --last-for "timers.at.email.$DELAYED" --json | jq .seq';
    const before = Number(await run(timer));
    await run(documentedCommands(page).find(({ command }) => command.includes('timers.due.email'))?.command ?? '');
    await eventually(async () => expect(Number(await run(timer))).toBeGreaterThan(before));
  });

  test('the restored log rebuilds the same table in an empty database and restores the timer of the delayed job', async (context) => {
    const original = await jobsIn(stage.databases.original);
    expect(original).toHaveLength(3);
    await using _services = await stage.startRestored();
    await eventually(async () => expect(await jobsIn(stage.databases.restored)).toEqual(original));
    await eventually(async () => {
      const shell = runInShell('nats --context empty stream subjects TIMERS --names', { ...stage, ...context });
      await shell.ended;
      expect(shell.output).toContain(`timers.at.email.${stage.env['DELAYED']}`);
      expect(shell.output).toContain('timers.cron.nightly-report');
    });
    expect(await jobsIn(stage.databases.restored)).toEqual(original);
  });
});

function jobsIn(databaseUrl: string): Promise<object[]> {
  return queryDatabase(databaseUrl, 'SELECT * FROM jobs ORDER BY id');
}

/** Waits for the end of the command and answers what is wrong with it, if anything. */
async function finish({ output, endless }: DocumentedCommand, shell: TestProcess): Promise<string | undefined> {
  const code = await shell.ended;
  if (code !== (endless ? 'SIGINT' : 0)) return `it ended with ${code}:\n${shell.output}`;
  const line = missingLine(output, shell.output);
  return line === undefined ? undefined : `it does not print "${line}" but:\n${shell.output}`;
}

/** Lets a job fail while the command follows what happens, and ends the command as Ctrl-C does. */
async function follow(
  documented: DocumentedCommand,
  shell: TestProcess,
  { env, jobs }: ReplayStage,
): Promise<string | undefined> {
  await eventually(() => expect(shell.output).toContain('Subscribing'));
  await fetch(`${env['API']}/api/jobs/${env['FAILED']}/retry`, { method: 'POST' });
  await eventually(() => expect(missingLine(documented.output, shell.output)).toBeUndefined());
  await jobs.reaches(env['FAILED'] ?? '', 'failed');
  shell.kill('SIGINT');
  return finish(documented, shell);
}
