import type { LogSink } from '../connection/logSink.ts';
import {
  announcementSubject,
  DEFINITION_TOKEN,
  REMOVED_TOKEN,
  SETTINGS_TOKEN,
} from '../streams/announcementSubjects.ts';
import { IgnoredMessages } from './messages/ignoredMessages.ts';
import { decodeKeptDefinition } from './keptDefinition.ts';
import { KnownDefinitions } from './knownDefinitions.ts';
import { MalformedMessageError } from './messages/messageFields.ts';
import type { NewestMessage } from './messages/newestMessages.ts';
import { decodeTypeAnnouncement, type PayloadCheck, type TypeAnnouncement } from './typeAnnouncement.ts';
import { decodeTypeSettings } from './typeSettings.ts';

/** A job type that workers have announced within the last day. */
export interface AnnouncedType {
  readonly type: string;
  /** `refuse` unless an operator has set it. */
  readonly payloadCheck: PayloadCheck;
  /** At least one; those of the workers that started last come first. */
  readonly announcements: readonly LiveAnnouncement[];
  /** Differs whenever another field does, for a cache of what is derived from them. */
  readonly version: number;
}

export interface LiveAnnouncement extends TypeAnnouncement {
  /** Whether the worker is alive. */
  readonly live: boolean;
}

interface Stored {
  readonly announcement: TypeAnnouncement;
  readonly body: string;
  readonly sequence: number;
  readonly storedAtMs: number;
}

/** What is known of a type; `view` is made from it when asked for. */
interface Known {
  /** By the token of the worker. */
  readonly announcements: Map<string, Stored>;
  payloadCheck: PayloadCheck | undefined;
  view: AnnouncedType | undefined;
}

const MAX_ANNOUNCEMENTS = 10_000;
const MAX_TYPES = 1_000;
const MAX_BYTES = 64 * 1_024 * 1_024;
/** An hour longer than an announcement lasts, for one that the server removed without saying so. */
const LOST_AFTER_MS = 25 * 3_600_000;

/** The job types of the stream TYPES. Lookups are by a Map; what changes is made anew when it is next asked for. */
export class KnownTypes {
  readonly definitions = new KnownDefinitions();
  readonly #types = new Map<string, Known>();
  /** All announcements by subject, the oldest messages first. */
  readonly #stored = new Map<string, Stored>();
  readonly #ignored: IgnoredMessages;
  readonly #isLive: (token: string) => boolean;
  readonly #onWorkerRemoved: (token: string) => void;
  readonly #onChange: () => void;
  #bytes = 0;
  #version = 0;

  constructor(options: {
    readonly sink: LogSink;
    /** Whether the worker of this token is alive; `onPresence` must follow a change. */
    readonly isLive: (token: string) => boolean;
    readonly onWorkerRemoved: (token: string) => void;
    /** Called when an announcement has come, changed or gone. */
    readonly onChange: () => void;
  }) {
    this.#ignored = new IgnoredMessages(options.sink);
    this.#isLive = options.isLive;
    this.#onWorkerRemoved = options.onWorkerRemoved;
    this.#onChange = options.onChange;
  }

