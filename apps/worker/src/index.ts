export { systemClock } from './attempt/clock.ts';
export { defineHandler } from './handler/defineHandler.ts';
export { handlerRegistry } from './handler/defineHandler.ts';
export { Worker } from './worker.ts';
