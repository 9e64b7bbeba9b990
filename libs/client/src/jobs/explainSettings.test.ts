import { expect, test } from 'vitest';
import { explainSettings } from './explainSettings.ts';

const job = { maxAttempts: 4, backoff: { type: 'fixed', delayMs: 50 }, timeoutMs: 60_000 } as const;

test('names the settings that the definition gave, with their values, and the worker that has announced it', () => {
  const worker = 'build-7-4711-9f3c2a';
  const settings = ['maxAttempts', 'backoff'] as const;
  expect(explainSettings({ ...job, byDefinition: { settings, worker } })).toBe(
    'maxAttempts 4, backoff {"type":"fixed","delayMs":50}, as build-7-4711-9f3c2a has announced',
  );
});

test('says nothing of a job whose settings no definition gave', () => {
  expect(explainSettings(job)).toBeUndefined();
});
