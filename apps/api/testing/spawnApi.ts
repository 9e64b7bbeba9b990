import { on } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { builtProgram, eventually, TestProcess } from '@jobstream/test-support';

/** An API process. */
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

/** Starts an API process on a port and waits until it answers; `env` is its whole environment. */
export async function spawnApi(
  port: number,
  env: Record<string, string>,
  nodeOptions: readonly string[] = [],
): Promise<ApiProcess> {
  const settings = { LOG_LEVEL: 'silent', PORT: String(port), ...env };
  const api = new TestProcess(process.execPath, { env: settings, args: [...nodeOptions, builtProgram(main)] });
  const url = `http://127.0.0.1:${port}`;
  await eventually(() => fetch(`${url}/health/live`));
  return {
    url,
    kill: async (signal) => {
      api.kill(signal);
      await api.ended;
    },
    ask: async (question) => {
      const answers = on(api.child, 'message', { close: ['exit'] });
      api.child.send(question);
      for await (const [answer] of answers as AsyncIterable<[Readonly<Record<string, unknown>>]>) {
        if (Object.hasOwn(answer, question)) return answer[question];
      }
      throw new Error('the process has ended');
    },
    memory: async () => {
      const status = await readFile(`/proc/${api.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}
