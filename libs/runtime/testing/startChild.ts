import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { eventually } from '@jobstream/testing';
import { expect, onTestFinished } from 'vitest';

export interface StartChildOptions {
  program?: 'processUnderTest' | 'parentUnderTest';
  scenario?: string;
  env?: Record<string, string>;
}

/** A program of the tests as a child process, which does not outlive the test: its log, its messages, its end. */
export interface TestChild {
  readonly process: ChildProcess;
  /** The messages of its log, in order. */
  readonly log: readonly string[];
  readonly received: readonly unknown[];
  /** Resolves when the log has the line. */
  logged(line: string): Promise<void>;
  /** Waits for the end of the process and of all that share its output. */
  end(): Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }>;
}

export function startChild({ program = 'processUnderTest', scenario = '', env = {} }: StartChildOptions): TestChild {
  const child = fork(new URL(`${program}.ts`, import.meta.url), scenario === '' ? [] : [scenario], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env,
    execArgv: [],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const log: string[] = [];
  const received: unknown[] = [];
  const { stdout, stderr } = child as ChildProcess & Record<'stdout' | 'stderr', Readable>;
  createInterface({ input: stdout }).on('line', (line) => log.push(messageOf(line)));
  child.on('message', (message) => received.push(message));
  // Not the event `close`, which does not come after `disconnect`.
  const ended = Promise.all([once(child, 'exit'), once(stdout, 'end'), text(stderr)]);
  return {
    process: child,
    log,
    received,
    logged: async (line) => eventually(() => expect(log).toContain(line)),
    async end() {
      const [, , errors] = await ended;
      return { code: child.exitCode, signal: child.signalCode, stderr: errors };
    },
  };
}

function messageOf(line: string): string {
  const { msg } = JSON.parse(line) as { msg: string };
  return msg;
}
