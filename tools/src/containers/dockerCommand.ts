import { runCommand } from '@jobstream/servers';
import type { Guard } from '@jobstream/servers';

const halfAnHour = 1_800_000;

/** Runs `docker` to its end and returns its output; rejects with its last line when it fails. */
export async function dockerCommand(args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  return (await runCommand('docker', args, { env, timeoutMs: halfAnHour })).trim();
}

/** How images are pulled and built. */
export interface ImageOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly note: (line: string) => void;
}

/** Whether the engine has the image already. */
export function imageExists(name: string, { env }: Pick<ImageOptions, 'env'>): Promise<boolean> {
  return dockerCommand(['image', 'inspect', '--format', '{{.Id}}', name], env).then(Boolean, () => false);
}

/** Why there are no containers on this machine, in one sentence. */
export class NoContainerEngineError extends Error {
  readonly code = 'NO_CONTAINER_ENGINE';
}

/** A container engine, and the environment in which `docker`, Compose and Testcontainers find it. */
export interface ContainerEngine extends AsyncDisposable {
  readonly env: NodeJS.ProcessEnv;
}

export interface EngineOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Installs and starts an engine if none responds, which requires root. */
  readonly mayInstall: boolean;
  readonly guard: Guard;
  readonly note: (line: string) => void;
}
