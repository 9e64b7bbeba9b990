import type { Readable } from 'node:stream';
import type { Outputs } from '../output/printer.ts';

/** All that a command uses of its process, so that it runs in tests as it does in a terminal. */
export interface Surroundings extends Outputs {
  /** Where relative paths begin. */
  readonly folder: string;
  /** The folder of this package: of its sources, or as it is installed. */
  readonly home: string;
  /** That of this package. */
  readonly version: string;
  readonly stdin: Readable & {
    readonly isTTY?: boolean | undefined;
    /** Of a terminal: whether keys come at once. */
    readonly setRawMode?: ((raw: boolean) => unknown) | undefined;
  };
  /** Aborted when the command should end: at Ctrl-C, or when nobody reads its output any more. */
  readonly signal: AbortSignal;
}
