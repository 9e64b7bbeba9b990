import { isMainThread } from 'node:worker_threads';

export default function square({ of }) {
  if (isMainThread) throw new Error('this is the main thread');
  return of * of;
}
