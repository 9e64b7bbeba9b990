/**
 * Calls back when the bootstrap that started us is gone: killed with -9 it tells nobody. Does nothing for a script that
 * was started by hand, whose parent may be a shell that ends before it.
 */
export function onBootstrapGone(callback: () => void, env: NodeJS.ProcessEnv = process.env): void {
  const parent = process.ppid;
  if (Number(env['BOOTSTRAP_PID']) !== parent) return;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, 500);
  timer.unref();
}
