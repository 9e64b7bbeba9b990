import type { PayloadOutput, ResultInput } from '@jobstream/client';
import { UnrecoverableError, type JobContext } from '@jobstream/worker';
import sharp from 'sharp';
import type { thumbnail } from './jobs.ts';

/** Fetches a picture and scales it down. */
export async function makeThumbnail(
  { url, width }: PayloadOutput<typeof thumbnail>,
  { signal, progress }: Pick<JobContext, 'signal' | 'progress'>,
): Promise<ResultInput<typeof thumbnail>> {
  const response = await fetch(url, { signal });
  // A picture that is gone will not come back; every other status may be better next time.
  if (response.status === 404 || response.status === 410) throw new UnrecoverableError(`there is no picture at ${url}`);
  if (!response.ok) throw new Error(`${url} responded with ${response.status}`);
  const picture = Buffer.from(await response.arrayBuffer());
  progress({ percent: 50, message: 'fetched' });
  const { data, info } = await sharp(picture).resize({ width }).jpeg().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, bytes: data.length, jpeg: data.toString('base64') };
}
