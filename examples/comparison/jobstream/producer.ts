import { JobstreamClient } from '@jobstream/client';
import { thumbnail } from './thumbnail.ts';

const client = new JobstreamClient({ url: process.env.API_URL ?? 'http://127.0.0.1:3000' });
await client.enqueue(thumbnail, { url: 'https://example.com/cat.jpg', width: 200 });
