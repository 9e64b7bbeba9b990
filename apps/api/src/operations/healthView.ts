import { Schema } from 'effect';

/** The answer of `GET /health/live`. */
export const LiveView = Schema.Struct({ status: Schema.Literal('live') }).annotate({ identifier: 'Live' });

/** The answer of `GET /health/ready`. */
export const ReadyView = Schema.Struct({
  status: Schema.Literals(['ready', 'not ready', 'stopping']),
  parts: Schema.Record(Schema.String, Schema.Literals(['up', 'down'])),
}).annotate({ identifier: 'Ready' });
