import { goProgram } from '../programs/goProgram.ts';

/** Builds nats-server with the Go toolchain of this machine; undefined where there is none. */
export function goNatsServer(cache: string, env: NodeJS.ProcessEnv, version = '2.15.1'): Promise<string | undefined> {
  return goProgram({ name: 'nats-server', source: 'github.com/nats-io/nats-server/v2', version }, cache, env);
}
