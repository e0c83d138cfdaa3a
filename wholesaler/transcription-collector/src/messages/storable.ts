/** Text as Postgres can store it: without NUL and without half a surrogate pair. No word is lost over such a character. */
export const storable = (text: string): string => text.replaceAll('\0', '').toWellFormed();
