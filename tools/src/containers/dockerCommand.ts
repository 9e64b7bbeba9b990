import { runCommand } from '@jobstream/servers';

const halfAnHour = 1_800_000;

/** Runs `docker` to its end and returns what it wrote; rejects with its last line when it fails. */
export async function dockerCommand(args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  return (await runCommand('docker', args, { env, timeoutMs: halfAnHour })).trim();
}
