export type { CrashPoint } from './system/crashableLog.ts';
export type { Duration } from '@jobstream/worker';
export type { JobExpectation, JobMatch } from './jobExpectation.ts';
export type { JobOrId } from './jobViews.ts';
export type { TestJobstream } from './testJobs.ts';
export { testJobstream } from './testJobstream.ts';
export type { ScheduleOptions, TestJobstreamOptions } from './testOptions.ts';
