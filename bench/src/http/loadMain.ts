/** The process that sends the requests, so that its processor time is not that of the bench. */
import autocannon from 'autocannon';
import type { HttpLoad } from './httpLoad.ts';
import type { HttpCall } from './httpTargets.ts';

const { url, seconds, ...call } = JSON.parse(process.argv[2] ?? '{}') as HttpCall & { url: string; seconds: number };
const result = await autocannon({
  url: url + call.path,
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: call.body,
  connections: call.connections,
  duration: seconds,
});
const { requests, latency, errors, non2xx } = result;
const load: HttpLoad = {
  requests: requests.total,
  seconds: result.duration,
  p50: latency.p50,
  p99: latency.p99,
  failed: errors + non2xx,
};
process.send?.(load);
