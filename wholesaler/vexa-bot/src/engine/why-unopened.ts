/**
 * Why a page did not open, in one sentence for people and without what its link holds beside the host: a passcode may be in
 * it, and the browser's own message quotes links and goes on with a log of its calls.
 */
export function whyUnopened(error: unknown): Error {
  const line = firstLine(error);
  const why = line.replace(/^page\.goto: /, '').replaceAll(/https?:\/\/([^\s"/?#]+)[^\s"]*/g, '$1');
  return new Error(why === line ? line : `The meeting page did not open: ${why}`, { cause: error });
}

/** The browser's messages go on with a log of its calls. */
export const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
