import assert from 'node:assert/strict';
import { defineJob, enqueueIn, once } from '@jobstream/client';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '@prisma/client';
import { z } from 'zod';

const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) });
const confirmation = defineJob('confirmation', { payload: z.object({ orderId: z.int() }) });

/** Stores an order and enqueues its job, in one transaction. */
const order = (customer, options) =>
  prisma.$transaction(async (tx) => {
    const { id } = await tx.order.create({ data: { customer } });
    const jobId = await enqueueIn(tx, confirmation, { orderId: id }, options);
    await tx.order.update({ where: { id }, data: { jobId } });
    if (customer === '') throw new Error('no customer');
  });

await order('Ada', { idempotencyKey: 'order of Ada' });
await assert.rejects(order(''), { message: 'no customer' });
await assert.rejects(order('Eve', { maxAttempts: 0 }), /jobstream: maxAttempts must be an integer from 1 to 1000/);

const orders = await prisma.order.findMany();
const jobs = await prisma.$queryRaw`SELECT id::text AS "jobId", payload FROM jobstream.outbox_0`;
assert.deepEqual(
  jobs,
  orders.map(({ id, jobId }) => ({ jobId, payload: { orderId: id } })),
);
assert.equal(jobs.length, 1);

let runs = 0;
const pay = () =>
  prisma.$transaction((tx) => once(tx, { job: { id: 'job-1' } }, () => Promise.resolve({ run: (runs += 1) })));
assert.deepEqual([await pay(), await pay()], [{ run: 1 }, { run: 1 }]);
await prisma.$disconnect();
