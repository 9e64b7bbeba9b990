import { type DurableAnswer, type DurableCommand, DurableCommands } from './durableCommand.ts';
import type { Closable } from './durableSystem.ts';
import { loadDurable } from './loadDurable.ts';

const [systemId = '', role = '', address = '', concurrency = '1'] = process.argv.slice(2);
const system = await loadDurable(systemId);
const { closable, perform } = role === 'worker' ? await startWorker() : await startClient();

process.on('message', (command: DurableCommand | 'close') => void answer(command));
process.on('disconnect', () => process.exit(1));
process.send?.('ready');

async function startWorker(): Promise<Started> {
  const closable = await system.work(address, Number(concurrency));
  return { closable, perform: () => Promise.reject(new Error('a worker takes no commands')) };
}

async function startClient(): Promise<Started> {
  const closable = await system.connect(address);
  const commands = new DurableCommands(closable);
  return { closable, perform: (command) => commands.perform(command) };
}

async function answer(command: DurableCommand | 'close'): Promise<void> {
  if (command === 'close') {
    await closable.close();
    process.exit(0);
  }
  const reply: DurableAnswer = await perform(command).then(
    (outcome) => ({ outcome }),
    (error: unknown) => ({ failure: String(error) }),
  );
  process.send?.(reply);
}

interface Started {
  readonly closable: Closable;
  readonly perform: (command: DurableCommand) => ReturnType<DurableCommands['perform']>;
}
