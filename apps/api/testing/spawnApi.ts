import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { eventually } from '@jobstream/testing';

/** An API process. It also ends when this process does, because it hangs on its IPC channel. */
export interface ApiProcess extends AsyncDisposable {
  readonly url: string;
  /** In bytes. */
  memory(): Promise<number>;
  /** Sends a question over the IPC channel and resolves to what an answer has under that name; rejects if the process ends. */
  ask(question: string): Promise<unknown>;
  /** Sends a signal and resolves when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** Starts an API process on a port and waits until it answers; `env` is all of its environment. */
export async function spawnApi(
  port: number,
  env: Record<string, string>,
  nodeOptions: readonly string[] = [],
): Promise<ApiProcess> {
  const settings = { LOG_LEVEL: 'silent', PORT: String(port), ...env };
  const child = spawn(process.execPath, [...nodeOptions, main], {
    env: settings,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  await eventually(() => fetch(`${url}/health/live`), { timeoutMs: 40_000 });
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  return {
    url,
    kill,
    ask: async (question) => {
      const answers = on(child, 'message', { close: ['exit'] });
      child.send(question);
      for await (const [answer] of answers as AsyncIterable<[Readonly<Record<string, unknown>>]>) {
        if (Object.hasOwn(answer, question)) return answer[question];
      }
      throw new Error('the process has ended');
    },
    memory: async () => {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
    },
    [Symbol.asyncDispose]: () => kill('SIGKILL'),
  };
}
