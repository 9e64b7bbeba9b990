import { expect, test } from 'vitest';
import { stacksOfTraces } from './stacksOfTraces.ts';

const TRACES = `File: nats-server
Type: cpu
Duration: 2s, Total samples = 60ms ( 3%)
-----------+-------------------------------------------------------
      10ms   runtime.memmove
             server.(*fileStore).StoreMsg (inline)
-----------+-------------------------------------------------------
    stream:  JOBS
   account:  $G
     1.50s   syscall.Fsync
             os.(*File).Sync
-----------+-------------------------------------------------------
`;

test('a stack has its time and its functions, the innermost first', () => {
  expect(stacksOfTraces(TRACES)[0]).toEqual({
    frames: ['runtime.memmove', 'server.(*fileStore).StoreMsg (inline)'],
    weight: 10_000,
  });
});

test('the labels of a goroutine are none of its functions', () => {
  expect(stacksOfTraces(TRACES).slice(1)).toEqual([
    { frames: ['syscall.Fsync', 'os.(*File).Sync'], weight: 1_500_000 },
  ]);
});
