import type { Readable } from 'node:stream';
import { type Entry, open, type ZipFile } from 'yauzl';

export interface ZipEntry extends AsyncDisposable {
  stream: Readable;
}

/** Opens one entry of a zip archive for reading. Throws when the archive is broken or has no such entry. */
export async function openZipEntry(archive: string, path: string): Promise<ZipEntry> {
  const zip = await openZip(archive);
  try {
    const entry = await findEntry(zip, path);
    if (!entry) throw new Error(`${archive} holds no ${path}`);
    const stream = await openStream(zip, entry);
    return {
      stream,
      [Symbol.asyncDispose]: async () => {
        stream.destroy();
        zip.close();
      },
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}

function openZip(archive: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    open(archive, { lazyEntries: true, autoClose: false }, (error, zip) => (error ? reject(error) : resolve(zip)));
  });
}

function findEntry(zip: ZipFile, path: string): Promise<Entry | undefined> {
  return new Promise((resolve, reject) => {
    zip.on('error', reject);
    zip.on('end', () => resolve(undefined));
    zip.on('entry', (entry: Entry) => {
      if (entry.fileName === path) resolve(entry);
      else zip.readEntry();
    });
    zip.readEntry();
  });
}

function openStream(zip: ZipFile, entry: Entry): Promise<Readable> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream)));
  });
}
