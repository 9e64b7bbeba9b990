import { IncomingMessage, ServerResponse } from 'node:http';
import type { Express } from 'express';

/**
 * The classes with which node:http makes requests and responses that have the methods of the app from the start. Otherwise Express
 * changes the prototype of each, which takes longer than all of our checks.
 */
export function expressMessages(app: Pick<Express, 'request' | 'response'>) {
  return {
    IncomingMessage: withPrototype(IncomingMessage, app.request),
    ServerResponse: withPrototype(ServerResponse, app.response),
  };
}

function withPrototype<Class extends abstract new (...args: never) => object>(made: Class, prototype: object): Class {
  function ExpressMessage(...args: unknown[]): object {
    return Reflect.construct(made, args, ExpressMessage) as object;
  }
  ExpressMessage.prototype = prototype;
  return ExpressMessage as unknown as Class;
}
