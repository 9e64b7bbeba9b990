/** One part of what CI runs. */
export interface Stage {
  readonly name: string;
  /** As one would type it in the root of the repository. */
  readonly command: string;
  /** Nothing after it means anything when it fails. */
  readonly blocking?: boolean;
  /** A stage that takes longer is ended and has failed; 30 if not given. */
  readonly minutes?: number;
}
