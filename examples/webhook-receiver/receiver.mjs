// Receives jobs of the type `webhook`: what a request carries is in docs/handlers.md. Node 18 or newer, no packages.
import { createHmac, timingSafeEqual } from 'node:crypto';
import http from 'node:http';

const { WEBHOOK_SECRET: secret, HOST: host = '127.0.0.1', PORT: port = '8080' } = process.env;
if (!secret) throw new Error('WEBHOOK_SECRET is not set; the worker must have the same');

const OLDEST_SECONDS = 300;
const LARGEST_BYTES = 1_048_576;
/** Answers by job id, since a job may be sent twice. Keep this where the work itself is kept, in the same transaction. */
const answers = new Map();

/** Over the bytes as they came: parsing and writing them again need not give the same bytes. */
function isGenuine({ headers }, body) {
  const { 'x-jobstream-job-id': id, 'x-jobstream-timestamp': timestamp, 'x-jobstream-signature': given = '' } = headers;
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) < OLDEST_SECONDS)) return false;
  const hmac = createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest('hex');
  const wanted = Buffer.from(`v1=${hmac}`);
  const received = Buffer.from(given);
  return received.length === wanted.length && timingSafeEqual(received, wanted);
}

/** Your work. What it returns becomes the job's result; an error makes the job be tried again. */
async function handle(job, jobId, attempt) {
  console.log(`job ${jobId}, attempt ${attempt}: ${JSON.stringify(job)}`);
  return { received: true };
}

async function receive(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    if ((bytes += chunk.length) > LARGEST_BYTES) return [413, { error: 'too large' }];
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (!isGenuine(request, body)) return [401, { error: 'not signed with our secret, or too old' }];
  const { 'x-jobstream-job-id': id, 'x-jobstream-attempt': attempt } = request.headers;
  if (!answers.has(id)) answers.set(id, await handle(JSON.parse(body), id, attempt));
  return [200, answers.get(id)];
}

const server = http.createServer((request, response) => {
  void receive(request)
    .catch((error) => [500, { error: String(error) }]) // the worker tries again
    .then(([status, answer]) =>
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer)),
    );
});
server.listen(Number(port), host, () => console.log(`listening on http://${host}:${server.address().port}`));
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => server.close());
