import { PgBoss } from 'pg-boss';

const boss = new PgBoss(process.env.DATABASE_URL ?? '');
boss.on('error', console.error);
await boss.start();
await boss.createQueue('thumbnail');
await boss.send('thumbnail', { url: 'https://example.com/cat.jpg', width: 200 });
await boss.stop();
