/**
 * Whisper's vocabulary is GPT-2's: a token is a run of bytes, and its name in `tokenizer.json` writes each byte as one
 * printable character. Bytes of a character may be spread over several tokens, so text exists only for whole runs.
 * Source: openai/gpt-2, encoder.py, `bytes_to_unicode`.
 */
export function tokenBytes(vocabulary: Readonly<Record<string, number>>): (Uint8Array | undefined)[] {
  const byteOf = byteOfCharacter();
  const bytes: (Uint8Array | undefined)[] = [];
  for (const [name, id] of Object.entries(vocabulary)) {
    bytes[id] = Uint8Array.from(name, (character) => byteOf.get(character) ?? 0);
  }
  return bytes;
}

function byteOfCharacter(): Map<string, number> {
  const map = new Map<string, number>();
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let next = 256;
  for (let byte = 0; byte < 256; byte += 1) {
    if (printable(byte)) map.set(String.fromCodePoint(byte), byte);
    else {
      map.set(String.fromCodePoint(next), byte);
      next += 1;
    }
  }
  return map;
}

/** The text of a run of tokens; tokens without bytes (special ones) are left out, broken characters become U+FFFD. */
export function textOf(bytes: readonly (Uint8Array | undefined)[], tokens: readonly number[]): string {
  const parts = tokens.flatMap((token) => bytes[token] ?? []);
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(all);
}
