import type { Guard } from '@jobstream/servers';

/** A container engine, and the environment in which `docker`, Compose and Testcontainers find it. */
export interface ContainerEngine extends AsyncDisposable {
  readonly env: NodeJS.ProcessEnv;
}

export interface EngineOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Installs and starts an engine where none answers, which takes root. */
  readonly mayInstall: boolean;
  readonly guard: Guard;
  readonly note: (line: string) => void;
}
