import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { z } from 'zod';

const Sealed = z.object({ sealed: z.base64() });
const ivBytes = 12;
const tagBytes = 16;

/** Under which name a key is stored whose answer is sealed with it: the key itself must not be beside the answer. */
export const sealedName = (key: string): string => `sha256:${createHash('sha256').update(key).digest('hex')}`;

/** An answer that holds a secret, readable only by who has the idempotency key (AES-256-GCM, key by HKDF-SHA256). */
export function sealAnswer(key: string, body: unknown): unknown {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', cipherKey(key), iv);
  const text = Buffer.concat([cipher.update(JSON.stringify(body), 'utf8'), cipher.final()]);
  return { sealed: Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64') };
}

export function openAnswer(key: string, stored: unknown): unknown {
  const bytes = Buffer.from(Sealed.parse(stored).sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', cipherKey(key), bytes.subarray(0, ivBytes));
  decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  const text = Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]);
  return JSON.parse(text.toString('utf8'));
}

const cipherKey = (key: string): Buffer => Buffer.from(hkdfSync('sha256', key, '', 'vexa idempotent answer', 32));
