import { expect, test } from 'vitest';
import { foldStack } from './foldStack.ts';

const STACK = `TypeError: no such image
of two lines
    at readFileSync (node:fs:441:20)
    at load (/srv/shop/images.js:7:3)
    at async QueueRun.run (file:///srv/shop/node_modules/@jobstream/worker/dist/index.js:2:9)
    at async resize (file:///srv/shop/handlers/resize.ts:12:5)
    at process.processTicksAndRejections (node:internal/process/task_queues:103:5)`;

test('one’s own frames come first, and those of Node and packages are folded into a line', () => {
  expect(foldStack(STACK)).toBe(`TypeError: no such image
of two lines
    at load (/srv/shop/images.js:7:3)
    at async resize (file:///srv/shop/handlers/resize.ts:12:5)
    … 3 frames of Node and packages`);
});

test('the cause has its own frames', () => {
  const cause = `[cause]: Error: refused
    at connect (node:net:1:2)
    at ask (C:\\shop\\ask.ts:3:1)`;
  expect(foldStack(`${STACK}\n${cause}`).split('\n').slice(-4)).toEqual([
    '    … 3 frames of Node and packages',
    '[cause]: Error: refused',
    '    at ask (C:\\shop\\ask.ts:3:1)',
    '    … 1 frame of Node and packages',
  ]);
});

test('frames of a worker that runs from the sources of Jobstream are folded as well', () => {
  const stack =
    'Error: no\n    at work (/w/worker.ts:1:1)\n    at runHandler (/jobstream/libs/worker/src/attempt/runHandler.ts:2:2)';
  expect(foldStack(stack)).toBe('Error: no\n    at work (/w/worker.ts:1:1)\n    … 1 frame of Node and packages');
});

test('without a frame of one’s own, or without others, nothing is changed', () => {
  const foreign = 'Error: no\n    at JSON.parse (<anonymous>)\n    at x (/a/node_modules/b/c.js:1:1)';
  const own = 'Error: no\n    at a (/srv/a.js:1:1)\n    at b (/srv/b.js:1:1)';
  for (const stack of [foreign, own, 'Error: no', '']) expect(foldStack(stack)).toBe(stack);
});
