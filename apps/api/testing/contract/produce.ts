import type { Ask, ContractSystem } from './contractSystem.ts';
import type { Exchange } from './exchange.ts';
import type { DocumentedOperation } from './openApi.ts';

/** What somebody who wants a certain answer is given. */
export interface Situation {
  readonly system: ContractSystem;
  readonly operation: DocumentedOperation;
  /** Sends a request of the operation, with a key that may do all. */
  readonly ask: (ask?: Ask) => Promise<Exchange>;
  /** Sends a request of another operation. */
  readonly other: (id: string, ask?: Ask) => Promise<Exchange>;
}

/** Makes an operation answer in a certain way; several answers are for several media types. */
export type Produce = (situation: Situation) => Promise<Exchange | readonly Exchange[]>;