  type(name: string): AnnouncedType | undefined {
    const known = this.#types.get(name);
    return known === undefined ? undefined : (known.view ??= this.#viewOf(name, known));
  }

  /** Returns all types by name. */
  types(): readonly AnnouncedType[] {
    const names = [...this.#types.keys()].toSorted();
    return names.map((name) => this.type(name)).filter((type) => type !== undefined);
  }

  /** Returns what that one of these workers has announced of the type which started last. */
  newestOf(type: string, tokens: readonly string[]): TypeAnnouncement | undefined {
    const announcements = this.#types.get(type)?.announcements;
    const stored = tokens.map((token) => announcements?.get(token)).filter((one) => one !== undefined);
    return stored.toSorted(byStart).at(0)?.announcement;
  }

  announcements(): readonly TypeAnnouncement[] {
    return [...this.#stored.values()].map(({ announcement }) => announcement);
  }

  apply(message: NewestMessage): void {
    const [type, token] = tokensOf(message.subject);
    if (type === REMOVED_TOKEN) this.#removeWorker(token, message.sequence);
    else if (token === SETTINGS_TOKEN) this.#applySettings(type, message);
    else if (token === DEFINITION_TOKEN) this.#applyDefinition(type, message);
    else this.#applyAnnouncement(message);
    this.dropLost(message.storedAtMs);
  }

  /** Drops all others: the stream has only these subjects. */
  retain(subjects: ReadonlySet<string>): void {
    for (const subject of this.#stored.keys()) if (!subjects.has(subject)) this.#remove(subject);
    for (const type of this.#types.keys()) if (!subjects.has(`types.${type}.${SETTINGS_TOKEN}`)) this.#set(type);
    const types = new Set([...subjects].map((subject) => tokensOf(subject)[0]));
    this.definitions.retain((type) => types.has(type));
  }

  /** A worker has come or gone. */
  onPresence(token: string): void {
    for (const known of this.#types.values()) if (known.announcements.has(token)) known.view = undefined;
  }

  /** Drops announcements that have certainly expired at the instant `nowMs` of the server's clock. */
  dropLost(nowMs: number): void {
    for (const [subject, { storedAtMs }] of this.#stored) {
      if (storedAtMs >= nowMs - LOST_AFTER_MS) return;
      this.#remove(subject);
    }
  }

  #applyAnnouncement(message: NewestMessage): void {
    const { subject, body } = message;
    const announcement = this.#ignored.unlessMalformed(message, (one) => this.#decoded(one));
    const before = this.#stored.get(subject);
    if (announcement === undefined) return this.#remove(subject);
    this.definitions.announced(announcement, startOf({ ...message, announcement }), message.sequence);
    if (before?.body === body) return this.#replace(subject, before, { ...message, announcement });
    this.#remove(subject);
    if (this.#isFull(announcement.type, body)) return this.#ignored.log(subject, 'too many announcements');
    this.#bytes += body.length;
    this.#put(subject, { ...message, announcement });
  }

  #decoded({ subject, body }: NewestMessage): TypeAnnouncement {
    const announcement = decodeTypeAnnouncement(body, (reason) => this.#ignored.log(subject, reason));
    if (announcementSubject(announcement.type, announcement.worker) === subject) return announcement;
    throw new MalformedMessageError('/type or /worker is not the one of the subject');
  }

  /** The same announcement again, an hour later. */
  #replace(subject: string, before: Stored, after: Stored): void {
    const [type, token] = tokensOf(subject);
    const stored = { ...after, announcement: before.announcement };
    this.#stored.delete(subject);
    this.#stored.set(subject, stored);
    this.#known(type).announcements.set(token, stored);
  }

  #put(subject: string, stored: Stored): void {
    const [type, token] = tokensOf(subject);
    const known = this.#known(type);
    this.#stored.set(subject, stored);
    known.announcements.set(token, stored);
    known.view = undefined;
    this.#onChange();
  }

  #remove(subject: string): void {
    const stored = this.#stored.get(subject);
    if (stored === undefined) return;
    const [type, token] = tokensOf(subject);
    const known = this.#known(type);
    this.#stored.delete(subject);
    this.#bytes -= stored.body.length;
    known.announcements.delete(token);
    this.#forgetIfUnused(type, known);
    this.#onChange();
  }

  #applyDefinition(type: string, message: NewestMessage): void {
    const definition = this.#ignored.unlessMalformed(message, ({ body }) => decodeKeptDefinition(body));
    this.definitions.kept(type, definition, message.sequence);
  }

  #applySettings(type: string, message: NewestMessage): void {
    const settings = this.#ignored.unlessMalformed(message, ({ body }) => decodeTypeSettings(body));
    if (settings?.removed === true) this.#removeType(type, message.sequence);
    this.#set(type, settings?.payloadCheck);
  }

  #set(type: string, payloadCheck?: PayloadCheck): void {
    if (payloadCheck !== undefined && this.#isFull(type, '')) return;
    if (this.#types.get(type)?.payloadCheck === payloadCheck) return;
    const known = this.#known(type);
    known.payloadCheck = payloadCheck;
    this.#forgetIfUnused(type, known);
  }

  #removeType(type: string, sequence: number): void {
    this.definitions.removeBefore(type, sequence);
    this.#removeBefore(sequence, (subject) => tokensOf(subject)[0] === type);
  }

  #removeWorker(token: string, sequence: number): void {
    this.#onWorkerRemoved(token);
    this.#removeBefore(sequence, (subject) => tokensOf(subject)[1] === token);
  }

  #removeBefore(sequence: number, isMeant: (subject: string) => boolean): void {
    for (const [subject, stored] of this.#stored)
      if (stored.sequence < sequence && isMeant(subject)) this.#remove(subject);
  }

  #isFull(type: string, body: string): boolean {
    if (!this.#types.has(type) && this.#types.size >= MAX_TYPES) return true;
    return this.#stored.size >= MAX_ANNOUNCEMENTS || this.#bytes + body.length > MAX_BYTES;
  }

  #known(type: string): Known {
    const known = this.#types.get(type) ?? { announcements: new Map(), payloadCheck: undefined, view: undefined };
    this.#types.set(type, known);
    return known;
  }

  #forgetIfUnused(type: string, known: Known): void {
    known.view = undefined;
    if (known.announcements.size === 0 && known.payloadCheck === undefined) this.#types.delete(type);
  }

  /** Returns undefined if only its settings are known. */
  #viewOf(type: string, { announcements, payloadCheck = 'refuse' }: Known): AnnouncedType | undefined {
    if (announcements.size === 0) return undefined;
    const all: LiveAnnouncement[] = [];
    for (const [token, { announcement }] of [...announcements].toSorted(([, one], [, other]) => byStart(one, other)))
      all.push({ ...announcement, live: this.#isLive(token) });
    return { type, payloadCheck, announcements: all, version: ++this.#version };
  }
}

function byStart(one: Stored, other: Stored): number {
  return startOf(other) - startOf(one) || (one.announcement.worker < other.announcement.worker ? -1 : 1);
}

/** A worker has started before the server has stored what it announces, whatever it says. */
function startOf({ announcement, storedAtMs }: Pick<Stored, 'announcement' | 'storedAtMs'>): number {
  return Math.min(Date.parse(announcement.startedAt), storedAtMs);
}

function tokensOf(subject: string): readonly [string, string] {
  const [, type = '', worker = ''] = subject.split('.');
  return [type, worker];
}
