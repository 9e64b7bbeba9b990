import { readFileSync } from 'node:fs';
import { cpuSeconds } from './processTree.ts';

const TICKS = 100;
/** The kernel's threads descend from it. They write and sync for all processes, so their time is nobody's load. */
const KERNEL_THREADS = 2;

/**
 * How many cores other processes than this one, its descendants and some servers have kept busy since it was made. What the
 * hypervisor gave to other machines counts too.
 */
export class OtherLoad {
  readonly #servers: readonly number[];
  readonly #began = performance.now();
  readonly #before: number;

  /** Servers need naming where they do not descend from this process. */
  constructor(servers: readonly number[]) {
    this.#servers = servers;
    this.#before = this.#othersSeconds();
  }

  /** Returns a number of cores, from 0 on. */
  cores(): number {
    const seconds = (performance.now() - this.#began) / 1_000;
    return Math.max(0, (this.#othersSeconds() - this.#before) / seconds);
  }

  #othersSeconds(): number {
    return (
      busySecondsIn(readFileSync('/proc/stat', 'utf8')) - cpuSeconds(process.pid, KERNEL_THREADS, ...this.#servers)
    );
  }
}

/** Seconds that all cores together were not idle, from the text of /proc/stat; time stolen by the hypervisor is among them. */
export function busySecondsIn(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] =
    /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number) ?? [];
  return (user + nice + system + irq + softirq + steal) / TICKS;
}
