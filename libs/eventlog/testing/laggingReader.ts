import { DirectReader } from '../src/read/directReader.ts';

/** A replica that has nothing after a certain sequence yet. */
export class LaggingReader extends DirectReader {
  horizon = 0;

  override async newestOfEachSubject(...filters: string[]) {
    return (await super.newestOfEachSubject(...filters)).filter(({ sequence }) => sequence <= this.horizon);
  }

  override async at(sequence: number) {
    return sequence <= this.horizon ? super.at(sequence) : undefined;
  }
}
