/** Why there are no containers on this machine, in one sentence. */
export class NoContainerEngineError extends Error {
  readonly code = 'NO_CONTAINER_ENGINE';
}
