/** A program that a worker needs is not on this machine. */
export class NotInstalledError extends Error {
  readonly code = 'NOT_INSTALLED';

  constructor(program: string, options?: ErrorOptions) {
    super(`${program} is not installed here`, options);
    this.name = 'NotInstalledError';
  }
}
