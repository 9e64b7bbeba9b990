import { PgBoss } from 'pg-boss';

const boss = new PgBoss(process.env.DATABASE_URL ?? '');
boss.on('error', console.error);
await boss.start();
await boss.createQueue('thumbnail');
await boss.work<{ url: string; width: number }>('thumbnail', async ([job]) => ({
  bytes: job.data.url.length * job.data.width,
}));
