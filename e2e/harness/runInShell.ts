import { repositoryRoot } from '@jobstream/servers';
import { TestProcess } from '@jobstream/test-support';

export interface ShellOptions {
  /** The whole environment of the shell. */
  readonly env: Record<string, string>;
  /** Ends the shell and all that it has started. */
  readonly signal: AbortSignal;
}

/** Runs commands in Bash at the root of the repository, as an operator types them; signals reach all that it runs. */
export function runInShell(commands: string, { env, signal }: ShellOptions): TestProcess {
  const args = ['-euo', 'pipefail', '-c', commands];
  // `nats` gives up after five seconds otherwise, which a busy machine may take.
  const patient = { NATS_TIMEOUT: '60s', ...env };
  const shell = new TestProcess('bash', { args, cwd: repositoryRoot, env: patient, group: true, ipc: false });
  const onAbort = () => shell.kill('SIGKILL');
  signal.addEventListener('abort', onAbort);
  void shell.ended.then(() => signal.removeEventListener('abort', onAbort));
  return shell;
}
