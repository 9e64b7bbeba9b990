import { type DurableAnswer, type DurableCommand, DurableCommands } from './durableCommand.ts';
import type { Closable } from './durableSystem.ts';
import { loadDurable } from './loadDurable.ts';

const [systemId = '', role = '', address = '', concurrency = '1'] = process.argv.slice(2);
const system = await loadDurable(systemId);
const started = role === 'worker' ? await startWorker() : await startClient();

process.on('message', (command: DurableCommand | 'close') => void answer(command));
process.on('disconnect', () => process.exit(1));
process.send?.('ready');

async function startWorker(): Promise<Started> {
  const worker = await system.work(address, Number(concurrency));
  return { closable: worker, perform: () => Promise.reject(new Error('a worker takes no commands')) };
}

async function startClient(): Promise<Started> {
  const client = await system.connect(address);
  const commands = new DurableCommands(client);
  return { closable: client, perform: (command) => commands.perform(command) };
}

async function answer(command: DurableCommand | 'close'): Promise<void> {
  if (command === 'close') {
    await started.closable.close();
    process.exit(0);
  }
  const reply: DurableAnswer = await started.perform(command).then(
    (outcome) => ({ outcome }),
    (error: unknown) => ({ failure: String(error) }),
  );
  process.send?.(reply);
}

interface Started {
  readonly closable: Closable;
  readonly perform: (command: DurableCommand) => ReturnType<DurableCommands['perform']>;
}
