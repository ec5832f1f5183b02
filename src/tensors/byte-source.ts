/** Bytes that can be read by ranges: a file, a part of one, a buffer in a test. The only way tensor files are read. */
export interface ByteSource {
  /** What to call it in an error, usually its path. */
  readonly name: string;
  readonly byteLength: number;
  /**
   * Fills `into` from the bytes that start at `position`.
   * @throws InputError if the source ends before `into` is full
   */
  read(position: number, into: Uint8Array): Promise<void>;
  close(): Promise<void>;
}
