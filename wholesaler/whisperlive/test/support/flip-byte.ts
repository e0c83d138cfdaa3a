import { readFile, writeFile } from 'node:fs/promises';

/** Changes one bit in the middle of a file, and so nothing of its size. */
export async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  const middle = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  await writeFile(path, bytes);
}
