import type { Durability } from '../servers/durability.ts';
import type { RunningServers } from '../servers/runningServers.ts';

/** What is asked over HTTP: a path, a body, and how much work one request stands for. */
export interface HttpCall {
  readonly path: string;
  readonly body: string;
  readonly jobs: number;
  readonly connections: number;
}

/** Something that answers HTTP; the address of its running servers is the URL. */
export interface HttpTarget {
  readonly id: string;
  readonly name: string;
  readonly call: HttpCall;
  serve(folder: string, durability: Durability): Promise<RunningServers>;
}
