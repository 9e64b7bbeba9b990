import { eventually } from '@jobstream/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { announced, beating } from '../../testing/announced.ts';
import { useEventLog } from '../../testing/openEventLog.ts';
import type { TypeRegistry } from './typeRegistry.ts';

const stage = useEventLog();
let registry: TypeRegistry;
let count = 0;
let type: string;
let worker: string;

beforeEach(async () => {
  registry ??= await stage.log.announcements.openRegistry();
  count++;
  type = `thumbnail-${count}`;
  worker = `build-7-${count}`;
});

describe('a registry', () => {
  test('knows a type that a worker announces, with what it announces', async () => {
    const announcement = announced(worker, {
      type,
      name: 'thumbnails',
      version: '1.4.0',
      payloadSchema: { type: 'object' },
      resultSchema: true,
      limits: { concurrency: 20, rate: { starts: 100, perMs: 1_000 } },
      defaults: { maxAttempts: 5, timeoutMs: 120_000 },
    });
    await stage.log.announcements.announceType(announcement);
    await eventually(() => {
      expect(registry.type(type)).toMatchObject({
        type,
        payloadCheck: 'refuse',
        announcements: [{ ...announcement, live: false }],
      });
    });
    expect(registry.types()).toContain(registry.type(type));
  });

  test('knows a worker that beats, and that its types are live', async () => {
    const running = [{ jobId: 'j', type, attempt: 1, runId: 'r', startedAt: '2026-11-27T08:00:01Z' }];
    const heartbeat = beating(worker, { types: [type], runtime: 'test/1', runningCount: 1, running });
    await stage.log.announcements.announceType(announced(worker, { type }));
    await stage.log.announcements.heartbeat(heartbeat);
    await eventually(() => expect(registry.workers()).toContainEqual({ ...heartbeat, live: true }));
    await eventually(() => expect(registry.type(type)?.announcements).toMatchObject([{ live: true }]));
  });
});
