import { afterEach } from 'vitest';
import { takeUnawaited } from './awaitedPauses.ts';

afterEach(() => {
  const [first] = takeUnawaited();
  if (first !== undefined) throw new Error(`nothing waits for a pause, which was begun ${first}`);
});
