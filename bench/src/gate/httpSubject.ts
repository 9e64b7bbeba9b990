import { Agent, request } from 'node:http';
import { inLanes } from '../measure/concurrency.ts';
import { cpuMicros } from '../measure/processTree.ts';
import type { RunningServers } from '../servers/runningServers.ts';
import type { Measurable } from './gateCheck.ts';

const CONNECTIONS = 32;
const BODY = JSON.stringify({ type: 'bench', payload: { to: 'user@example.com', subject: 'hello' } });
const HEADERS = { 'content-type': 'application/json', 'content-length': BODY.length };

/** Requests to a process; its own processor time alone counts, and what becomes of it in other processes does not. */
export function httpSubject(servers: RunningServers, pid: number, count: number): Measurable {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  return {
    async round() {
      const before = cpuMicros(pid);
      await inLanes(count, CONNECTIONS, () => post(servers.address, agent));
      return { process: (cpuMicros(pid) - before) / count, server: 0 };
    },
    async stop() {
      agent.destroy();
      await servers.stop();
    },
  };
}

function post(address: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(`${address}/api/jobs`, { method: 'POST', agent, headers: HEADERS }, (response) => {
      response.resume();
      response.on('end', () =>
        response.statusCode === 201 ? resolve() : reject(new Error(`status ${response.statusCode}`)),
      );
    });
    sent.on('error', reject);
    sent.end(BODY);
  });
}
