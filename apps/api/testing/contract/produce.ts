import type { Ask, ContractSystem } from './contractSystem.ts';
import type { Exchange } from './exchange.ts';
import type { DocumentedOperation } from './openApi.ts';

/** What producers of responses are given. */
export interface Situation {
  readonly system: ContractSystem;
  readonly operation: DocumentedOperation;
  /** Sends a request of the operation with an administrator's key. */
  readonly ask: (ask?: Ask) => Promise<Exchange>;
  /** Sends a request of another operation. */
  readonly other: (id: string, ask?: Ask) => Promise<Exchange>;
}

/** Makes an operation respond in a certain way; several responses are for several media types. */
export type Produce = (situation: Situation) => Promise<Exchange | readonly Exchange[]>;
