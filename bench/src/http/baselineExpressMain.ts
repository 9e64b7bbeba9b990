/**
 * The baselines: the least that an Express route which takes and answers JSON can cost, and, where NATS_URL is set, the least
 * that one can cost which answers when a job is in the log.
 */
import express, { type RequestHandler } from 'express';
import { baselineCreation } from '../baseline/baselineAttempt.ts';
import { BaselineBatches } from '../baseline/baselineBatches.ts';
import { openBaselineStream } from '../baseline/baselineStream.ts';

const echo: RequestHandler = (req, res) => {
  res.status(201).json(req.body);
};

async function creationIn(url: string): Promise<RequestHandler> {
  const { nats } = await openBaselineStream(url);
  const batches = new BaselineBatches(nats);
  return (_req, res) => baselineCreation(batches, { n: 0, dueAt: 0 }, (id) => res.status(201).json({ id }));
}

const app = express();
app.disable('x-powered-by');
app.disable('etag');
const nats = process.env['NATS_URL'];
app.post('/api/jobs', express.json(), nats === undefined ? echo : await creationIn(nats));
app.listen(Number(process.env['PORT']), '127.0.0.1');
