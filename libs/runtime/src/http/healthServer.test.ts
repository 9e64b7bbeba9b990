import { expect, onTestFinished, test } from 'vitest';
import { HealthServer, type HealthServerOptions } from './healthServer.ts';
import { ListenError } from './listenError.ts';
import { createLogger } from '../service/logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { Readiness } from './readiness.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

async function start(options: Partial<HealthServerOptions> = {}): Promise<HealthServer> {
  const parts = { readiness: new Readiness({}), metrics: new Metrics(), logger };
  const server = new HealthServer({ host: '127.0.0.1', port: 0, ...parts, ...options });
  await server.start();
  onTestFinished(() => server.stop());
  return server;
}

const get = (server: HealthServer, path: string, init?: RequestInit) =>
  fetch(`http://127.0.0.1:${server.port}${path}`, init);

test.each(['/health/live', '/livez', '/health/ready', '/readyz'])(
  '%s responds with 200 while all parts are up',
  async (path) => {
    expect((await get(await start(), path)).status).toBe(200);
  },
);

test('the server is live but not ready while a part is down, and names the part', async () => {
  const server = await start({ readiness: new Readiness({ log: () => false, disk: () => true }) });
  const response = await get(server, '/health/ready');
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({ status: 'not ready', parts: { log: 'down', disk: 'up' } });
  expect((await get(server, '/health/live')).status).toBe(200);
});

test('a part that is down says why where it can, and the others say nothing', async () => {
  const checks = { log: () => Promise.resolve('the disk is full'), table: () => false, disk: () => true };
  const response = await get(await start({ readiness: new Readiness(checks) }), '/health/ready');
  expect(response.status).toBe(503);
  const parts = { log: 'down', table: 'down', disk: 'up' };
  expect(await response.json()).toEqual({ status: 'not ready', parts, reasons: { log: 'the disk is full' } });
});

test('a server that is ready notes what an operator should know, and leaves out what cannot be read', async () => {
  const notes = {
    unreadableEvents: () => Promise.resolve('2 jobs wait'),
    nothing: () => Promise.resolve(undefined),
    unknown: () => Promise.reject(new Error('no answer')),
  };
  const response = await get(await start({ readiness: new Readiness({ log: () => true }, notes) }), '/health/ready');
  expect(response.status).toBe(200);
  const parts = { log: 'up' };
  expect(await response.json()).toEqual({ status: 'ready', parts, notes: { unreadableEvents: '2 jobs wait' } });
});

test('/metrics shows the metrics in the text format of Prometheus', async () => {
  const metrics = new Metrics();
  metrics.counter({ name: 'jobstream_cups_total', help: 'Cups.' }).inc();
  const response = await get(await start({ metrics }), '/metrics');
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await response.text()).toContain('jobstream_cups_total 1');
});

test('a failing metric fails the scrape and not the process', async () => {
  let broken = true;
  const metrics = new Metrics();
  const collect = () => (broken ? Promise.reject(new Error('broken')) : undefined);
  metrics.gauge({ name: 'jobstream_room', help: 'A room.', collect });
  const server = await start({ metrics });
  expect((await get(server, '/metrics')).status).toBe(500);
  broken = false;
  expect((await get(server, '/metrics')).status).toBe(200);
});

test('other paths and methods are not found', async () => {
  const server = await start();
  expect((await get(server, '/api/jobs')).status).toBe(404);
  expect((await get(server, '/metrics', { method: 'POST' })).status).toBe(404);
});

test('a server without a port does not listen, and can be stopped', async () => {
  const server = await start({ port: undefined });
  expect(server.port).toBe(0);
  await server.stop();
});

test('a port in use is reported in one sentence', async () => {
  const { port } = await start();
  const failing = start({ port });
  await expect(failing).rejects.toThrow(ListenError);
  await expect(failing).rejects.toThrow(/another program listens there; stop it or set HEALTH_PORT/);
});

test('the server can be stopped twice while a client keeps its connection open', async () => {
  const server = await start();
  await (await get(server, '/health/live')).text();
  await server.stop();
  await server.stop();
  await expect(get(server, '/health/live')).rejects.toThrow('fetch failed');
});
