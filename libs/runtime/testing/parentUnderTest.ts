import { fork } from 'node:child_process';

// A parent that the tests kill: it starts the program under test and reports to the test when that is ready.
const child = fork(new URL('processUnderTest.ts', import.meta.url), ['well-behaved'], { stdio: 'inherit' });
child.once('message', (message) => process.send?.(message));
