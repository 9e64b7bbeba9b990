import { describe, expect, test } from 'vitest';
import { previousOfJob } from './jobLink.ts';

const ID = '0198f3a2-7c1e-7d3a-9b54-2f6f1f0e9d11';
const OTHER = '0198f3a2-7c1e-7d3a-9b54-2f6f1f0e9d12';
const started = `jobs.email.${ID}.started`;
const created = `jobs.email.${ID}.created`;

describe('the message before is the one that the server compared', () => {
  test.each([
    ['with all events of the job', started, `jobs.email.${ID}.>`, 7],
    ['with all events of the id, of whatever type', started, `jobs.*.${ID}.>`, 7],
    ['with all events of the job, at its creation', created, `jobs.email.${ID}.>`, 0],
  ])('%s', (_of, subject, filter, sequence) => {
    expect(previousOfJob(subject, { sequence, filter })).toBe(sequence);
  });

  test('with the own subject of a creation, as the first there', () => {
    expect(previousOfJob(created, { sequence: 0, filter: undefined })).toBe(0);
  });
});

describe('the server has compared nothing that counts', () => {
  test.each([
    ['another job', started, `jobs.email.${OTHER}.>`, 7],
    ['another job of any type', started, `jobs.*.${OTHER}.>`, 7],
    ['another type', started, `jobs.image.${ID}.>`, 7],
    ['a type that begins alike', started, `jobs.ema.${ID}.>`, 7],
    ['one subject of the job', started, `jobs.email.${ID}.*`, 7],
    ['one event of the job', started, started, 7],
    ['all jobs of the type', started, 'jobs.email.>', 7],
    ['longer filters', started, `jobs.email.${ID}.x.>`, 7],
    ['its own subject, when it is no creation', started, undefined, 0],
    ['its own subject, when it is not the first there', created, undefined, 7],
    ['its own subject, below that of a creation', `jobs.email.${ID}.x.created`, undefined, 0],
    ['nothing', created, undefined, undefined],
  ])('%s', (_of, subject, filter, sequence) => {
    expect(previousOfJob(subject, { sequence, filter })).toBeUndefined();
  });
});
