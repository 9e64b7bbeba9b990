/** A key that protects the keys of jobs; the first of several protects new ones, the others are there for older ones. */
export interface MasterKey {
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}
