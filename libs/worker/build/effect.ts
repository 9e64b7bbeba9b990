// Stands for the package `effect` in the published @jobstream/worker: docs/decisions/0025.
export * as Schema from './eventSchema.ts';
export type * as Result from './result.ts';
