// The entrance for the simulation in e2e, which puts a network and deaths between these parts of the log in memory.
export { claimRequest } from '../src/append/appendRequest.ts';
export { LogPrefix } from '../src/expiry/logPrefix.ts';
export type { Deliverer, Subscriber } from '../src/memory/memoryConsumer.ts';
export { MemoryMessage, type WorkMessage } from '../src/memory/memoryMessage.ts';
export { MemoryQueue } from '../src/memory/memoryQueue.ts';
export { decodeClaim } from '../src/read/claimMessage.ts';
export type { StoredMessage } from '../src/read/directReader.ts';
export { JobReader } from '../src/read/jobReader.ts';
export { claimSubject } from '../src/streams/claimSubject.ts';
