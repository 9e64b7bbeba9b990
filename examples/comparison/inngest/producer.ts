import { Inngest } from 'inngest';

const client = new Inngest({ id: 'thumbnails' });
await client.send({ name: 'thumbnail', data: { url: 'https://example.com/cat.jpg', width: 200 } });
