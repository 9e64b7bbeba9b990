import type * as sdkModule from '@aws-sdk/client-s3';
import type { ArchiveStore, ByteRange } from './archiveStore.ts';
import { ArchiveUnavailableError } from './errors.ts';

export interface S3StoreOptions {
  readonly bucket: string;
  /** Before each name; empty, or with a slash at its end. */
  readonly prefix: string;
  /** The endpoint of a service other than AWS, where the bucket is addressed by path. */
  readonly endpoint?: string | undefined;
}

type Sdk = typeof sdkModule;

/**
 * Stores an archive in a bucket of S3 or of a compatible service. The AWS SDK finds region and credentials: `AWS_REGION`,
 * `AWS_ACCESS_KEY_ID`, a profile, the machine's role.
 */
export class S3Store implements ArchiveStore {
  readonly #options: S3StoreOptions;
  #opened: Promise<{ sdk: Sdk; client: sdkModule.S3Client }> | undefined;

  constructor(options: S3StoreOptions) {
    this.#options = options;
  }

  async list(folder: string, after: string): Promise<readonly string[]> {
    const { bucket, prefix } = this.#options;
    return this.#translated(async ({ sdk, client }) => {
      const names: string[] = [];
      const query = { Bucket: bucket, Prefix: `${prefix}${folder}/`, StartAfter: `${prefix}${after}` };
      for await (const page of sdk.paginateListObjectsV2({ client }, query)) {
        names.push(
          ...(page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key.slice(prefix.length)])),
        );
      }
      return names.toSorted();
    });
  }

  read(name: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    const bytes = range === undefined ? {} : { Range: `bytes=${range.offset}-${range.offset + range.bytes - 1}` };
    return this.#translated(async ({ sdk, client }) => {
      try {
        const { Body } = await client.send(new sdk.GetObjectCommand({ ...this.#place(name), ...bytes }));
        return await Body?.transformToByteArray();
      } catch (error) {
        const status = statusOf(error);
        if (status === 404) return undefined;
        if (status === 416) return new Uint8Array();
        throw error;
      }
    });
  }

  async write(name: string, body: Uint8Array): Promise<void> {
    await this.#translated(({ sdk, client }) => {
      return client.send(new sdk.PutObjectCommand({ ...this.#place(name), Body: body }));
    });
  }

  create(name: string, body: Uint8Array): Promise<boolean> {
    return this.#translated(async ({ sdk, client }) => {
      try {
        await client.send(new sdk.PutObjectCommand({ ...this.#place(name), Body: body, IfNoneMatch: '*' }));
        return true;
      } catch (error) {
        // 409: another conditional write of this name is in progress; the next read shows which of the two succeeds.
        if ([409, 412].includes(statusOf(error) ?? 0)) return false;
        throw error;
      }
    });
  }

  #place(name: string): { Bucket: string; Key: string } {
    return { Bucket: this.#options.bucket, Key: `${this.#options.prefix}${name}` };
  }

  async #translated<Result>(
    work: (opened: { sdk: Sdk; client: sdkModule.S3Client }) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await work(await (this.#opened ??= this.#open()));
    } catch (error) {
      throw new ArchiveUnavailableError(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  /** Loads the SDK on demand, for archives in a bucket only. */
  async #open(): Promise<{ sdk: Sdk; client: sdkModule.S3Client }> {
    const { endpoint } = this.#options;
    const sdk = await import('@aws-sdk/client-s3');
    const elsewhere = endpoint === undefined ? {} : { endpoint, forcePathStyle: true };
    // Compatible services may not support the checksums that the SDK adds; the archive has its own.
    const checksums = {
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    } as const;
    return { sdk, client: new sdk.S3Client({ ...elsewhere, ...checksums }) };
  }
}

function statusOf(error: unknown): number | undefined {
  return (error as Partial<sdkModule.S3ServiceException>).$metadata?.httpStatusCode;
}
