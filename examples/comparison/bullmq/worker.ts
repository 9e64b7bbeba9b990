import { Worker } from 'bullmq';

const connection = { url: process.env.REDIS_URL };
const worker = new Worker('thumbnail', async ({ data }) => ({ bytes: data.url.length * data.width }), { connection });
worker.on('error', console.error);
