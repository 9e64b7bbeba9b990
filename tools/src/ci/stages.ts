import type { Stage } from './stage.ts';

/** What CI runs, in this order: see "CI" in docs/development.md. */
export const stages: readonly Stage[] = [
  { name: 'types', command: 'npm run typecheck', blocking: true },
  { name: 'lint', command: 'npm run lint' },
  { name: 'format', command: 'npm run format:check' },
  { name: 'openapi', command: 'npm run lint:openapi' },
  { name: 'tests', command: 'npm test', minutes: 60 },
  { name: 'fuzz', command: 'npm run test:fuzz', minutes: 30 },
  { name: 'conformance', command: 'npm run conformance', minutes: 15 },
  { name: 'speed', command: 'npm run bench:gate', minutes: 15 },
  { name: 'chaos', command: 'CHAOS_JOBS=1500 CHAOS_FAULTS=22 npm run test:chaos', minutes: 15 },
  { name: 'containers', command: 'npm run test:containers', minutes: 15 },
  { name: 'compose', command: 'npm run test:compose', minutes: 15 },
];
