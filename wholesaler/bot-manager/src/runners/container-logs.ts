const headerBytes = 8;

/**
 * The lines of a log as the daemon sends it, where each piece follows a header of 8 bytes: the stream, three zeros, and
 * the piece's length (Docker Engine API, "Attach to a container").
 */
export function linesOf(log: Buffer): string[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at + headerBytes <= log.length; ) {
    const end = at + headerBytes + log.readUInt32BE(at + 4);
    pieces.push(log.subarray(at + headerBytes, end));
    at = end;
  }
  const text = Buffer.concat(pieces).toString('utf8').trimEnd();
  return text === '' ? [] : text.split('\n');
}
