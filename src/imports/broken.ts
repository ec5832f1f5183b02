/** Takes a file that cannot be read, or a part of one, and why. Throws where broken files are not skipped. */
export type OnBroken = (file: string, error: unknown) => void;

/** What is read; undefined where it is broken and `onBroken` takes it. */
export async function unlessBroken<Value>(
  file: string,
  onBroken: OnBroken,
  read: () => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    onBroken(file, error);
    return undefined;
  }
}
