import type { WindowLatency } from '../measure/windowedLatencies.ts';
import type { ConnectOptions } from '../systems/jobSystem.ts';
import { loadSystem } from '../systems/loadSystem.ts';
import type { Answer, Command, Outcome } from './command.ts';
import { performCommand } from './performCommand.ts';

const [systemId = '', options = '{}'] = process.argv.slice(2);
const system = await loadSystem(systemId);
const client = await system.connect(JSON.parse(options) as ConnectOptions);

process.on('message', (command: Command | 'close') => void answer(command));
process.on('disconnect', () => process.exit(1));
process.send?.('ready');

async function answer(command: Command | 'close'): Promise<void> {
  if (command === 'close') {
    await client.close();
    process.exit(0);
  }
  const reply: Answer = await measure(() => performCommand(client, command)).then(
    (outcome) => ({ outcome }),
    (error: unknown) => ({ failure: String(error) }),
  );
  process.send?.(reply);
}

async function measure(work: () => Promise<readonly WindowLatency[] | void>): Promise<Outcome> {
  const [time, cpu] = [performance.now(), process.cpuUsage()];
  const windows = (await work()) ?? undefined;
  const { user, system: kernel } = process.cpuUsage(cpu);
  return {
    seconds: (performance.now() - time) / 1_000,
    cpuSeconds: (user + kernel) / 1_000_000,
    peakBytes: process.resourceUsage().maxRSS * 1_024,
    windows,
  };
}
