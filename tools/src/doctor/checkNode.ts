import type { Finding } from './examination.ts';

const OLDEST = 24;

/** Whether this Node runs the TypeScript of the project. */
export function checkNode(version = process.versions.node): readonly Finding[] {
  if (Number(version.split('.')[0]) >= OLDEST) return [];
  return [{ wrong: `This is Node ${version}, and ${OLDEST} or newer is needed.`, remedy: `Install Node ${OLDEST}.` }];
}
