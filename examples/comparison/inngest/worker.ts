import { Inngest } from 'inngest';
import { connect } from 'inngest/connect';

const client = new Inngest({ id: 'thumbnails' });
const thumbnail = client.createFunction({ id: 'thumbnail', triggers: { event: 'thumbnail' } }, async ({ event }) => ({
  bytes: event.data.url.length * event.data.width,
}));
await connect({ apps: [{ client, functions: [thumbnail] }] });
