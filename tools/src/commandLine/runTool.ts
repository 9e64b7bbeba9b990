import { Guard } from '@jobstream/servers';

export interface ToolSurroundings {
  /** Ends the processes that the tool has started, should the tool be killed. */
  readonly guard: Guard;
  /** Resolves at the first SIGINT, SIGTERM or SIGHUP, which the tool has to obey. */
  readonly stopped: Promise<void>;
}

/** One Ctrl-C may arrive several times: from the terminal, from npm, and from the bootstrap. */
const SAME_CTRL_C_MS = 1_000;
const STOPPED_EXIT_CODE = 130;

/**
 * Runs a tool that starts processes, and ends this process afterwards. A failure is one sentence on standard error and
 * the exit code `failed`; a second Ctrl-C ends the tool at once.
 */
export async function runTool(work: (tool: ToolSurroundings) => Promise<void>, failed = 1): Promise<never> {
  const guard = new Guard();
  guard.start();
  const stopped = stopRequest();
  onBootstrapGone(() => process.kill(process.pid, 'SIGTERM'));
  try {
    await work({ guard, stopped });
  } catch (error) {
    reportFailure(error, failed);
  }
  await guard.stop();
  process.exit();
}

/** Writes the message of a failure to standard error and sets the exit code. */
export function reportFailure(error: unknown, exitCode = 1): void {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = exitCode;
}

/**
 * Calls back when the bootstrap that started this process is gone: after a kill -9 it cannot pass on a signal. Does
 * nothing in a script that was started by hand, whose parent may be a shell that ends before it.
 */
export function onBootstrapGone(callback: () => void): void {
  const parent = process.ppid;
  if (Number(process.env['BOOTSTRAP_PID']) !== parent) return;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, 500);
  timer.unref();
}

function stopRequest(): Promise<void> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const requested = () => {
      const now = Date.now();
      if (firstAt !== undefined && now - firstAt > SAME_CTRL_C_MS) process.exit(STOPPED_EXIT_CODE);
      firstAt ??= now;
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, requested);
  });
}
