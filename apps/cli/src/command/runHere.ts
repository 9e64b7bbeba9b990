import type { ExitCode } from './exitCode.ts';
import type { Surroundings } from './surroundings.ts';

/** Binds the work of a command on this machine to its surroundings; commander calls the result. */
export type RunHere = <Given extends unknown[]>(
  work: (surroundings: Surroundings, ...given: Given) => Promise<ExitCode>,
) => (...given: [...Given, unknown]) => Promise<void>;
