import { describe, expect, test } from 'vitest';
import type { NextTurn } from './backgroundLoop.ts';
import type { Logger } from './logger.ts';
import { PeriodicLoop, type PeriodicLoopOptions } from './periodicLoop.ts';

type Line = readonly [level: string, fields: object, message: string];

class Sweeper extends PeriodicLoop {
  readonly name = 'sweeper';
  readonly lines: Line[];
  turns = 0;

  constructor(options?: Pick<PeriodicLoopOptions, 'level'>) {
    const lines: Line[] = [];
    const at = (level: string) => (fields: object, message: string) => void lines.push([level, fields, message]);
    const logger = { debug: at('debug'), warn: at('warn'), error: at('error') } as unknown as Logger;
    super({ logger, intervalMs: 1, failure: 'could not sweep', ...options });
    this.lines = lines;
  }

  protected turn(): Promise<NextTurn> {
    this.turns += 1;
    return this.turns < 3 ? Promise.reject(new Error(`turn ${this.turns}`)) : Promise.resolve('end');
  }

  after(...failure: [error: unknown, level?: 'error', details?: object]): NextTurn {
    return this.tryAgain(...failure);
  }
}

describe('a periodic loop', () => {
  test('logs every failure of a turn, and goes on', async () => {
    const sweeper = new Sweeper();
    await sweeper.start();
    await expect.poll(() => sweeper.turns).toBe(3);
    await sweeper.stop();
    expect(sweeper.lines).toEqual([
      ['warn', { err: new Error('turn 1') }, 'could not sweep'],
      ['warn', { err: new Error('turn 2') }, 'could not sweep'],
    ]);
  });

  test('pauses after a failure for as long as after a success, whatever its level', () => {
    const sweeper = new Sweeper({ level: 'debug' });
    expect(sweeper.after('first')).toBe(1);
    expect(sweeper.after('second', 'error', { pending: 2 })).toBe(1);
    expect(sweeper.lines).toEqual([
      ['debug', { err: 'first' }, 'could not sweep'],
      ['error', { err: 'second', pending: 2 }, 'could not sweep'],
    ]);
  });
});
