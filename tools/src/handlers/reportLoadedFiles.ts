import module from 'node:module';
import { MessageChannel } from 'node:worker_threads';

/** The hooks of Node before 22.15 run in a thread, from a module of their own. */
const HOOKS = `
let port;
export const initialize = (given) => { port = given; };
export const load = (url, context, nextLoad) => {
  if (url.startsWith('file:')) port.postMessage(url);
  return nextLoad(url, context);
};`;

/**
 * Calls `report` with the URL of each file that this process loads as a module from now on.
 *
 * @param hooks what Node has for it, which is less before 22.15.
 */
export function reportLoadedFiles(
  report: (url: string) => void,
  hooks: { readonly registerHooks?: typeof module.registerHooks } = module,
): void {
  if (hooks.registerHooks === undefined) return reportFromThread(report);
  hooks.registerHooks({
    load(url, context, nextLoad) {
      if (url.startsWith('file:')) report(url);
      return nextLoad(url, context);
    },
  });
}

function reportFromThread(report: (url: string) => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.on('message', report);
  port1.unref();
  module.register(`data:text/javascript,${encodeURIComponent(HOOKS)}`, { data: port2, transferList: [port2] });
}
