import { comesBack } from '@jobstream/domain';
import type { FieldError } from '../../problems/problem.ts';
import { shortPointer } from './jsonPointer.ts';

const MAX_FAULTS = 20;
/** All integers with fewer digits are safe. */
const MIN_UNSAFE_DIGITS = 16;
const NUMBER = /-?\d[\d.eE+-]*/y;

/** What is wrong with the numbers and the names of a JSON text; at most twenty of each. */
export interface SourceFaults {
  readonly numbers: FieldError[];
  readonly names: FieldError[];
}

interface Container {
  /** Undefined for an array. */
  readonly names: Set<string> | undefined;
  /** The place of the item at hand. */
  place: string | number;
  nameIsNext: boolean;
}

/**
 * Finds what `JSON.parse` changes in silence: integers that come back with other digits, and names that are given twice
 * in one object. The text must be valid JSON. Takes linear time and does not recurse.
 */
export function findSourceFaults(text: string): SourceFaults {
  return new SourceReader(text).read();
}

class SourceReader {
  readonly #text: string;
  readonly #faults: SourceFaults = { numbers: [], names: [] };
  readonly #containers: Container[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): SourceFaults {
    while (this.#at < this.#text.length) this.#readToken(this.#text.charAt(this.#at));
    return this.#faults;
  }

  #readToken(first: string): void {
    if (first === '"') return this.#readString();
    if (first === '-' || (first >= '0' && first <= '9')) return this.#readNumber();
    this.#at += 1;
    if (first === '{') this.#containers.push({ names: new Set(), place: '', nameIsNext: true });
    else if (first === '[') this.#containers.push({ names: undefined, place: 0, nameIsNext: false });
    else if (first === '}' || first === ']') this.#containers.pop();
    else if (first === ',') this.#nextItem();
  }

  #nextItem(): void {
    const container = this.#containers.at(-1);
    if (container === undefined) return;
    container.nameIsNext = container.names !== undefined;
    if (typeof container.place === 'number') container.place += 1;
  }

  #readString(): void {
    const start = this.#at;
    do this.#at = this.#text.indexOf('"', this.#at + 1);
    while (isEscaped(this.#text, this.#at));
    this.#at += 1;
    const container = this.#containers.at(-1);
    if (container?.nameIsNext === true) this.#readName(container, this.#text.slice(start, this.#at));
  }

  #readName(container: Container, quoted: string): void {
    const name = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
    container.place = name;
    container.nameIsNext = false;
    if (container.names?.has(name) === true) this.#report('names', 'must be given only once in its object');
    container.names?.add(name);
  }

  #readNumber(): void {
    const start = this.#at;
    NUMBER.lastIndex = start;
    NUMBER.test(this.#text);
    this.#at = NUMBER.lastIndex;
    if (this.#at - start < MIN_UNSAFE_DIGITS) return;
    if (!isKept(this.#text.slice(start, this.#at)))
      this.#report('numbers', 'must be an integer that JavaScript holds exactly, or a string');
  }

  #report(kind: keyof SourceFaults, detail: string): void {
    if (this.#faults[kind].length >= MAX_FAULTS) return;
    this.#faults[kind].push({ pointer: shortPointer(this.#containers.map(({ place }) => place)), detail });
  }
}

/** Whether the quotation mark at `index` belongs to the text of a string. */
export function isEscaped(text: string, index: number): boolean {
  let before = index;
  while (text.charAt(before - 1) === '\\') before -= 1;
  return (index - before) % 2 === 1;
}

/** Whether a number is the same everywhere. Those with a fraction or an exponent are rounded, as they are everywhere. */
function isKept(source: string): boolean {
  if (/[.eE]/.test(source)) return true;
  return comesBack(source) && BigInt(Number(source)) === BigInt(source);
}
