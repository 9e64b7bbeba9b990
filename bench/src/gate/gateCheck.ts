import type { Measurable } from './measurable.ts';

/** What is done by us, and the least that it could cost, on the same servers. */
export interface GatePair {
  readonly ours: Measurable;
  readonly bare: Measurable;
  stop(): Promise<void>;
}

export interface GateCheck {
  readonly id: string;
  readonly title: string;
  readonly bareTitle: string;
  /**
   * Whose processor time is compared. That of nats-server is none of it: how often its threads wake and look for work
   * depends on what else the machine does, and the same run came to 2.0 and to 2.6 times the bare one.
   */
  readonly counts: 'process' | 'both';
  open(folder: string): Promise<GatePair>;
}
