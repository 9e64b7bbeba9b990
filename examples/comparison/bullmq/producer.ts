import { Queue } from 'bullmq';

const queue = new Queue('thumbnail', { connection: { url: process.env.REDIS_URL } });
await queue.add('thumbnail', { url: 'https://example.com/cat.jpg', width: 200 });
await queue.close();
