import { Guard } from '@jobstream/servers';

let guard: Guard | undefined;

/**
 * Returns the guard that ends the servers of this process when it is killed. All tests of a process share it, because it
 * is a process itself: the single exception from the rule that nothing is shared at module scope.
 */
export function guardOfThisProcess(): Guard {
  if (guard === undefined) {
    guard = new Guard();
    guard.start();
  }
  return guard;
}
