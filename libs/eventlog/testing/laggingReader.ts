import { DirectReader } from '../src/read/directReader.ts';

/** A replica that has nothing after a certain sequence yet. */
export class LaggingReader extends DirectReader {
  horizon = 0;

  override async newestOfEachSubject(...filters: string[]) {
    return (await super.newestOfEachSubject(...filters)).filter(({ sequence }) => sequence <= this.horizon);
  }

  override async page(filter: string, sequence: number) {
    const { messages, isMore } = await super.page(filter, sequence);
    const known = messages.filter((message) => message.sequence <= this.horizon);
    return { messages: known, isMore: isMore && known.length === messages.length };
  }

  override async at(sequence: number) {
    return sequence <= this.horizon ? super.at(sequence) : undefined;
  }
}
