/** One message of the log, byte for byte as the stream had it. */
export interface ArchivedMessage {
  readonly sequence: number;
  readonly subject: string;
  /** The server's clock, RFC 3339. */
  readonly recordedAt: string;
  /** Those that its writer sent. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}
